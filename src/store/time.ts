import { z } from 'zod';
import type { UnixNano } from '../model/units.ts';

const NANO_PER_MILLISECOND = 1_000_000n;
const DAY_MS = 86_400_000;

/**
 * Text that ClickHouse takes for `DateTime64(9, 'UTC')` without losing a nanosecond, in rows (JSONEachRow) and in parameters
 * (`{at:DateTime64(9, 'UTC')}`); also for DateTime64 of fewer digits, which then cuts.
 */
export function toDateTime64(at: UnixNano): string {
  const millis = Number((at - mod(at, NANO_PER_MILLISECOND)) / NANO_PER_MILLISECOND);
  const day = Math.floor(millis / DAY_MS);
  const inDay = millis - day * DAY_MS;
  const seconds = Math.floor(inDay / 1000);
  const fraction = String((inDay - seconds * 1000) * 1_000_000 + Number(mod(at, NANO_PER_MILLISECOND))).padStart(
    9,
    '0',
  );
  const minutes = Math.floor(seconds / 60);
  return `${dateOf(day)} ${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}.${fraction}`;
}

/** Dates by day since 1970: the projector writes dozens of times an order, mostly of the same days, and `Date` is slow. */
const dates = new Map<number, string>();
const MAX_DATES = 10_000;

function dateOf(day: number): string {
  const known = dates.get(day);
  if (known !== undefined) return known;
  const date = new Date(day * DAY_MS).toISOString().slice(0, 10);
  if (dates.size >= MAX_DATES) dates.clear();
  dates.set(day, date);
  return date;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function mod(value: bigint, by: bigint): bigint {
  const rest = value % by;
  return rest < 0n ? rest + by : rest;
}

/**
 * A time as a query MUST select it: `toUnixTimestamp64Nano(column) AS name`, which arrives as text because the client asks for
 * quoted 64-bit numbers; a JavaScript number would lose nanoseconds. For columns of fewer digits: `toUnixTimestamp64Nano(toDateTime64(column, 9))`.
 */
export const unixNanoText = z
  .string()
  .regex(/^-?\d{1,19}$/)
  .transform((text): UnixNano => BigInt(text));
