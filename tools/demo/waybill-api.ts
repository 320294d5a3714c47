import { type OrderListItem, orderList, type Statuses, statuses } from '../../src/api/contract/index.ts';

/** How long one request may take, in milliseconds. */
const requestTimeoutMs = 10_000;

/** What the demo asks Waybill. */
export class WaybillApi {
  readonly #base: string;

  /** @param base for example `http://127.0.0.1:8080` */
  constructor(base: string) {
    this.#base = base;
  }

  /** True when `GET /api/health/ready` answers 200. */
  async isReady(): Promise<boolean> {
    try {
      const response = await this.#get('/api/health/ready');
      await response.body?.cancel();
      return response.status === 200;
    } catch {
      return false;
    }
  }

  /** The figures of all statuses. */
  async statuses(): Promise<Statuses> {
    return statuses.parse(await this.#json('/api/statuses'));
  }

  /** All orders whose id contains the text; at most 10 000, the most that the demo places. */
  async orders(text: string): Promise<OrderListItem[]> {
    const found: OrderListItem[] = [];
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ text, limit: '200', ...(cursor === null ? {} : { cursor }) });
      const page = orderList.parse(await this.#json(`/api/orders?${query.toString()}`));
      found.push(...page.orders);
      cursor = page.nextCursor;
    } while (cursor !== null && found.length < 10_000);
    return found;
  }

  async #json(path: string): Promise<unknown> {
    const response = await this.#get(path);
    if (!response.ok) throw new Error(`GET ${path.split('?')[0]} answered ${response.status}`);
    return response.json();
  }

  #get(path: string): Promise<Response> {
    return fetch(this.#base + path, { signal: AbortSignal.timeout(requestTimeoutMs) });
  }
}
