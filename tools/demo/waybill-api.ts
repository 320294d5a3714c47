import {
  type DeadLetter,
  deadLetters,
  type OrderListItem,
  type OrderMessages,
  orderList,
  orderMessages,
  type Queues,
  queues,
  type Statuses,
  statuses,
} from '../../src/api/contract/index.ts';

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

  /** Queues, messages that no queue took, and dead letters; at most the latest 5000. */
  async broker(): Promise<Pick<Queues, 'queues' | 'unroutable'> & { readonly deadLetters: readonly DeadLetter[] }> {
    const { queues: found, unroutable } = queues.parse(await this.#json('/api/queues'));
    const letters: DeadLetter[] = [];
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ limit: '500', ...(cursor === null ? {} : { cursor }) });
      const page = deadLetters.parse(await this.#json(`/api/dead-letters?${query.toString()}`));
      letters.push(...page.deadLetters);
      cursor = page.nextCursor;
    } while (cursor !== null && letters.length < 5000);
    return { queues: found, unroutable, deadLetters: letters };
  }

  /** The messages of an order. @throws when Waybill does not know it. */
  async messages(orderId: string): Promise<OrderMessages['messages']> {
    return orderMessages.parse(await this.#json(`/api/orders/${encodeURIComponent(orderId)}/messages`)).messages;
  }

  /** True when copies of the dead letters in all these queues are taken. */
  async watchesDeadLetters(wanted: readonly string[]): Promise<boolean> {
    const found = deadLetters.parse(await this.#json('/api/dead-letters?limit=1'));
    const watched = new Set(found.queues.filter(({ watch }) => watch === 'shadow').map(({ queue }) => queue));
    return wanted.every((queue) => watched.has(queue));
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
