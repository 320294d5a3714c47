import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Lifecycle } from '../lifecycle/definition.ts';
import { foldOrder } from '../lifecycle/fold.ts';
import type { Machine } from '../lifecycle/machine.ts';
import { msToNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { toDateTime64 } from '../store/time.ts';
import { toOrderRow } from './order-row.ts';
import { OrderReader } from './read-orders.ts';
import { Recheck } from './recheck.ts';

/** Touches read in one go; a segment is never split over two goes. */
const TOUCHES_PER_ROUND = 20_000;
/** Orders read and folded together. */
const ORDERS_PER_FOLD = 2_000;
const RETRY_MS = 1000;
const MAX_RETRY_MS = 10_000;
const PROJECTOR = 'orders';
const NO_TRACE = '0'.repeat(32);

/** Counters and gauges of the projector. */
export interface ProjectorStats {
  /** Milliseconds since the oldest touch that is not folded was loaded; 0 when there is none. */
  readonly lagMs: number;
  readonly refoldedOrders: number;
  /** Rounds that failed and were repeated. */
  readonly failures: number;
  /** Orders that are still judged by another definition of the lifecycle and wait to be folded again. */
  readonly rejudging: number;
  /** The last segment whose touches are folded. */
  readonly segment: number;
}

const touchRow = z.object({ segment: z.coerce.number(), order_id: z.string(), alias: z.string(), trace: z.string() });
type Touch = z.infer<typeof touchRow>;

/**
 * Refolds every order that a journal segment said something about, whole, from all facts in the store.
 *
 * The result depends only on the set of facts: late, repeated and shuffled input ends in the same rows. The place (the last folded
 * segment) is kept in the store after the rows, so a crash in between only repeats a round.
 */
export class Projector {
  readonly #store: StoreClient;
  readonly #machine: Machine;
  readonly #reader: OrderReader;
  readonly #recheck = new Recheck();
  readonly #digest: string;
  #rejudging = 0;
  readonly #now: () => number;
  readonly #onError: (error: unknown) => void;
  #cursor = 0;
  /** Whether the store may hold touches behind the cursor. */
  #pending = true;
  #waitingSince: number | undefined;
  #refolded = 0;
  #failures = 0;
  #running: Promise<void> | undefined;
  #stopped = true;
  #wake: (() => void) | undefined;

  constructor(options: {
    store: StoreClient;
    machine: Machine;
    now?: () => number;
    onError?: (error: unknown) => void;
  }) {
    this.#store = options.store;
    this.#machine = options.machine;
    this.#digest = lifecycleDigest(options.machine.lifecycle);
    this.#reader = new OrderReader(options.store);
    this.#now = options.now ?? Date.now;
    this.#onError = options.onError ?? (() => undefined);
  }

  /** Takes up where the last process stopped. */
  async start(): Promise<void> {
    const [row] = await this.#store.query(
      'SELECT max(segment) AS last FROM projector_state WHERE projector = {projector:String}',
      { projector: PROJECTOR },
      z.object({ last: z.coerce.number() }),
    );
    this.#cursor = row?.last ?? 0;
    this.#stopped = false;
    this.#rejudging = await this.#countOutdated();
    // What was loaded but not folded before a crash is found by asking, not by being told.
    this.#pending = true;
    this.#waitingSince = this.#now();
    this.#running = this.#run();
  }

  /** Tells that a segment came into the store. */
  notify(): void {
    this.#pending = true;
    this.#waitingSince ??= this.#now();
    this.#wake?.();
  }

  /** Finishes the round under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#running;
  }

  stats(): ProjectorStats {
    return {
      lagMs: this.#waitingSince === undefined ? 0 : Math.max(0, this.#now() - this.#waitingSince),
      refoldedOrders: this.#refolded,
      failures: this.#failures,
      rejudging: this.#rejudging,
      segment: this.#cursor,
    };
  }

  async #run(): Promise<void> {
    let retryMs = RETRY_MS;
    while (!this.#stopped) {
      if (!this.#pending) this.#waitingSince = undefined;
      if (!this.#pending && this.#rejudging === 0) await this.#sleep(this.#recheck.msUntilDue(this.#now()));
      if (this.#stopped) return;
      const isTold = this.#pending;
      this.#pending = false;
      try {
        if (isTold && (await this.#round())) this.#pending = true;
        await this.#refoldDue();
        if (this.#rejudging > 0) await this.#rejudgeSome();
        retryMs = RETRY_MS;
      } catch (error) {
        this.#pending = true;
        this.#failures += 1;
        this.#onError(error);
        await this.#sleep(retryMs);
        retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
      }
    }
  }

  /** Waits for a notification or a stop, at most `ms`. */
  #sleep(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Folds what the next touches name; false when there were none. */
  async #round(): Promise<boolean> {
    const touches = await this.#store.query(
      `SELECT segment, order_id, alias, lower(hex(trace_id)) AS trace FROM touches
       WHERE segment > {cursor:UInt64} ORDER BY segment LIMIT ${TOUCHES_PER_ROUND} WITH TIES`,
      { cursor: String(this.#cursor) },
      touchRow,
    );
    const last = touches.at(-1);
    if (last === undefined) return false;
    const orderIds = await this.#touchedOrders(touches);
    const revision = last.segment;
    await this.#refoldAll(orderIds, revision);
    await this.#store.insertRows('projector_state', [
      { projector: PROJECTOR, segment: String(revision), saved_at: toDateTime64(msToNano(this.#now())) },
    ]);
    this.#cursor = revision;
    return true;
  }

  /** Folds orders again whose facts depend on spans that may have come since. */
  async #refoldDue(): Promise<void> {
    const traces = this.#recheck.takeDue(this.#now());
    if (traces.length === 0) return;
    const named = await this.#reader.ordersOfTraces(traces);
    const orderIds = [...new Set([...named.values()].flatMap((orders) => [...orders]))];
    await this.#refoldAll(orderIds, this.#cursor);
  }

  /** Orders that were judged by another definition than the one in force. */
  async #countOutdated(): Promise<number> {
    const [row] = await this.#store.query(
      'SELECT count() AS orders FROM orders FINAL WHERE lifecycle_digest != {digest:String}',
      { digest: this.#digest },
      z.object({ orders: z.coerce.number() }),
    );
    return row?.orders ?? 0;
  }

  /** Folds a few of them; new touches come in between, so the pages stay fresh meanwhile. */
  async #rejudgeSome(): Promise<void> {
    const rows = await this.#store.query(
      `SELECT order_id FROM orders FINAL WHERE lifecycle_digest != {digest:String} LIMIT ${ORDERS_PER_FOLD}`,
      { digest: this.#digest },
      z.object({ order_id: z.string() }),
    );
    if (rows.length > 0) {
      await this.#refold(
        rows.map((row) => row.order_id),
        this.#cursor,
      );
    }
    this.#rejudging = rows.length < ORDERS_PER_FOLD ? 0 : Math.max(1, this.#rejudging - rows.length);
  }

  /** The orders whose fold can change by the touches. */
  async #touchedOrders(touches: readonly Touch[]): Promise<string[]> {
    const orders = new Set<string>();
    const aliases = new Set<string>();
    const bindings = new Set<string>();
    const traces = new Set<string>();
    const orphanTraces = new Set<string>();
    for (const { order_id: orderId, alias, trace } of touches) {
      if (orderId !== '') orders.add(orderId);
      if (orderId === '' && alias !== '') aliases.add(alias);
      if (orderId !== '' && alias !== '') bindings.add(alias);
      if (trace !== NO_TRACE) (orderId === '' && alias === '' ? orphanTraces : traces).add(trace);
    }
    for (const orderId of (await this.#reader.ordersOfAliases([...aliases])).values()) orders.add(orderId);
    // A new binding can take an alias, and its facts, away from the order that had it.
    for (const orderId of await this.#reader.allOrdersOfAliases([...bindings])) orders.add(orderId);
    // A newly named order in a trace can take facts away from the order that the trace had alone.
    for (const trace of await this.#reader.tracesWithOrphans([...traces])) orphanTraces.add(trace);
    for (const trace of orphanTraces) this.#recheck.add(trace, this.#now());
    for (const named of (await this.#reader.ordersOfTraces([...orphanTraces])).values()) {
      for (const orderId of named) orders.add(orderId);
    }
    return [...orders];
  }

  async #refoldAll(orderIds: readonly string[], revision: number): Promise<void> {
    for (let at = 0; at < orderIds.length; at += ORDERS_PER_FOLD) {
      await this.#refold(orderIds.slice(at, at + ORDERS_PER_FOLD), revision);
    }
  }

  async #refold(orderIds: readonly string[], revision: number): Promise<void> {
    const material = await this.#reader.read(orderIds);
    const rows = [...material].map(([orderId, known]) =>
      toOrderRow({
        orderId,
        revision,
        machine: this.#machine,
        digest: this.#digest,
        known,
        folded: foldOrder(this.#machine, known.facts),
        now: this.#now(),
      }),
    );
    if (rows.length > 0) await this.#store.insertRows('orders', rows);
    this.#refolded += rows.length;
  }
}

/** A hash of everything in a definition; labels and targets count too, since nothing tells which of them a reader relies on. */
function lifecycleDigest(lifecycle: Lifecycle): string {
  const text = JSON.stringify(lifecycle, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
