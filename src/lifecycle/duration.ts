import type { DurationNano } from '../model/units.ts';

const UNITS = [
  ['d', 86_400_000_000_000n],
  ['h', 3_600_000_000_000n],
  ['min', 60_000_000_000n],
  ['s', 1_000_000_000n],
  ['ms', 1_000_000n],
] as const;

/** Longest duration that a definition may name. */
const MAX_DURATION: DurationNano = 3_650n * 86_400_000_000_000n;

const TERM = /^(\d{1,12})(?:\.(\d{1,9}))? ?(d|h|min|ms|s)$/;

/**
 * Parses a duration as people write it: `30 s`, `5 min`, `1.5 h`, `2 d`, `250 ms`, `1 h 30 min`.
 * Units fall from `d` to `ms`, each at most once; fractions are exact to the nanosecond.
 * Returns undefined for other text, for zero and for more than 3,650 days.
 */
export function parseDuration(text: string): DurationNano | undefined {
  // A term is a number and its unit, with or without a space between; months and years have no fixed length and are no units.
  const terms = text.trim().match(/[\d.]+ ?[a-z]+/g);
  if (terms === null || terms.join(' ') !== text.trim().replaceAll(/\s+/g, ' ')) return undefined;
  let total = 0n;
  let smallest = -1;
  for (const term of terms) {
    const match = TERM.exec(term);
    if (match === null) return undefined;
    const [, whole = '', fraction = '', unit] = match;
    const rank = UNITS.findIndex(([name]) => name === unit);
    const nanos = UNITS[rank]?.[1];
    if (nanos === undefined || rank <= smallest) return undefined;
    smallest = rank;
    total += BigInt(whole) * nanos + (BigInt(fraction.padEnd(9, '0')) * nanos) / 1_000_000_000n;
  }
  return total > 0n && total <= MAX_DURATION ? total : undefined;
}
