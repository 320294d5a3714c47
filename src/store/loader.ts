import { setTimeout as sleep } from 'node:timers/promises';
import { WaybillError } from '../model/errors.ts';
import { orAborted } from '../model/or-aborted.ts';
import type { Segment, SegmentSource } from '../model/segment.ts';
import type { Store } from './store.ts';

/** Waiting, injected for tests. */
export interface LoaderClock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Resolves after `ms`; rejects when the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** What the loader tells about its work; nothing in it is data. Must not throw. */
export interface LoaderObserver {
  loaded?(event: { readonly segmentId: number; readonly rows: number; readonly ms: number }): void;
  failed?(event: { readonly segmentId: number | undefined; readonly attempt: number; readonly error: string }): void;
  quarantined?(event: { readonly segmentId: number; readonly reason: string }): void;
}

/** Counts since the start. */
export interface LoaderStats {
  readonly loadedSegments: number;
  readonly loadedRows: number;
  /** Attempts that failed, each counted. */
  readonly failures: number;
  readonly quarantinedSegments: number;
  /** Code and message of the last failure, without data; undefined when the last attempt succeeded. */
  readonly lastError: string | undefined;
  /** How long the segment at hand has been failing, in milliseconds; 0 when it is not. */
  readonly failingForMs: number;
}

/** What the loader works with. */
export interface LoaderOptions {
  readonly source: SegmentSource;
  readonly store: Pick<Store, 'client' | 'installationId'>;
  readonly observer?: LoaderObserver;
  readonly clock?: LoaderClock;
}

const BACK_OFF_MS = { first: 50, most: 5_000 };
/** Attempts at a segment that the store refuses for good; more than one, in case it is the store that is wrong. */
const REFUSED_ATTEMPTS = 3;

const SYSTEM_CLOCK: LoaderClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

/**
 * Brings segments into the store, oldest first, each table of a segment under a deduplication token of its own: a segment that comes
 * again after a crash adds nothing.
 *
 * A store that fails is tried again forever; a segment that it refuses for good is set aside after a few attempts. The tables of a
 * segment are inserted in the order in which it names them.
 */
export class Loader {
  readonly #source: SegmentSource;
  readonly #store: Pick<Store, 'client' | 'installationId'>;
  readonly #observer: LoaderObserver;
  readonly #clock: LoaderClock;
  readonly #listeners: ((segmentId: number) => void)[] = [];
  #abort: AbortController | undefined;
  #running: Promise<void> | undefined;
  #loadedSegments = 0;
  #loadedRows = 0;
  #failures = 0;
  #quarantinedSegments = 0;
  #lastError: string | undefined;
  #failingSince: number | undefined;
  /** Times in a row that the store refused the segment at hand for good. */
  #refusals = 0;

  constructor({ source, store, observer = {}, clock = SYSTEM_CLOCK }: LoaderOptions) {
    this.#source = source;
    this.#store = store;
    this.#observer = observer;
    this.#clock = clock;
  }

  get stats(): LoaderStats {
    return {
      loadedSegments: this.#loadedSegments,
      loadedRows: this.#loadedRows,
      failures: this.#failures,
      quarantinedSegments: this.#quarantinedSegments,
      lastError: this.#lastError,
      failingForMs: this.#failingSince === undefined ? 0 : this.#clock.now() - this.#failingSince,
    };
  }

  /** Calls back after all tables of a segment are in the store. The callback must not throw and should be quick. */
  onLoaded(callback: (segmentId: number) => void): void {
    this.#listeners.push(callback);
  }

  /** Starts to take segments. Idempotent. */
  start(): void {
    if (this.#running !== undefined) return;
    this.#abort = new AbortController();
    this.#running = this.#run(this.#abort.signal);
  }

  /** Ends after the insert at hand; what is not loaded stays with the source. Idempotent. */
  async stop(): Promise<void> {
    this.#abort?.abort();
    await this.#running;
    this.#running = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !signal.aborted; ) {
      let segment: Segment | undefined;
      try {
        // A segment that comes too late is not lost: the source gives it again.
        segment = await orAborted(this.#source.next(), signal);
        if (segment === undefined) return;
        await this.#load(segment, signal);
        if (signal.aborted) return;
        attempt = 1;
      } catch (cause) {
        if (signal.aborted) return;
        const isGone = await this.#fail(segment, attempt, cause);
        attempt = isGone ? 1 : attempt + 1;
        if (!isGone) await this.#backOff(attempt, signal);
      }
    }
  }

  async #load(segment: Segment, signal: AbortSignal): Promise<void> {
    const startedAt = this.#clock.now();
    let rows = 0;
    for (const { table, rows: tableRows, blocks } of segment.tables) {
      if (signal.aborted) return;
      const token = `${this.#store.installationId}-${segment.id}-${table}`;
      await this.#store.client.insertBlocks(table, blocks, { token });
      rows += tableRows;
    }
    await this.#source.done(segment.id);
    this.#loadedSegments += 1;
    this.#loadedRows += rows;
    this.#refusals = 0;
    this.#lastError = undefined;
    this.#failingSince = undefined;
    this.#observer.loaded?.({ segmentId: segment.id, rows, ms: this.#clock.now() - startedAt });
    for (const listener of this.#listeners) listener(segment.id);
  }

  /** Counts a failure; true when the segment was set aside, so that the next one is due. */
  async #fail(segment: Segment | undefined, attempt: number, cause: unknown): Promise<boolean> {
    // Messages of foreign errors may quote data.
    const error = cause instanceof WaybillError ? `${cause.code}: ${cause.message}` : 'internal: unexpected error';
    this.#failures += 1;
    this.#lastError = error;
    this.#failingSince ??= this.#clock.now();
    this.#observer.failed?.({ segmentId: segment?.id, attempt, error });
    const isRefused = cause instanceof WaybillError && !cause.retryable && cause.code !== 'invalid_configuration';
    // Wrong credentials or a missing table are nothing that the segment could help.
    this.#refusals = isRefused ? this.#refusals + 1 : 0;
    if (segment === undefined || this.#refusals < REFUSED_ATTEMPTS || this.#source.quarantine === undefined)
      return false;
    try {
      await this.#source.quarantine(segment.id, error);
    } catch {
      // A full disk, most likely: the segment stays the next one and comes here again.
      return false;
    }
    this.#quarantinedSegments += 1;
    this.#refusals = 0;
    this.#failingSince = undefined;
    this.#observer.quarantined?.({ segmentId: segment.id, reason: error });
    return true;
  }

  async #backOff(attempt: number, signal: AbortSignal): Promise<void> {
    const ms = Math.min(BACK_OFF_MS.first * 2 ** Math.min(attempt - 2, 10), BACK_OFF_MS.most);
    await this.#clock.sleep(ms, signal).catch(() => undefined);
  }
}
