import { z } from 'zod';
import { NO_TRACE } from '../model/no-id.ts';
import type { StoreClient } from '../store/client.ts';
import type { OrderReader } from './read-orders.ts';
import type { Recheck } from './recheck.ts';

/** Touches read in one go; a segment is never split over two goes. */
const TOUCHES_PER_ROUND = 40_000;

const touchRow = z.object({
  segment: z.coerce.number(),
  order_id: z.string(),
  alias: z.string(),
  trace: z.string(),
  observed_ms: z.coerce.number(),
});
type Touch = z.infer<typeof touchRow>;

/** What the journal's segments said something about, since the last round. */
export interface TouchedOrders {
  /** The first and the last of the segments. */
  readonly first: number;
  readonly last: number;
  /** Whether there was more than is read in one go. */
  readonly isCut: boolean;
  /** When the latest of these touches was observed, milliseconds since the epoch; what is still to be read came later. */
  readonly observedUpToMs: number;
  /**
   * Orders of which nothing is new but facts and attributes that name them by their id; with the first time that a trace named them in
   * these segments, milliseconds since the epoch, infinite where none did.
   */
  readonly plain: ReadonlyMap<string, number>;
  /** Orders whose other facts may have changed too: by an alias, by errors, by spans that name no order. */
  readonly whole: ReadonlySet<string>;
}

/** Tells which orders come out differently because of what was loaded. */
export class TouchReader {
  readonly #store: StoreClient;
  readonly #reader: OrderReader;
  readonly #recheck: Recheck;
  readonly #now: () => number;

  constructor(options: { store: StoreClient; reader: OrderReader; recheck: Recheck; now: () => number }) {
    this.#store = options.store;
    this.#reader = options.reader;
    this.#recheck = options.recheck;
    this.#now = options.now;
  }

  /** Reads what came behind a segment; undefined when nothing did. */
  async after(segment: number): Promise<TouchedOrders | undefined> {
    const touches = await this.#store.query(
      `SELECT segment, order_id, alias, lower(hex(trace_id)) AS trace, toUnixTimestamp64Milli(observed_at) AS observed_ms FROM touches
       WHERE segment > {segment:UInt64} ORDER BY segment LIMIT ${TOUCHES_PER_ROUND} WITH TIES`,
      { segment: String(segment) },
      touchRow,
    );
    const [first, last] = [touches[0], touches.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const observedUpToMs = touches.reduce((latest, { observed_ms: at }) => Math.max(latest, at), 0);
    const isCut = touches.length >= TOUCHES_PER_ROUND;
    return { first: first.segment, last: last.segment, isCut, observedUpToMs, ...(await this.#orders(touches)) };
  }

  async #orders(touches: readonly Touch[]): Promise<Pick<TouchedOrders, 'plain' | 'whole'>> {
    const named = new Map<string, Touch[]>();
    const aliases = new Set<string>();
    const bindings = new Set<string>();
    const traces = new Set<string>();
    const orphanTraces = new Set<string>();
    const whole = new Set<string>();
    for (const touch of touches) {
      const { order_id: orderId, alias, trace } = touch;
      if (orderId === '' && alias !== '') aliases.add(alias);
      if (orderId !== '' && alias !== '') {
        bindings.add(alias);
        whole.add(orderId);
      }
      if (orderId !== '' && alias === '') push(named, orderId, touch);
      if (trace !== NO_TRACE) (orderId === '' && alias === '' ? orphanTraces : traces).add(trace);
    }
    for (const orderId of (await this.#reader.ordersOfAliases([...aliases])).values()) whole.add(orderId);
    // A new binding can take an alias, and its facts, away from the order that had it.
    for (const orderId of await this.#reader.allOrdersOfAliases([...bindings])) whole.add(orderId);
    // A newly named order in a trace can take facts away from the order that the trace had alone.
    for (const trace of await this.#reader.tracesWithOrphans([...traces])) orphanTraces.add(trace);
    for (const trace of orphanTraces) this.#recheck.add(trace, this.#now());
    for (const orders of (await this.#reader.ordersOfTraces([...orphanTraces])).values()) {
      for (const orderId of orders) whole.add(orderId);
    }
    const failing = new Set(await this.#reader.tracesWithErrors([...traces]));
    const plain = new Map<string, number>();
    for (const [orderId, own] of named) {
      if (own.some(({ trace }) => failing.has(trace))) whole.add(orderId);
      else if (!whole.has(orderId)) plain.set(orderId, firstNamed(own));
    }
    return { plain, whole };
  }
}

function push(named: Map<string, Touch[]>, orderId: string, touch: Touch): void {
  const known = named.get(orderId);
  if (known === undefined) named.set(orderId, [touch]);
  else known.push(touch);
}

function firstNamed(touches: readonly Touch[]): number {
  return touches.reduce(
    (first, { trace, observed_ms: at }) => (trace === NO_TRACE ? first : Math.min(first, at)),
    Number.POSITIVE_INFINITY,
  );
}
