/** How long an order is left alone after it was last told of, and at the longest however often that happens. */
const SETTLE_MS = 10_000;
const MAX_SETTLE_MS = 60_000;
/** Times that orders are due at: who has few orders at a time reads nearly the whole of `spans` for each few. */
const GATHER_MS = 5_000;

/** Most orders that wait; beyond it the oldest are let go, and counted. An id has tens of bytes. */
const MAX_WAITING = 100_000;

interface Waiting {
  readonly dueAt: number;
  readonly since: number;
}

/** The next of the times that orders are due at. */
function gathered(at: number): number {
  return Math.ceil(at / GATHER_MS) * GATHER_MS;
}

/** Orders that something was heard of, until all that belongs to it has had the time to come: senders send their spans every few seconds. */
export class Settling {
  // In the order of their due times: whoever is put off goes to the end.
  readonly #waiting = new Map<string, Waiting>();
  #letGo = 0;

  /** Orders that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Orders that were let go because too many waited. */
  get letGo(): number {
    return this.#letGo;
  }

  /** Lets orders wait, anew where they wait already; `now` in milliseconds, never smaller than before. */
  add(orderIds: Iterable<string>, now: number): void {
    for (const orderId of orderIds) {
      const { since, dueAt } = this.#waiting.get(orderId) ?? { since: now, dueAt: 0 };
      const putOff = gathered(Math.min(now + SETTLE_MS, since + MAX_SETTLE_MS));
      // At the longest it stays where it is: those behind it are due later.
      if (putOff < now + SETTLE_MS && dueAt > 0) continue;
      this.#waiting.delete(orderId);
      this.#waiting.set(orderId, { since, dueAt: putOff });
    }
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size <= MAX_WAITING) break;
      this.#waiting.delete(oldest);
      this.#letGo += 1;
    }
  }

  /** Takes at most `most` orders that are due. */
  takeDue(now: number, most: number): string[] {
    const due: string[] = [];
    for (const [orderId, { dueAt }] of this.#waiting) {
      if (dueAt > now || due.length >= most) break;
      due.push(orderId);
    }
    for (const orderId of due) this.#waiting.delete(orderId);
    return due;
  }

  /** Milliseconds until the next order is due; undefined when none waits. */
  msUntilDue(now: number): number | undefined {
    const [first] = this.#waiting.values();
    return first === undefined ? undefined : Math.max(0, first.dueAt - now);
  }
}
