import { WaybillError } from '../../model/errors.ts';
import type { OtlpTally } from './tally.ts';

/** The bytes that all requests of a receiver may hold at the same time. */
export class ByteBudget {
  readonly #limit: number;
  readonly #tally: OtlpTally;
  #used = 0;

  constructor(limit: number, tally: OtlpTally) {
    this.#limit = limit;
    this.#tally = tally;
  }

  /** Opens the account of one request. */
  lease(): ByteLease {
    return new ByteLease(this);
  }

  /** Books `bytes`; throws the retryable `overloaded` when they do not fit. */
  take(bytes: number): void {
    if (this.#used + bytes > this.#limit) {
      throw new WaybillError('overloaded', 'the receiver holds as many bytes of requests as it may', {
        remedy: 'send again later; if it happens often, raise maxInFlightBytes or send less at a time',
      });
    }
    this.#used += bytes;
    this.#tally.addInFlight(bytes);
  }

  give(bytes: number): void {
    this.#used -= bytes;
    this.#tally.addInFlight(-bytes);
  }
}

/** What one request has booked; MUST be released in the end, which gives back all of it. */
export class ByteLease {
  readonly #budget: ByteBudget;
  #held = 0;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  take(bytes: number): void {
    this.#budget.take(bytes);
    this.#held += bytes;
  }

  give(bytes: number): void {
    const given = Math.min(bytes, this.#held);
    this.#held -= given;
    this.#budget.give(given);
  }

  /** Gives back everything; calling it again does nothing. */
  release(): void {
    this.give(this.#held);
  }
}
