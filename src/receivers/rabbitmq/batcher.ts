import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from '../../model/consumer.ts';
import { WaybillError } from '../../model/errors.ts';
import type { DeadLetter } from '../../model/message.ts';
import { type Sighting, toMessageEvent } from './sighting.ts';

/** What is done with a batch before and after it is durable. */
export interface BatcherHooks<Token> {
  /** Name of the configured broker. */
  readonly broker: string;
  /** Learns the names of clients; called once per batch. */
  readonly learn: (sightings: readonly Sighting[]) => Promise<void>;
  readonly nameOf: (sighting: Sighting) => string;
  /** Whether a queue is known not to exist. */
  readonly isMissing: (queue: string) => boolean;
  /** Measures how late events are; called once per batch, before `latenessOf`. */
  readonly measure: () => Promise<void>;
  /** Milliseconds that a sighting may have arrived after it happened, and whether that is little enough for figures. */
  readonly latenessOf: (sighting: Sighting) => { readonly latenessMs: number; readonly reliable: boolean };
  /** Dead letters that a sighting shows leaving their queue. */
  readonly resolutions: (sighting: Sighting) => readonly DeadLetter[];
  /** Called when the batch is durable, or for good refused. */
  readonly done: (batch: FinishedBatch<Token>) => void;
}

export interface FinishedBatch<Token> {
  /** What to acknowledge, as it was given with the last sighting. */
  readonly last: Token;
  readonly events: number;
  /** Sightings whose arrival gives no figure. */
  readonly unreliable: number;
  /** Sightings that the pipeline refused for good. */
  readonly dropped: number;
}

/** What became of a batch. */
interface Handed {
  readonly outcome: 'durable' | 'refused' | 'given_up';
  readonly unreliable: number;
}

const RETRY_MS = { first: 100, most: 5000 };

/** Collects sightings into batches, by number and by time, and hands them on one batch after another. */
export class Batcher<Token> {
  readonly #next: Consumer;
  readonly #limits: { readonly maxBatch: number; readonly maxDelayMs: number };
  readonly #hooks: BatcherHooks<Token>;
  #waiting: { sighting: Sighting; token: Token }[] = [];
  /** Of a skipped delivery behind the batch at hand. */
  #trailing: Token | undefined;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  readonly #abort = new AbortController();

  constructor(next: Consumer, limits: { maxBatch: number; maxDelayMs: number }, hooks: BatcherHooks<Token>) {
    this.#next = next;
    this.#limits = limits;
    this.#hooks = hooks;
  }

  /** Adds a sighting; `token` comes back in `done` for the last one of its batch. */
  add(sighting: Sighting, token: Token): void {
    this.#trailing = undefined;
    this.#waiting.push({ sighting, token });
    if (this.#waiting.length >= this.#limits.maxBatch) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), this.#limits.maxDelayMs);
  }

  /** A delivery that gives no sighting: it is done with when everything before it is. */
  skip(token: Token): void {
    const last = this.#waiting.at(-1);
    if (last !== undefined) last.token = token;
    else if (this.#flushing !== undefined) this.#trailing = token;
    else this.#hooks.done({ last: token, events: 0, unreliable: 0, dropped: 0 });
  }

  /** Hands on what waits, once; what cannot be made durable then is left to the broker, which gives it again. */
  async stop(): Promise<void> {
    this.#flush();
    this.#abort.abort();
    await this.#flushing;
    clearTimeout(this.#timer);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = undefined;
      if (this.#waiting.length > 0 && !this.#abort.signal.aborted) this.#flush();
    });
  }

  async #flushAll(): Promise<void> {
    const batch = this.#waiting.splice(0, this.#limits.maxBatch);
    const final = batch.at(-1);
    if (final === undefined) return;
    let handed: Handed = { outcome: 'refused', unreliable: 0 };
    try {
      handed = await this.#hand(batch.map(({ sighting }) => sighting));
    } catch {
      // Something in these events that nobody thought of: they are counted as left out, and the next ones go on.
    }
    // Not acknowledged: the broker has it still.
    if (handed.outcome === 'given_up') return;
    this.#hooks.done({
      last: this.#trailing ?? final.token,
      events: batch.length,
      unreliable: handed.unreliable,
      dropped: handed.outcome === 'refused' ? batch.length : 0,
    });
    this.#trailing = undefined;
  }

  async #hand(sightings: readonly Sighting[]): Promise<Handed> {
    await Promise.all([this.#hooks.measure(), this.#hooks.learn(sightings)]);
    const { broker, nameOf, isMissing, latenessOf } = this.#hooks;
    const messages = sightings.map((each) =>
      toMessageEvent(each, { service: nameOf(each), isMissing, ...latenessOf(each) }),
    );
    const deadLetters = sightings.flatMap((each) => this.#hooks.resolutions(each));
    const outcome = await this.#deliver(() => this.#next.consume({ kind: 'messages', broker, messages, deadLetters }));
    return { outcome, unreliable: messages.filter(({ reliable }) => !reliable).length };
  }

  /** Tries again as long as that may help: events then wait in the bounded queue of the broker. */
  async #deliver(consume: () => Promise<void>): Promise<Handed['outcome']> {
    for (let waitMs = RETRY_MS.first; ; waitMs = Math.min(waitMs * 2, RETRY_MS.most)) {
      try {
        await consume();
        return 'durable';
      } catch (error) {
        if (!(error instanceof WaybillError && error.retryable)) return 'refused';
      }
      if (this.#abort.signal.aborted) return 'given_up';
      await sleep(waitMs, undefined, { signal: this.#abort.signal }).catch(() => undefined);
    }
  }
}
