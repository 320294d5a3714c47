import { msToNano, type UnixNano } from '../../model/units.ts';

const TWO_TO_32 = 2 ** 32;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * The `timestamp` property as a firehose event shows it. AMQP says seconds, many clients write milliseconds, and the broker's tracer
 * cuts either to signed 32 bits. What is near to the arrival as the low bits of milliseconds (within an hour: one number in six hundred is
 * so by chance) is taken for that, else what is a sane time in seconds (a year back, a day ahead). Null for every other number: it says
 * nothing, and is never shown.
 */
export function tracedTimestamp(value: number | undefined, arrivedAtMs: number): UnixNano | null {
  if (value === undefined) return null;
  const low = value < 0 ? value + TWO_TO_32 : value;
  const base = Math.floor(arrivedAtMs / TWO_TO_32) * TWO_TO_32 + low;
  for (const reading of [base - TWO_TO_32, base, base + TWO_TO_32]) {
    if (Math.abs(reading - arrivedAtMs) <= HOUR_MS) return msToNano(reading);
  }
  const seconds = value * 1000;
  return seconds >= arrivedAtMs - 365 * DAY_MS && seconds <= arrivedAtMs + DAY_MS ? msToNano(seconds) : null;
}

/** A header in milliseconds since 1970, as brokers stamp it (`timestamp_in_ms`, `x-opt-rabbitmq-sent-time`); null where it is none. */
export function stampMs(value: unknown): UnixNano | null {
  const ms = typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isSafeInteger(ms) && ms > 1_000_000_000_000 && ms < 10_000_000_000_000 ? msToNano(ms) : null;
}
