import type { z } from 'zod';
import {
  type Order,
  type OrderBreakdown,
  type OrderListItem,
  order,
  orderBreakdown,
  orderList,
  type Statuses,
  type System,
  statuses,
  system,
  type Trace,
  trace,
} from '../../src/api/contract/index.ts';

/** One request may take this long, in milliseconds. */
const WITHIN_MS = 60_000;

/** Asks a Waybill over its public API; every answer is checked against the contract. */
export class ApiClient {
  readonly #base: string;

  /** @param base for example `http://127.0.0.1:8080` */
  constructor(base: string) {
    this.#base = base;
  }

  /** The order; undefined when it is not known. */
  order(orderId: string): Promise<Order | undefined> {
    return this.#find(`/api/orders/${encodeURIComponent(orderId)}`, order);
  }

  /** What the visits of the order consist of; undefined when it is not known. */
  breakdown(orderId: string): Promise<OrderBreakdown | undefined> {
    return this.#find(`/api/orders/${encodeURIComponent(orderId)}/breakdown`, orderBreakdown);
  }

  /** The trace; undefined when no span of it is known. */
  trace(traceId: string): Promise<Trace | undefined> {
    return this.#find(`/api/traces/${traceId}`, trace);
  }

  /** The raw text of a trace's answer, to look for what must not be there. */
  async traceText(traceId: string): Promise<string> {
    return (await this.fetch(`/api/traces/${traceId}`)).text();
  }

  /** All orders whose id or alias contains the text, from all pages. */
  async orders(text: string): Promise<OrderListItem[]> {
    const found: OrderListItem[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const query = new URLSearchParams({ text, limit: '7', ...(cursor === undefined ? {} : { cursor }) });
      const page = await this.#get(`/api/orders?${query.toString()}`, orderList);
      found.push(...page.orders);
      cursor = page.nextCursor;
    }
    return found;
  }

  statuses(): Promise<Statuses> {
    return this.#get('/api/statuses', statuses);
  }

  system(): Promise<System> {
    return this.#get('/api/system', system);
  }

  /** The status of `GET /api/health/ready`. */
  async readiness(): Promise<number> {
    return (await this.fetch('/api/health/ready')).status;
  }

  /** `POST /api/transitions`. */
  report(body: unknown): Promise<Response> {
    return this.fetch('/api/transitions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.#base + path, { signal: AbortSignal.timeout(WITHIN_MS), ...init });
  }

  async #find<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema> | undefined> {
    const response = await this.fetch(path);
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    return this.#parse(path, response, schema);
  }

  async #get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
    return this.#parse(path, await this.fetch(path), schema);
  }

  async #parse<Schema extends z.ZodType>(path: string, response: Response, schema: Schema): Promise<z.output<Schema>> {
    const text = await response.text();
    if (response.status !== 200) throw new Error(`GET ${path} answered ${response.status}: ${text.slice(0, 500)}`);
    return schema.parse(JSON.parse(text));
  }
}
