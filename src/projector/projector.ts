import { z } from 'zod';
import type { Machine } from '../lifecycle/machine.ts';
import type { StoreClient } from '../store/client.ts';
import { OrderFolder } from './order-folder.ts';
import { Pace } from './pace.ts';
import { Progress } from './progress.ts';
import { OrderReader } from './read-orders.ts';
import { Recheck } from './recheck.ts';
import { TouchReader } from './touched-orders.ts';

/** Orders folded together from their rows and what is new: the more, the less each costs, since they share granules. */
const ORDERS_PER_FOLD = 6_000;
/** Orders folded together from everything that is known of them, which is much more of each. */
const ORDERS_PER_WHOLE_FOLD = 4_000;
/** Folds under way at a time: while one waits for the store, the other computes. */
const FOLDS_AT_A_TIME = 2;
/** Fewer orders are not divided: each part has questions and inserts of its own. */
const ORDERS_WORTH_A_PART = 1_000;
const RETRY_MS = 1000;
const MAX_RETRY_MS = 10_000;
/**
 * Shortest time from round to round, in milliseconds. A round is some twelve statements, whether it is about one order or a thousand, and
 * under load more orders wait in the meantime than one alone.
 */
const ROUND_EVERY_MS = 1000;

/** Counters and gauges of the projector. */
export interface ProjectorStats {
  /** When the oldest touch that is not folded was loaded, Unix milliseconds; undefined when there is none. */
  readonly waitingSince: number | undefined;
  readonly refoldedOrders: number;
  /** Rounds that failed and were repeated. */
  readonly failures: number;
  /** Orders that are still judged by another definition of the lifecycle and wait to be folded again. */
  readonly rejudging: number;
  /** The last segment whose touches are folded. */
  readonly segment: number;
}

/**
 * Refolds every order that a journal segment said something about.
 *
 * The result depends only on the set of facts: late, repeated and shuffled input ends in the same rows.
 */
export class Projector {
  readonly #store: StoreClient;
  readonly #reader: OrderReader;
  readonly #recheck = new Recheck();
  readonly #pace = new Pace();
  readonly #progress: Progress;
  readonly #touches: TouchReader;
  readonly #folder: OrderFolder;
  #rejudging = 0;
  /** Orders that the last process was writing when it ended. */
  #doubtful: readonly string[] = [];
  readonly #now: () => number;
  readonly #onError: (error: unknown) => void;
  readonly #onRefolded: (orderIds: readonly string[]) => void;
  /** The last segment whose touches were read. */
  #cursor = 0;
  /** When the last round began; undefined where the next one need not wait for it. */
  #roundAt: number | undefined;
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
    this.#now = options.now ?? Date.now;
    this.#reader = new OrderReader(options.store);
    const shared = { store: options.store, reader: this.#reader, now: this.#now };
    this.#touches = new TouchReader({ ...shared, recheck: this.#recheck });
    this.#progress = new Progress(shared);
    this.#folder = new OrderFolder({ ...shared, machine: options.machine, progress: this.#progress });
    this.#onError = options.onError ?? (() => undefined);
    this.#onRefolded = options.onRefolded ?? (() => undefined);
  }

  /** Takes up where the last process stopped. */
  async start(): Promise<void> {
    this.#doubtful = await this.#folder.start();
    this.#cursor = this.#progress.segment;
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
    // Where the store is away, the next start folds a few orders more.
    await this.#folder.stop().catch(this.#onError);
  }

  stats(): ProjectorStats {
    const waitingSince = Math.min(
      this.#waitingSince ?? Number.POSITIVE_INFINITY,
      this.#pace.waitingSince() ?? Number.POSITIVE_INFINITY,
    );
    return {
      waitingSince: Number.isFinite(waitingSince) ? waitingSince : undefined,
      refoldedOrders: this.#refolded,
      failures: this.#failures,
      rejudging: this.#rejudging,
      segment: this.#progress.segment,
    };
  }

