/** Equal messages that are remembered; beyond it the oldest are forgotten and counted. */
const MAX_KEYS = 50_000;
/** Copies of equal messages that one queue may hold; further ones are not numbered. */
const MAX_WAITING = 10_000;

interface Equal {
  published: number;
  /** Numbers of copies that wait, by queue; the first is delivered first. */
  readonly waiting: Map<string, number[]>;
  /** Number of the copy that was delivered last, by queue. */
  readonly last: Map<string, number>;
}

/**
 * Numbers messages that can be told apart by nothing but their order: queues are first in, first out, so the n-th one published is the
 * n-th one delivered.
 *
 * An event that was lost would shift all later pairs, so whoever loses events MUST `forget`. Bounded; what is forgotten stays unpaired
 * and is not paired wrongly.
 */
export class Occurrences {
  #byKey = new Map<string, Equal>();
  #epoch: string;
  #forgotten = 0;

  /** @param epoch differs between runs, so that numbers of two runs never meet */
  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  /** Names what numbers belong to: part of the key of such messages. */
  get epoch(): string {
    return this.#epoch;
  }

  /** Keys forgotten because there were too many. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Starts anew: events were or may have been lost. */
  forget(epoch: string): void {
    this.#byKey.clear();
    this.#epoch = epoch;
  }

  /** The number of a message that was published to the queues. */
  published(key: string, queues: readonly string[]): number {
    const equal = this.#equal(key);
    const number = equal.published;
    equal.published += 1;
    for (const queue of queues) {
      const waiting = equal.waiting.get(queue) ?? [];
      if (waiting.length < MAX_WAITING) waiting.push(number);
      equal.waiting.set(queue, waiting);
    }
    return number;
  }

  /** The number of the message that a queue hands out; undefined where its publication was not seen. */
  delivered(key: string, queue: string, redelivered: boolean): number | undefined {
    const equal = this.#byKey.get(key);
    if (equal === undefined) return undefined;
    const last = equal.last.get(queue);
    if (redelivered && last !== undefined) return last;
    const number = equal.waiting.get(queue)?.shift();
    if (number !== undefined) equal.last.set(queue, number);
    return number;
  }

  #equal(key: string): Equal {
    const known = this.#byKey.get(key);
    // The map is in the order of use.
    this.#byKey.delete(key);
    const equal = known ?? { published: 0, waiting: new Map<string, number[]>(), last: new Map<string, number>() };
    this.#byKey.set(key, equal);
    if (this.#byKey.size > MAX_KEYS) {
      const [oldest] = this.#byKey.keys();
      if (oldest !== undefined) this.#byKey.delete(oldest);
      this.#forgotten += 1;
    }
    return equal;
  }
}
