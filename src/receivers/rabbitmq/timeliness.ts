/** Interval of the watch over our own process, in milliseconds. */
const TICK_MS = 3;
/** Gaps between two ticks that count as a stall: timers are late by a little all the time. What is shorter is not noticed. */
const MIN_STALL_MS = TICK_MS + 2;
/** Stalls and measurements that are remembered; what arrived before them counts as late. */
const MAX_REMEMBERED = 4000;

/** Times are milliseconds of one monotonic clock. */
interface Stall {
  /** The ticks at its begin and end, and the one before. */
  readonly before: number;
  readonly from: number;
  readonly to: number;
}

interface Measurement {
  readonly at: number;
  readonly lagMs: number;
}

/**
 * Knows how late events were when they arrived: they wait in the broker's queue and on the connection (measured now and then), and in our own
 * process while it does something else (watched all the time). An arrival after such a wait says little about when something happened.
 */
export class Timeliness {
  readonly #now: () => number;
  #stalls: Stall[] = [];
  #measurements: Measurement[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastTick = 0;
  #tickBefore = 0;
  /** Nothing is remembered of what was before. */
  #forgottenUntil = Number.NEGATIVE_INFINITY;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Watches our own process until `stop`. Idempotent. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#lastTick = this.#now();
    this.#tickBefore = this.#lastTick;
    this.#timer = setInterval(() => this.tick(), TICK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** One look at the clock; a long time since the last one is a stall. */
  tick(): void {
    const now = this.#now();
    const before = this.#tickBefore;
    const from = this.#lastTick;
    this.#tickBefore = from;
    this.#lastTick = now;
    if (now - from < MIN_STALL_MS) return;
    this.#stalls.push({ before, from, to: now });
    if (this.#stalls.length > MAX_REMEMBERED) {
      this.#stalls = this.#stalls.slice(MAX_REMEMBERED / 2);
      this.#forget(this.#stalls[0]?.from);
    }
  }

  /** Notes a measured wait at the broker and on the connection; what our own stalls added to it is taken off. */
  measured(from: number, to: number, lagMs: number): void {
    this.tick();
    let own = 0;
    for (let index = this.#stalls.length - 1; index >= 0; index -= 1) {
      const stall = this.#stalls[index];
      if (stall === undefined || stall.to < from) break;
      own += Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from));
    }
    this.#measurements.push({ at: to, lagMs: Math.max(0, lagMs - own) });
    if (this.#measurements.length > MAX_REMEMBERED) {
      this.#measurements = this.#measurements.slice(MAX_REMEMBERED / 2);
      this.#forget(this.#measurements[0]?.at);
    }
  }

  /** Milliseconds that an event may have been under way when it arrived, as far as is known by now; infinite where nothing is known. */
  latenessOf(arrivedAt: number): number {
    if (arrivedAt < this.#forgottenUntil) return Number.POSITIVE_INFINITY;
    return Math.max(this.#ownLateness(arrivedAt), this.#lagAround(arrivedAt));
  }

  #forget(before = 0): void {
    this.#forgottenUntil = Math.max(this.#forgottenUntil, before);
  }

  /**
   * The event loop reads its sockets once between two runs of timers. So what it reads after a tick came after the tick before that one, else it
   * would have been read earlier.
   */
  #ownLateness(at: number): number {
    const stall = this.#stalls.findLast(({ from }) => from < at);
    if (stall === undefined || at > stall.to + MIN_STALL_MS) return MIN_STALL_MS;
    return Math.max(MIN_STALL_MS, at - (at <= stall.to ? stall.before : stall.from));
  }

  /** The larger of the measurements before and after a time. */
  #lagAround(at: number): number {
    let after = 0;
    for (let index = this.#measurements.length - 1; index >= 0; index -= 1) {
      const measurement = this.#measurements[index];
      if (measurement === undefined) break;
      if (measurement.at < at) return Math.max(after, measurement.lagMs);
      after = measurement.lagMs;
    }
    return after;
  }
}
