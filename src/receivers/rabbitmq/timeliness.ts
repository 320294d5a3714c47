/** Interval of the watch over our own process, in milliseconds. */
const TICK_MS = 5;
/** Gaps between two ticks that count as a stall: timers are late by a little all the time. */
const MIN_STALL_MS = TICK_MS + 5;
/** Stalls and measurements that are remembered; older ones concern no event any more. */
const MAX_REMEMBERED = 2000;

/** Times are milliseconds of one monotonic clock. */
interface Stall {
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
  readonly #limitMs: number;
  readonly #now: () => number;
  #stalls: Stall[] = [];
  #measurements: Measurement[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastTick = 0;

  /** @param limitMs a longer wait makes an arrival untimely */
  constructor(limitMs: number, now: () => number) {
    this.#limitMs = limitMs;
    this.#now = now;
  }

  /** Watches our own process until `stop`. Idempotent. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#lastTick = this.#now();
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
    if (now - this.#lastTick >= MIN_STALL_MS) {
      this.#stalls.push({ from: this.#lastTick, to: now });
      if (this.#stalls.length > MAX_REMEMBERED) this.#stalls = this.#stalls.slice(MAX_REMEMBERED / 2);
    }
    this.#lastTick = now;
  }

  /** Notes a measured wait at the broker and on the connection; what our own stalls added to it is taken off. */
  measured(from: number, to: number, lagMs: number): void {
    this.tick();
    let own = 0;
    for (const stall of this.#stalls.slice(-20)) {
      own += Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from));
    }
    this.#measurements.push({ at: to, lagMs: Math.max(0, lagMs - own) });
    if (this.#measurements.length > MAX_REMEMBERED) {
      this.#measurements = this.#measurements.slice(MAX_REMEMBERED / 2);
    }
  }

  /** Whether an event that arrived then arrived in time, as far as is known by now. */
  isTimely(arrivedAt: number): boolean {
    for (let index = this.#stalls.length - 1; index >= 0; index -= 1) {
      const stall = this.#stalls[index];
      if (stall === undefined) break;
      const length = stall.to - stall.from;
      // What came meanwhile is read afterwards, one after another.
      if (length > this.#limitMs && arrivedAt >= stall.from && arrivedAt <= stall.to + length) return false;
      if (stall.to + 60_000 < arrivedAt) break;
    }
    return this.#lagAround(arrivedAt) <= this.#limitMs;
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
