import type { UnixNano } from '../model/units.ts';

/**
 * SQL of all visits as they were known at `{at:Int64}` (nanoseconds): what was entered later is not there, and what was left later is
 * still open. Columns: status, entered_nano, left_nano (null while open).
 */
export const VISITS_AT = `SELECT status, toUnixTimestamp64Nano(entered) AS entered_nano,
    if(isNull(left_at) OR toUnixTimestamp64Nano(assumeNotNull(left_at)) > {at:Int64}, NULL,
      toUnixTimestamp64Nano(assumeNotNull(left_at))) AS left_nano
  FROM orders FINAL ARRAY JOIN visit_statuses AS status, visit_entered_at AS entered, visit_left_at AS left_at
  WHERE entered_nano <= {at:Int64}`;

/** The parameter of VISITS_AT. */
export function atParameter(at: UnixNano): { at: string } {
  return { at: String(at) };
}
