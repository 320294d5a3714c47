/** Shortest time between two folds of one order while its touches keep coming, in milliseconds. */
const PAUSE_MS = 1_500;

interface Waiting {
  readonly dueAt: number;
  /** The first segment that touched the order since its last fold. */
  readonly segment: number;
  readonly since: number;
}

/**
 * Spreads the folds of an order that is touched again and again: the first touch folds it at once, further ones once per PAUSE_MS.
 *
 * What waits is in memory only, so the place that may be saved (`foldedUpTo`) stays behind the first segment of everything that waits:
 * after a crash its touches are read again.
 */
export class Pace {
  readonly #foldedAt = new Map<string, number>();
  readonly #waiting = new Map<string, Waiting>();

  /** Parts touched orders into those to fold now and those that wait; these are remembered. */
  take(orderIds: readonly string[], segment: number, now: number): string[] {
    this.#forget(now);
    return orderIds.filter((orderId) => {
      if (this.#waiting.has(orderId)) return false;
      const foldedAt = this.#foldedAt.get(orderId);
      if (foldedAt === undefined) return true;
      this.#waiting.set(orderId, { dueAt: foldedAt + PAUSE_MS, segment, since: now });
      return false;
    });
  }

  /** Orders whose pause is over; they wait until `folded` is told. */
  due(now: number): string[] {
    return [...this.#waiting].filter(([, { dueAt }]) => dueAt <= now).map(([orderId]) => orderId);
  }

  /** Tells that orders were folded at a time, with everything that touched them before. */
  folded(orderIds: readonly string[], now: number): void {
    for (const orderId of orderIds) {
      this.#waiting.delete(orderId);
      // Again at the end, which keeps the map in the order of time.
      this.#foldedAt.delete(orderId);
      this.#foldedAt.set(orderId, now);
    }
  }

  /** The last segment all of whose orders are folded, given the last one that was read. */
  foldedUpTo(segment: number): number {
    let last = segment;
    for (const waiting of this.#waiting.values()) last = Math.min(last, waiting.segment - 1);
    return last;
  }

  /** When the longest waiting order was touched; undefined when none waits. */
  waitingSince(): number | undefined {
    return this.#least(({ since }) => since);
  }

  /** Milliseconds until the next order is due; undefined when none waits. */
  msUntilDue(now: number): number | undefined {
    const dueAt = this.#least((waiting) => waiting.dueAt);
    return dueAt === undefined ? undefined : Math.max(0, dueAt - now);
  }

  #least(of: (waiting: Waiting) => number): number | undefined {
    let least = Number.POSITIVE_INFINITY;
    for (const waiting of this.#waiting.values()) least = Math.min(least, of(waiting));
    return Number.isFinite(least) ? least : undefined;
  }

  #forget(now: number): void {
    for (const [orderId, foldedAt] of this.#foldedAt) {
      if (foldedAt + PAUSE_MS > now) return;
      this.#foldedAt.delete(orderId);
    }
  }
}
