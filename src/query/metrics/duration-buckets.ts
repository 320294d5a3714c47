/**
 * Upper bounds of the buckets of every duration histogram, in seconds, inclusive; one more bucket takes what is longer.
 *
 * From the milliseconds of an automatic step to the eight weeks of a made-to-order piece. Where orders live (seconds to weeks) bounds
 * are at most a factor of 2.5 apart, which bounds the error of a quantile that is interpolated inside a bucket. Changing a bound
 * breaks the comparison with what was scraped before.
 */
export const DURATION_BOUNDS_SECONDS: readonly number[] = [
  0.005, 0.05, 0.25, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400,
  172_800, 259_200, 432_000, 604_800, 1_209_600, 2_419_200, 4_838_400,
];

/** The bounds as whole nanoseconds, for comparison with dwells in SQL. */
export const DURATION_BOUNDS_NANO: readonly bigint[] = DURATION_BOUNDS_SECONDS.map((bound) =>
  BigInt(Math.round(bound * 1e9)),
);

/** Durations in buckets: `counts` has one element more than there are bounds. Negative durations are not in it. */
export interface DurationHistogram {
  /** Per bucket, not cumulated. */
  readonly counts: readonly number[];
  readonly sumSeconds: number;
}

/** Spreads counts by index of their bucket over all buckets; an index outside of them is ignored. */
export function spreadBuckets(indices: readonly number[], counts: readonly number[]): number[] {
  const spread = Array.from({ length: DURATION_BOUNDS_SECONDS.length + 1 }, () => 0);
  for (const [place, index] of indices.entries()) {
    const found = spread[index];
    if (found !== undefined) spread[index] = found + (counts[place] ?? 0);
  }
  return spread;
}
