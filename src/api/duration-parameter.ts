import { WaybillError } from '../model/errors.ts';
import type { DurationNano } from '../model/units.ts';

/** Units of a duration in a query, as Go and Jaeger write them, in nanoseconds. */
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const TERM = /(\d{1,12})(?:\.(\d{1,9}))?(ns|us|µs|ms|s|m|h)/y;
/** Longest duration of a span that is worth asking for: 2^63 nanoseconds are not many more days. */
const MAX_DURATION: DurationNano = 3_650n * 86_400_000_000_000n;

/**
 * Reads a duration of a query, such as `250ms`, `1.5s` or `2m30s`; undefined where it was not given. Throws `invalid_argument` where it is
 * none, or longer than ten years.
 */
export function toDuration(name: string, text: string | undefined): DurationNano | undefined {
  if (text === undefined) return undefined;
  // Micro has two letters in Unicode that look the same.
  const written = text.trim().replaceAll('\u03bc', '\u00b5');
  let total = 0n;
  let at = 0;
  while (at < written.length) {
    TERM.lastIndex = at;
    const term = TERM.exec(written);
    if (term === null) break;
    const [all, whole = '', fraction = '', unit = ''] = term;
    const nanos = UNITS[unit] ?? 0n;
    total += BigInt(whole) * nanos + (BigInt(fraction.padEnd(9, '0')) * nanos) / 1_000_000_000n;
    at += all.length;
  }
  if (at > 0 && at === written.length && total <= MAX_DURATION) return total;
  throw new WaybillError('invalid_argument', `\`${name}\` is not a duration`, {
    remedy: 'write a number and a unit, such as 250ms, 1.5s or 2m30s; units are ns, us, ms, s, m and h',
  });
}
