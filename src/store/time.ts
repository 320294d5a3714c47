import { z } from 'zod';
import type { UnixNano } from '../model/units.ts';

const NANO_PER_SECOND = 1_000_000_000n;

/**
 * Text that ClickHouse takes for `DateTime64(9, 'UTC')` without losing a nanosecond, in rows (JSONEachRow) and in parameters
 * (`{at:DateTime64(9, 'UTC')}`); also for DateTime64 of fewer digits, which then cuts.
 */
export function toDateTime64(at: UnixNano): string {
  let seconds = at / NANO_PER_SECOND;
  let nanos = at % NANO_PER_SECOND;
  if (nanos < 0n) {
    seconds -= 1n;
    nanos += NANO_PER_SECOND;
  }
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return `${whole}.${nanos.toString().padStart(9, '0')}`;
}

/**
 * A time as a query MUST select it: `toUnixTimestamp64Nano(column) AS name`, which arrives as text because the client asks for
 * quoted 64-bit numbers; a JavaScript number would lose nanoseconds. For columns of fewer digits: `toUnixTimestamp64Nano(toDateTime64(column, 9))`.
 */
export const unixNanoText = z
  .string()
  .regex(/^-?\d{1,19}$/)
  .transform((text): UnixNano => BigInt(text));