  async #run(): Promise<void> {
    let retryMs = RETRY_MS;
    while (!this.#stopped) {
      if (!this.#pending) this.#waitingSince = undefined;
      const ms = this.#msUntilDue();
      if (ms !== 0) {
        await this.#sleep(ms);
        continue;
      }
      try {
        await this.#foldDoubtful();
        if (this.#msUntilRound() === 0) await this.#round();
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

  /** Milliseconds until there is something to do; undefined when that is not known. */
  #msUntilDue(): number | undefined {
    if (this.#rejudging > 0) return 0;
    const now = this.#now();
    const waits = [this.#msUntilRound(), this.#recheck.msUntilDue(now), this.#pace.msUntilDue(now)];
    const times = waits.filter((ms) => ms !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #msUntilRound(): number | undefined {
    if (!this.#pending) return undefined;
    const elapsed = this.#now() - (this.#roundAt ?? Number.NEGATIVE_INFINITY);
    // A clock that was set back says nothing.
    return elapsed < 0 ? 0 : Math.max(0, ROUND_EVERY_MS - elapsed);
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

  /** Folds what the last process was writing when it ended. */
  async #foldDoubtful(): Promise<void> {
    if (this.#doubtful.length === 0) return;
    await this.#refoldWhole(this.#doubtful);
    this.#doubtful = [];
  }

  /** Folds what the next touches name. */
  async #round(): Promise<void> {
    this.#roundAt = this.#now();
    this.#pending = false;
    const touched = await this.#touches.after(this.#cursor);
    if (touched === undefined) return;
    const orderIds = [...touched.plain.keys(), ...touched.whole];
    const due = this.#pace.take(orderIds, touched.first, this.#now());
    await this.#refoldWhole(due.filter((orderId) => touched.whole.has(orderId)));
    const segments = { after: this.#cursor, upTo: touched.last };
    await this.#inParts(
      due.filter((orderId) => touched.plain.has(orderId)),
      ORDERS_PER_FOLD,
      (some, slot) => {
        const firstNamed = new Map(some.map((id) => [id, touched.plain.get(id) ?? Number.POSITIVE_INFINITY]));
        return this.#folder.foldNews(firstNamed, segments, slot);
      },
    );
    this.#cursor = touched.last;
    // Under load there is always something to fold: what waits is only what came behind this.
    this.#waitingSince = Math.max(this.#waitingSince ?? 0, Math.min(touched.observedUpToMs, this.#now()));
    await this.#savePlace();
    if (!touched.isCut) return;
    // Of the rest nobody will be told.
    this.#pending = true;
    this.#roundAt = undefined;
  }

  /** Folds orders whose touches came too soon after their last fold. */
  async #refoldPaced(): Promise<void> {
    const orderIds = this.#pace.due(this.#now());
    if (orderIds.length === 0) return;
    await this.#refoldWhole(orderIds);
    await this.#savePlace();
  }

  #savePlace(): Promise<void> {
    return this.#progress.foldedUpTo(this.#pace.foldedUpTo(this.#cursor));
  }

  /** Folds orders again whose facts depend on spans that may have come since. */
  async #refoldDue(): Promise<void> {
    const traces = this.#recheck.takeDue(this.#now());
    if (traces.length === 0) return;
    const named = await this.#reader.ordersOfTraces(traces);
    const orderIds = [...new Set([...named.values()].flatMap((orders) => [...orders]))];
    await this.#refoldWhole(orderIds);
  }

  /** Orders that were judged by another definition than the one in force. */
  async #countOutdated(): Promise<number> {
    const [row] = await this.#store.query(
      'SELECT count() AS orders FROM orders FINAL WHERE lifecycle_digest != {digest:String}',
      { digest: this.#folder.digest },
      z.object({ orders: z.coerce.number() }),
    );
    return row?.orders ?? 0;
  }

  /** Folds a few of them; new touches come in between, so the pages stay fresh meanwhile. */
  async #rejudgeSome(): Promise<void> {
    const rows = await this.#store.query(
      `SELECT order_id FROM orders FINAL WHERE lifecycle_digest != {digest:String} LIMIT ${ORDERS_PER_WHOLE_FOLD}`,
      { digest: this.#folder.digest },
      z.object({ order_id: z.string() }),
    );
    await this.#refoldWhole(rows.map((row) => row.order_id));
    this.#rejudging = rows.length < ORDERS_PER_WHOLE_FOLD ? 0 : Math.max(1, this.#rejudging - rows.length);
  }

  #refoldWhole(orderIds: readonly string[]): Promise<void> {
    return this.#inParts(orderIds, ORDERS_PER_WHOLE_FOLD, (some, slot) => this.#folder.foldWhole(some, slot));
  }

  /** Folds orders a few thousand at a time; what waited for one of them to be folded waits no longer. */
  async #inParts(
    orderIds: readonly string[],
    atMost: number,
    fold: (orderIds: readonly string[], slot: number) => Promise<void>,
  ): Promise<void> {
    // In the order of the store's keys, so that one fold reads neighbouring granules.
    const sorted = orderIds.toSorted();
    const parts = FOLDS_AT_A_TIME * Math.ceil(sorted.length / (FOLDS_AT_A_TIME * atMost));
    // Parts of one size, so that no fold is without another beside it; small ones are not worth it.
    const size = Math.max(ORDERS_WORTH_A_PART, Math.ceil(sorted.length / parts));
    let next = 0;
    const foldOn = async (slot: number): Promise<void> => {
      while (next < sorted.length) {
        const some = sorted.slice(next, next + size);
        next += size;
        const startedAt = this.#now();
        await fold(some, slot);
        this.#pace.folded(some, startedAt);
        this.#refolded += some.length;
        this.#onRefolded(some);
      }
    };
    const folding = await Promise.allSettled(Array.from({ length: FOLDS_AT_A_TIME }, (_, slot) => foldOn(slot)));
    const failed = folding.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
