/** Scales that doubles can tell apart (OTLP data model); a sender's number is not trusted. */
const MIN_SCALE = -10;
const MAX_SCALE = 20;

/** Some observations between two bounds; `low === high` for those whose value is as good as known. */
export interface Bucket {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** Buckets of an explicit histogram: OTLP bounds are upper and inclusive. */
export function explicitBuckets(bounds: readonly number[], counts: readonly number[]): Bucket[] {
  const buckets: Bucket[] = [];
  for (const [index, count] of counts.entries()) {
    if (count <= 0) continue;
    const lower = finite(bounds[index - 1]);
    const upper = finite(bounds[index]);
    // Without a bound on one side nothing is known but the other one; durations and sizes begin at zero.
    const high = upper ?? lower ?? 0;
    const low = lower ?? (high > 0 ? 0 : high);
    buckets.push({ low, high: upper === undefined ? low : high, count });
  }
  return buckets;
}

/** A bound at infinity bounds nothing. */
function finite(bound: number | undefined): number | undefined {
  return bound !== undefined && Number.isFinite(bound) ? bound : undefined;
}

/** One side of an exponential histogram. */
export interface ExponentialSide {
  readonly offset: number;
  readonly counts: readonly number[];
}

/** Buckets of an exponential histogram: index i holds (base^i, base^(i+1)] with base = 2^(2^-scale). */
export function exponentialBuckets(histogram: {
  readonly scale: number;
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positive: ExponentialSide;
  readonly negative: ExponentialSide;
}): Bucket[] {
  const { zeroCount, zeroThreshold, positive, negative } = histogram;
  const scale = Math.max(MIN_SCALE, Math.min(MAX_SCALE, histogram.scale));
  const bound = (index: number): number => Math.min(Number.MAX_VALUE, 2 ** (index * 2 ** -scale));
  const buckets: Bucket[] = [];
  for (const [at, count] of positive.counts.entries()) {
    const index = positive.offset + at;
    if (count > 0) buckets.push({ low: bound(index), high: bound(index + 1), count });
  }
  for (const [at, count] of negative.counts.entries()) {
    const index = negative.offset + at;
    if (count > 0) buckets.push({ low: -bound(index + 1), high: -bound(index), count });
  }
  if (zeroCount > 0) buckets.push({ low: -zeroThreshold, high: zeroThreshold, count: zeroCount });
  return buckets;
}

/**
 * The value below which a share `quantile` (0 … 1) of the observations lies, taking those of a bucket as spread evenly over it.
 * Buckets may overlap: histograms with different bounds are added by putting their buckets together. Null where there are none.
 */
export function bucketQuantile(buckets: readonly Bucket[], quantile: number): number | null {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  if (total <= 0) return null;
  const changes = new Map<number, { atom: number; density: number }>();
  const at = (value: number): { atom: number; density: number } => {
    const known = changes.get(value) ?? { atom: 0, density: 0 };
    changes.set(value, known);
    return known;
  };
  for (const { low, high, count } of buckets) {
    if (high <= low) at(low).atom += count;
    else {
      at(low).density += count / (high - low);
      at(high).density -= count / (high - low);
    }
  }
  const target = quantile * total;
  let below = 0;
  let density = 0;
  let last = Number.NEGATIVE_INFINITY;
  for (const [value, change] of [...changes].sort(([a], [b]) => a - b)) {
    // Sums of fractions: what lacks a billionth of an observation is there.
    const spread = last === Number.NEGATIVE_INFINITY ? 0 : Math.max(0, density) * (value - last);
    if (below + spread >= target - 1e-9 * total && spread > 0) {
      return Math.min(value, Math.max(last, last + (target - below) / density));
    }
    below += spread + change.atom;
    if (below >= target - 1e-9 * total && change.atom > 0) return value;
    density += change.density;
    last = value;
  }
  return last;
}
