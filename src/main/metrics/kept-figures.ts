/** Figures with the time they were read at. */
export interface Kept<Figures> {
  readonly figures: Figures;
  /** Milliseconds since the reading began. */
  readonly ageMs: number;
  /** Milliseconds that the reading took. */
  readonly tookMs: number;
}

/** Least milliseconds between two readings. */
const MIN_INTERVAL_MS = 10_000;
/** A reading waits at least this many times as long as the last one took, so that it never takes more than a tenth of the store. */
const IDLE_FACTOR = 9;
/** Figures that are older are not given out. */
const MAX_AGE_MS = 15 * 60_000;

/**
 * Keeps figures that are costly to read: read when somebody asks, by one reading at a time, and rarely however often they ask.
 *
 * Who asks while a reading is under way waits for it at most `waitMs` and then gets the figures before it. After a reading that
 * failed there are no figures until one succeeds: old ones would look like a world that stands still.
 */
export class KeptFigures<Figures> {
  readonly #read: () => Promise<Figures>;
  readonly #now: () => number;
  readonly #onError: (error: unknown) => void;
  #kept: { figures: Figures; readAt: number; tookMs: number } | undefined;
  #running: Promise<void> | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;
  #failures = 0;

  /** @param options.now monotonic milliseconds */
  constructor(options: { read: () => Promise<Figures>; now: () => number; onError: (error: unknown) => void }) {
    this.#read = options.read;
    this.#now = options.now;
    this.#onError = options.onError;
  }

  /** Readings that failed. */
  get failures(): number {
    return this.#failures;
  }

  /** The figures; undefined while there are none. Never throws. */
  async get(waitMs: number): Promise<Kept<Figures> | undefined> {
    if (this.#running === undefined && this.#now() >= this.#nextAt) {
      this.#running = this.#readOnce().finally(() => {
        this.#running = undefined;
      });
    }
    if (this.#running !== undefined) await atMost(this.#running, waitMs);
    if (this.#kept === undefined) return undefined;
    const ageMs = this.#now() - this.#kept.readAt;
    return ageMs > MAX_AGE_MS ? undefined : { figures: this.#kept.figures, ageMs, tookMs: this.#kept.tookMs };
  }

  async #readOnce(): Promise<void> {
    const readAt = this.#now();
    try {
      const figures = await this.#read();
      this.#kept = { figures, readAt, tookMs: this.#now() - readAt };
    } catch (error) {
      this.#kept = undefined;
      this.#failures += 1;
      this.#onError(error);
    }
    const endedAt = this.#now();
    this.#nextAt = Math.max(readAt + MIN_INTERVAL_MS, endedAt + IDLE_FACTOR * (endedAt - readAt));
  }
}

/** Waits for work that does not throw, but no longer than `waitMs`. */
async function atMost(work: Promise<void>, waitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, waitMs);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
