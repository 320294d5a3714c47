import { createHash, hash } from 'node:crypto';
import { z } from 'zod';
import type { Lifecycle } from '../lifecycle/definition.ts';
import { foldOrder } from '../lifecycle/fold.ts';
import type { Machine } from '../lifecycle/machine.ts';
import { msToNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { ORDERS } from '../store/order-set.ts';
import { toDateTime64 } from '../store/time.ts';
import { attributesOf, toOrderRow } from './order-row.ts';
import { Pace } from './pace.ts';
import { OrderReader } from './read-orders.ts';
import { Recheck } from './recheck.ts';
import { type VisitRow, VisitRows } from './visit-rows.ts';
import { VisitTable } from './visit-table.ts';

/** Touches read in one go; a segment is never split over two goes. */
const TOUCHES_PER_ROUND = 40_000;
/** Orders read and folded together. */
const ORDERS_PER_FOLD = 4_000;
/** Folds under way at a time: while one waits for the store, the other computes. */
const FOLDS_AT_A_TIME = 2;
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
  readonly #pace = new Pace();
  readonly #visitRows: VisitRows;
  readonly #visits: VisitTable;
  readonly #digest: string;
  #rejudging = 0;
  readonly #now: () => number;
  readonly #onError: (error: unknown) => void;
  readonly #onRefolded: (orderIds: readonly string[]) => void;
  /** The last segment whose touches were read. */
  #cursor = 0;
  /** The last segment that was saved as folded. */
  #saved = 0;
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
    /** Told of orders that something was heard of, after they were written. */
    onRefolded?: (orderIds: readonly string[]) => void;
  }) {
    this.#store = options.store;
    this.#machine = options.machine;
    this.#digest = lifecycleDigest(options.machine.lifecycle);
    this.#reader = new OrderReader(options.store);
    this.#visits = new VisitTable(options.store);
    this.#visitRows = new VisitRows(options.machine.lifecycle, (status) => options.machine.isFinal(status));
    this.#now = options.now ?? Date.now;
    this.#onError = options.onError ?? (() => undefined);
    this.#onRefolded = options.onRefolded ?? (() => undefined);
  }

  /** Takes up where the last process stopped. */
  async start(): Promise<void> {
    const [row] = await this.#store.query(
      'SELECT max(segment) AS last FROM projector_state WHERE projector = {projector:String}',
      { projector: PROJECTOR },
      z.object({ last: z.coerce.number() }),
    );
    this.#cursor = row?.last ?? 0;
    this.#saved = this.#cursor;
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
    const waitingSince = Math.min(
      this.#waitingSince ?? Number.POSITIVE_INFINITY,
      this.#pace.waitingSince() ?? Number.POSITIVE_INFINITY,
    );
    return {
      lagMs: Number.isFinite(waitingSince) ? Math.max(0, this.#now() - waitingSince) : 0,
      refoldedOrders: this.#refolded,
      failures: this.#failures,
      rejudging: this.#rejudging,
      segment: this.#saved,
    };
  }

  async #run(): Promise<void> {
    let retryMs = RETRY_MS;
    while (!this.#stopped) {
      if (!this.#pending) this.#waitingSince = undefined;
      if (!this.#pending && this.#rejudging === 0) await this.#sleep(this.#msUntilDue());
      if (this.#stopped) return;
      const isTold = this.#pending;
      this.#pending = false;
      try {
        if (isTold && (await this.#round())) this.#pending = true;
        await this.#refoldPaced();
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

  #msUntilDue(): number | undefined {
    const now = this.#now();
    const times = [this.#recheck.msUntilDue(now), this.#pace.msUntilDue(now)].filter((ms) => ms !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
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
    const orderIds = this.#pace.take(await this.#touchedOrders(touches), touches[0]?.segment ?? 0, this.#now());
    await this.#refoldAll(orderIds, last.segment);
    this.#cursor = last.segment;
    await this.#savePlace();
    return true;
  }

  /** Folds orders whose touches came too soon after their last fold. */
  async #refoldPaced(): Promise<void> {
    const orderIds = this.#pace.due(this.#now());
    if (orderIds.length === 0) return;
    await this.#refoldAll(orderIds, this.#cursor);
    await this.#savePlace();
  }

  /** A crash before this only repeats the folds. */
  async #savePlace(): Promise<void> {
    const segment = this.#pace.foldedUpTo(this.#cursor);
    if (segment <= this.#saved) return;
    await this.#store.insertRows('projector_state', [
      { projector: PROJECTOR, segment: String(segment), saved_at: toDateTime64(msToNano(this.#now())) },
    ]);
    this.#saved = segment;
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
    // In the order of the store's keys, so that one fold reads neighbouring granules.
    const sorted = orderIds.toSorted();
    let next = 0;
    const foldOn = async (): Promise<void> => {
      while (next < sorted.length) {
        const some = sorted.slice(next, next + ORDERS_PER_FOLD);
        next += ORDERS_PER_FOLD;
        await this.#refold(some, revision);
      }
    };
    const folding = await Promise.allSettled(Array.from({ length: FOLDS_AT_A_TIME }, foldOn));
    const failed = folding.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /**
   * Reads, folds and writes some orders. An order that comes out as it was writes nothing. Visits are written before the order that
   * they belong to: an order whose hash stands in the store has its visits there too.
   */
  async #refold(orderIds: readonly string[], revision: number): Promise<void> {
    const startedAt = this.#now();
    const [material, contents] = await Promise.all([this.#reader.read(orderIds), this.#contentsOf(orderIds)]);
    const visits = new Map<string, readonly VisitRow[]>();
    const rows: string[] = [];
    let columns: readonly string[] = [];
    for (const [orderId, known] of material) {
      const folded = foldOrder(this.#machine, known.facts);
      const row = toOrderRow({
        orderId,
        machine: this.#machine,
        digest: this.#digest,
        known,
        folded,
        now: this.#now(),
      });
      const text = JSON.stringify(Object.values(row));
      const content = contentOf(text);
      if (contents.get(orderId) === content) continue;
      visits.set(orderId, this.#visitRows.of(folded, attributesOf(known)));
      rows.push(`["${revision}","${content}",${text.slice(1)}`);
      columns = ['revision', 'content', ...Object.keys(row)];
    }
    await this.#visits.replace(visits);
    await this.#store.insertCompact('orders', columns, rows);
    this.#pace.folded(orderIds, startedAt);
    this.#refolded += material.size;
    this.#onRefolded(orderIds);
  }

  /** Hashes of the orders as they stand in the store, as decimal text. */
  async #contentsOf(orderIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.#store.query(
      `SELECT order_id, toString(argMax(content, revision)) AS hash FROM orders
       WHERE order_id IN ${ORDERS} GROUP BY order_id`,
      { orders: JSON.stringify(orderIds) },
      z.object({ order_id: z.string(), hash: z.string() }),
    );
    return new Map(rows.map((row) => [row.order_id, row.hash]));
  }
}

/** 64 bits of a hash, as decimal text. */
function contentOf(text: string): string {
  return String(BigInt(`0x${hash('sha1', text).slice(0, 16)}`));
}

/** A hash of everything in a definition; labels and targets count too, since nothing tells which of them a reader relies on. */
function lifecycleDigest(lifecycle: Lifecycle): string {
  const text = JSON.stringify(lifecycle, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
