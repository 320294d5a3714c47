/** Nanoseconds since 1970-01-01T00:00:00Z, the unit of every point in time inside Waybill (OTLP `*_unix_nano`). */
export type UnixNano = bigint;

/** A length of time in nanoseconds; may be negative where clocks disagree. */
export type DurationNano = bigint;

/** A length of time in milliseconds, with fractions; the unit of the API. */
export type Milliseconds = number;

const NANO_PER_SECOND = 1_000_000_000n;
const NANO_PER_MILLISECOND = 1_000_000n;

/** Range that both RFC 3339 years 1900–2261 and ClickHouse's DateTime64(9) can hold; other times cannot be stored. */
export const MIN_UNIX_NANO: UnixNano = -2_208_988_800_000_000_000n;
export const MAX_UNIX_NANO: UnixNano = 9_214_646_399_999_999_999n;

/** Formats a point in time as RFC 3339 in UTC; fraction digits come in groups of three and only where they are not zero. */
export function formatRfc3339(at: UnixNano): string {
  let seconds = at / NANO_PER_SECOND;
  let nanos = at % NANO_PER_SECOND;
  if (nanos < 0n) {
    seconds -= 1n;
    nanos += NANO_PER_SECOND;
  }
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  if (nanos === 0n) return `${whole}Z`;
  const digits = nanos.toString().padStart(9, '0');
  const kept = digits.endsWith('000000') ? 3 : digits.endsWith('000') ? 6 : 9;
  return `${whole}.${digits.slice(0, kept)}Z`;
}

const RFC3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Parses RFC 3339 text with any offset to nanoseconds; digits past the ninth are cut.
 * Returns undefined for text that is not a valid time or lies outside MIN_UNIX_NANO … MAX_UNIX_NANO.
 */
export function parseRfc3339(text: string): UnixNano | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, date, time, fraction = '', zone = 'Z'] = match;
  const millis = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(millis)) return undefined;
  const at = BigInt(millis) * NANO_PER_MILLISECOND + BigInt(fraction.padEnd(9, '0'));
  return at < MIN_UNIX_NANO || at > MAX_UNIX_NANO ? undefined : at;
}

/** Converts nanoseconds to milliseconds; exact below 2^53 ns (104 days), then to the nearest representable fraction. */
export function nanoToMs(nanos: DurationNano): Milliseconds {
  return Number(nanos / NANO_PER_MILLISECOND) + Number(nanos % NANO_PER_MILLISECOND) / 1e6;
}

/** Converts whole milliseconds since the epoch (`Date.now()`) to nanoseconds. */
export function msToNano(ms: Milliseconds): UnixNano {
  return BigInt(Math.trunc(ms)) * NANO_PER_MILLISECOND;
}
