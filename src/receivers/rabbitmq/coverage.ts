/** What the broker counted in one queue since it was declared. */
export interface QueueCounters {
  readonly queue: string;
  readonly published: number;
  readonly delivered: number;
}

/** How much of what the broker did was seen. */
export interface QueueCoverage {
  readonly queue: string;
  /** Publications and deliveries that the tracer saw. */
  readonly seen: number;
  /** Those that the broker counted meanwhile. */
  readonly counted: number;
  /** 0 to 1; null where the broker counted nothing. */
  readonly share: number | null;
}

interface Known {
  seen: number;
  /** What was counted before the tracer looked, and what was seen at that moment. */
  base: number;
  /** The broker has not counted it yet. */
  isNew: boolean;
  seenBase: number;
  counted: number;
}

/** Queues that are followed; further ones are left out of the figures by queue. */
const MAX_QUEUES = 5000;

/**
 * Holds what the tracer saw against what the broker counted. Pauses and losses of the connection count as not seen: the figure is about
 * what happened, not about what the tracer was ready for.
 */
export class Coverage {
  readonly #queues = new Map<string, Known>();

  /** A sighting of a message in a queue. */
  see(queue: string): void {
    const known = this.#queues.get(queue);
    if (known !== undefined) known.seen += 1;
    else if (this.#queues.size < MAX_QUEUES)
      this.#queues.set(queue, { seen: 1, base: 0, isNew: true, seenBase: 0, counted: 0 });
  }

  /** What the broker counted; all queues of the virtual host at once. */
  count(counters: readonly QueueCounters[], isFirst: boolean): void {
    for (const { queue, published, delivered } of counters) {
      const total = published + delivered;
      let known = this.#queues.get(queue);
      if (known === undefined) {
        if (this.#queues.size >= MAX_QUEUES) continue;
        known = { seen: 0, base: 0, isNew: true, seenBase: 0, counted: 0 };
        this.#queues.set(queue, known);
      }
      if (known.isNew) {
        // A queue that was there at the first look may be old; one that came later began at nothing.
        known.isNew = false;
        known.base = isFirst ? total : 0;
        known.seenBase = isFirst ? known.seen : 0;
      }
      // Counters of a broker that restarted begin at nothing: what it counted before stays counted.
      if (total < known.base + known.counted) known.base = -known.counted;
      known.counted = total - known.base;
    }
  }

  /** By queue; only queues that the broker counted. */
  queues(): QueueCoverage[] {
    return [...this.#queues]
      .filter(([, { isNew }]) => !isNew)
      .map(([queue, { seen, seenBase, counted }]) => ({
        queue,
        seen: seen - seenBase,
        counted,
        share: shareOf(seen - seenBase, counted),
      }));
  }

  /** Of the whole virtual host; null where the broker counted nothing. */
  total(): Omit<QueueCoverage, 'queue'> {
    let seen = 0;
    let counted = 0;
    for (const queue of this.queues()) {
      counted += queue.counted;
      // The broker's figures come seconds late: what it has not counted yet is no more than everything.
      seen += Math.min(queue.seen, queue.counted);
    }
    return { seen, counted, share: shareOf(seen, counted) };
  }
}

function shareOf(seen: number, counted: number): number | null {
  return counted === 0 ? null : Math.min(1, Math.max(0, seen / counted));
}
