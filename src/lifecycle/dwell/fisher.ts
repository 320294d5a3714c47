/** A two-by-two table: of `total` visits `marked` have a property, `slow` are slow, and `both` are both. Whole numbers. */
export interface Table {
  readonly total: number;
  readonly slow: number;
  readonly marked: number;
  readonly both: number;
}

/**
 * Fisher's exact test, one-sided: the probability that at least `both` of the slow visits have the property if slowness and
 * property have nothing to do with each other (the upper tail of the hypergeometric distribution).
 *
 * Relative error some 1e-8 at a million visits. The tail is summed until its terms no longer count.
 */
export function fisherGreater({ total, slow, marked, both }: Table): number {
  const most = Math.min(slow, marked);
  const least = Math.max(0, slow + marked - total);
  if (both <= least) return 1;
  if (both > most) return 0;
  const start = Math.exp(logChoose(marked, both) + logChoose(total - marked, slow - both) - logChoose(total, slow));
  let sum = 1;
  let term = 1;
  for (let count = both; count < most; count += 1) {
    const ratio = ((marked - count) * (slow - count)) / ((count + 1) * (total - marked - slow + count + 1));
    term *= ratio;
    sum += term;
    // Ratios only fall, so once below one half all that follows is less than this term.
    if (ratio < 0.5 && term < sum * 1e-17) break;
  }
  return Math.min(1, start * sum);
}

/** Adjusts p-values for the rate of false discoveries (Benjamini and Hochberg 1995); in the order of the input. */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((a, b) => (pValues[b] ?? 1) - (pValues[a] ?? 1));
  const adjusted = pValues.map(() => 1);
  let least = 1;
  for (const [index, place] of order.entries()) {
    least = Math.min(least, ((pValues[place] ?? 1) * pValues.length) / (pValues.length - index));
    adjusted[place] = least;
  }
  return adjusted;
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

const SMALL_FACTORIALS: readonly number[] = Array.from({ length: 32 }).reduce<number[]>(
  (logs, _, index) => [...logs, index === 0 ? 0 : (logs[index - 1] ?? 0) + Math.log(index)],
  [],
);

/** ln n!, by the Stirling series (NIST DLMF 5.11.1) above the table; its first omitted term is below 1e-14 there. */
function logFactorial(n: number): number {
  const small = SMALL_FACTORIALS[n];
  if (small !== undefined) return small;
  const x = n + 1;
  const inverse = 1 / x;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}
