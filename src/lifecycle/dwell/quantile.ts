import { WaybillError } from '../../model/errors.ts';
import type { DurationNano } from '../../model/units.ts';

/** Lengths of time in nanoseconds, ascending. */
export type SortedNanos = BigInt64Array | readonly bigint[];

/**
 * The type 7 quantile of sorted values (Hyndman and Fan 1996; the default of R, NumPy and Excel): linear interpolation
 * between the two order statistics around rank `probability · (n − 1)`.
 *
 * @param sorted ascending, without NaN
 * @param probability 0 to 1
 * @returns in the unit of the values; null for no values
 * Throws WaybillError `invalid_argument` for a probability outside 0 … 1.
 */
export function quantile(sorted: ArrayLike<number>, probability: number): number | null {
  const { low, high, fraction } = place(sorted.length, probability);
  const a = sorted[low];
  const b = sorted[high];
  if (a === undefined || b === undefined) return null;
  // Equal neighbours keep their value to the last bit, whatever the fraction.
  return a === b ? a : a + (b - a) * fraction;
}

/** The type 7 quantile of nanoseconds, to the nearest nanosecond; otherwise as `quantile`. */
export function quantileNano(sorted: SortedNanos, probability: number): DurationNano | null {
  const { low, high, fraction } = place(sorted.length, probability);
  const a = sorted[low];
  const b = sorted[high];
  if (a === undefined || b === undefined) return null;
  // The fraction is a double: 2^52 parts carry all of it, and the product stays exact.
  const parts = BigInt(Math.round(fraction * 2 ** 52));
  return a + (((b - a) * parts + (1n << 51n)) >> 52n);
}

/**
 * The type 7 quantile of values that each stand for `counts` equal ones, without laying them out.
 *
 * @param sorted ascending, without NaN
 * @param counts whole numbers of 0 or more, one per value
 * @returns null when the counts add up to 0
 */
export function countedQuantile(
  sorted: ArrayLike<number>,
  counts: ArrayLike<number>,
  probability: number,
): number | null {
  let total = 0;
  for (let index = 0; index < sorted.length; index += 1) total += counts[index] ?? 0;
  const { low, high, fraction } = place(total, probability);
  if (total === 0) return null;
  let below: number | null = null;
  let seen = 0;
  for (let index = 0; index < sorted.length; index += 1) {
    seen += counts[index] ?? 0;
    const value = sorted[index] ?? Number.NaN;
    if (below === null && seen > low) below = value;
    if (below !== null && seen > high) return below === value ? value : below + (value - below) * fraction;
  }
  return below;
}

/** The arithmetic mean, summed with compensation (Neumaier 1974) so that its error does not grow with n; null for no values. */
export function mean(values: Iterable<number>): number | null {
  let sum = 0;
  let lost = 0;
  let count = 0;
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
    count += 1;
  }
  return count === 0 ? null : (sum + lost) / count;
}

/** The arithmetic mean of nanoseconds, exact and then rounded to the nearest one (halves up); null for no values. */
export function meanNano(values: Iterable<bigint>): DurationNano | null {
  let sum = 0n;
  let count = 0n;
  for (const value of values) {
    sum += value;
    count += 1n;
  }
  if (count === 0n) return null;
  const twice = 2n * sum + count;
  const floor = twice / (2n * count);
  return twice < 0n && twice % (2n * count) !== 0n ? floor - 1n : floor;
}

interface Place {
  readonly low: number;
  readonly high: number;
  readonly fraction: number;
}

function place(count: number, probability: number): Place {
  requireProbability(probability);
  const rank = probability * Math.max(0, count - 1);
  const low = Math.floor(rank);
  return { low, high: Math.min(low + 1, Math.max(0, count - 1)), fraction: rank - low };
}

/** Throws WaybillError `invalid_argument` for what is not a number from 0 to 1. */
export function requireProbability(probability: number): void {
  if (probability >= 0 && probability <= 1) return;
  throw new WaybillError('invalid_argument', `${probability} is not a probability`, {
    remedy: 'Give a number from 0 to 1; the 95th percentile is 0.95.',
  });
}
