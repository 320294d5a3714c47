import { WaybillError } from '../../model/errors.ts';

/** Distinct keys of one file: 12 bytes each at most half full, so about 800 MiB at the very end. */
const MAX_KEYS = 2 ** 25;

/**
 * Counts 64-bit hashes in flat arrays: a Map of texts would take ten times the memory for a log of millions of events.
 *
 * Two keys that share a hash are counted as one; callers must not mind (with 10 M keys the odds are 1 in 400,000).
 */
export class HashCounts {
  #high = new Uint32Array(2 ** 16);
  #low = new Uint32Array(2 ** 16);
  #counts = new Uint32Array(2 ** 16);
  #size = 0;
  readonly #maxKeys: number;

  constructor(maxKeys: number = MAX_KEYS) {
    this.#maxKeys = maxKeys;
  }

  /** Distinct keys. */
  get size(): number {
    return this.#size;
  }

  /** Counts a key; answers how often it was there before. Throws `payload_too_large` past the bound. */
  add(high: number, low: number): number {
    if (this.#size * 2 >= this.#counts.length) this.#grow();
    const at = this.#find(high, low);
    const before = this.#counts[at] ?? 0;
    if (before === 0) {
      this.#high[at] = high;
      this.#low[at] = low;
      this.#size += 1;
    }
    this.#counts[at] = before + 1;
    return before;
  }

  #find(high: number, low: number): number {
    const mask = this.#counts.length - 1;
    let at = low & mask;
    while (this.#counts[at] !== 0 && (this.#low[at] !== low || this.#high[at] !== high)) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    if (this.#size >= this.#maxKeys) {
      throw new WaybillError('payload_too_large', `the file has more than ${this.#maxKeys} different events`, {
        remedy: 'split the file, or name a column with unique ids of events with --id',
      });
    }
    const [high, low, counts] = [this.#high, this.#low, this.#counts];
    this.#high = new Uint32Array(counts.length * 2);
    this.#low = new Uint32Array(counts.length * 2);
    this.#counts = new Uint32Array(counts.length * 2);
    for (let index = 0; index < counts.length; index += 1) {
      const count = counts[index] ?? 0;
      if (count === 0) continue;
      const at = this.#find(high[index] ?? 0, low[index] ?? 0);
      this.#high[at] = high[index] ?? 0;
      this.#low[at] = low[index] ?? 0;
      this.#counts[at] = count;
    }
  }
}
