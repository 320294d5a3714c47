/** Queues that are remembered; the table starts anew beyond it. */
const MAX_QUEUES = 20_000;
/** Queues that are asked for at the same time; others count as existing. */
const MAX_LOOKUPS = 20;
/** How long a queue that does not exist is not asked for again, in milliseconds. */
const MISSING_FOR_MS = 2000;

/**
 * Knows which queues exist. The default exchange routes by the name of a queue alone, so the firehose shows a queue also where there is none
 * (3.10.8): such a message is lost, and only the broker's list of queues tells.
 */
export class QueueNames {
  readonly #exists: ((queue: string) => Promise<boolean>) | undefined;
  readonly #now: () => number;
  readonly #known = new Set<string>();
  readonly #missing = new Map<string, number>();

  /**
   * @param exists asks the broker for a queue; undefined where it cannot be asked: then all queues exist
   * @param now milliseconds, monotonic
   */
  constructor(exists: ((queue: string) => Promise<boolean>) | undefined, now: () => number) {
    this.#exists = exists;
    this.#now = now;
  }

  /** A queue that certainly exists: a message came out of it. */
  see(queue: string): void {
    if (this.#known.size >= MAX_QUEUES) this.#known.clear();
    this.#known.add(queue);
    this.#missing.delete(queue);
  }

  /** Asks for the queues that are not known yet. Never rejects. */
  async learn(queues: Iterable<string>): Promise<void> {
    const exists = this.#exists;
    if (exists === undefined) return;
    const now = this.#now();
    const unknown = [...new Set(queues)].filter(
      (queue) => !this.#known.has(queue) && (this.#missing.get(queue) ?? 0) <= now,
    );
    await Promise.all(
      unknown.slice(0, MAX_LOOKUPS).map(async (queue) => {
        if (await exists(queue).catch(() => true)) this.see(queue);
        else {
          if (this.#missing.size >= MAX_QUEUES) this.#missing.clear();
          this.#missing.set(queue, now + MISSING_FOR_MS);
        }
      }),
    );
  }

  /** Whether a queue is known not to exist. */
  isMissing(queue: string): boolean {
    return this.#missing.has(queue);
  }
}
