/** Ratio of one bucket's bounds: percentiles are right to 1 %. */
const RATIO = 1.01;
/** Milliseconds up to which buckets begin: one microsecond. */
const LEAST_MS = 0.001;
const BUCKETS = 2_500;

/** Percentiles of latencies in milliseconds; null where nothing was measured. */
export interface Latency {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
}

/** Counts of latencies in buckets of 1 %, from a microsecond to a day; bounded however long a run lasts. */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #max = 0;

  add(ms: number): void {
    const bucket = ms <= LEAST_MS ? 0 : Math.ceil(Math.log(ms / LEAST_MS) / Math.log(RATIO));
    const at = Math.min(bucket, BUCKETS - 1);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#count += 1;
    this.#max = Math.max(this.#max, ms);
  }

  /** The upper bound of the bucket in which a share (0 to 1) of all values ends; null where there are none. */
  quantile(share: number): number | null {
    if (this.#count === 0) return null;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= rank) return Math.min(LEAST_MS * RATIO ** bucket, this.#max);
    }
    return this.#max;
  }

  latency(): Latency {
    const max = this.#count === 0 ? null : this.#max;
    const at = (share: number): number | null => this.quantile(share);
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99), p999: at(0.999), max };
  }
}
