import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from '../../../model/consumer.ts';
import { WaybillError } from '../../../model/errors.ts';
import type { DeadLetter } from '../../../model/message.ts';

const MAX_BATCH = 500;
const MAX_DELAY_MS = 100;
const RETRY_MS = { first: 100, most: 5000 };

interface Waiting {
  readonly letter: DeadLetter;
  readonly resolve: (outcome: 'durable' | 'given_up') => void;
}

/** Collects dead letters for a moment and makes them durable together. Bounded by the prefetch of whoever waits for it. */
export class LetterBatcher {
  readonly #next: Consumer;
  readonly #broker: string;
  readonly #abort = new AbortController();
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #refused = 0;

  /** @param broker name of the configured broker */
  constructor(next: Consumer, broker: string) {
    this.#next = next;
    this.#broker = broker;
  }

  /** Letters that the pipeline refused for good. */
  get refused(): number {
    return this.#refused;
  }

  /** Resolves when the letter is durable or refused for good; `given_up` where Waybill stops before: the broker has it still. */
  add(letter: DeadLetter): Promise<'durable' | 'given_up'> {
    const outcome = new Promise<'durable' | 'given_up'>((resolve) => {
      this.#waiting.push({ letter, resolve });
    });
    this.#flushing ??= this.#flushAll();
    return outcome;
  }

  /** Tries once more what waits and gives up the rest. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#flushing;
  }

  async #flushAll(): Promise<void> {
    await this.#pause(MAX_DELAY_MS);
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      const outcome = await this.#deliver(batch.map(({ letter }) => letter));
      for (const { resolve } of batch) resolve(outcome);
    }
    this.#flushing = undefined;
  }

  async #deliver(deadLetters: readonly DeadLetter[]): Promise<'durable' | 'given_up'> {
    for (let waitMs = RETRY_MS.first; ; waitMs = Math.min(waitMs * 2, RETRY_MS.most)) {
      try {
        await this.#next.consume({ kind: 'messages', broker: this.#broker, messages: [], deadLetters });
        return 'durable';
      } catch (error) {
        if (!(error instanceof WaybillError && error.retryable)) {
          this.#refused += deadLetters.length;
          return 'durable';
        }
      }
      if (this.#abort.signal.aborted) return 'given_up';
      await this.#pause(waitMs);
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#abort.signal }).catch(() => undefined);
  }
}
