import { z } from 'zod';
import { formatRfc3339 } from '../model/units.ts';

/** SQL that reads a DateTime64(9) as decimal nanoseconds; JSON numbers would lose the last digits. */
export function nanos(column: string): string {
  return `toString(toUnixTimestamp64Nano(${column}))`;
}

/** A row field written by `nanos`: becomes RFC 3339. */
export const nanoField = z.string().transform((text) => formatRfc3339(BigInt(text)));

/** A row field that is decimal nanoseconds or null. */
export const nanoOrNullField = z
  .string()
  .nullable()
  .transform((text) => (text === null ? null : formatRfc3339(BigInt(text))));

/** An id column as 32 or 16 hex digits. */
export function hexOf(column: string): string {
  return `lower(hex(${column}))`;
}
