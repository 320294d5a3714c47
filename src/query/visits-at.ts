import type { UnixNano } from '../model/units.ts';

/** Which orders figures are about, and when. */
export interface FigureScope {
  /** Everything as it was known then. */
  readonly at: UnixNano;
  /** Only orders that are described so; undefined for all. */
  readonly attribute?: { readonly name: string; readonly value: string } | undefined;
}

/** SQL condition of the scope's attribute on a row of `orders`; true for all where none is given. */
export const IN_SCOPE = `({attribute:String} = '' OR has(arrayZip(attribute_names, attribute_values), ({attribute:String}, {value:String})))`;

/**
 * SQL of all visits in the scope as they were known at `{at:Int64}` (nanoseconds): what was entered later is not there, and what was left
 * later is still open. Columns: status, entered_nano, left_nano (null while open).
 */
export const VISITS_AT = `SELECT status, toUnixTimestamp64Nano(entered) AS entered_nano,
    if(isNull(left_at) OR toUnixTimestamp64Nano(assumeNotNull(left_at)) > {at:Int64}, NULL,
      toUnixTimestamp64Nano(assumeNotNull(left_at))) AS left_nano
  FROM orders FINAL ARRAY JOIN visit_statuses AS status, visit_entered_at AS entered, visit_left_at AS left_at
  WHERE entered_nano <= {at:Int64} AND ${IN_SCOPE}`;

/** The parameters of VISITS_AT and IN_SCOPE. */
export function scopeParameters({ at, attribute }: FigureScope): { at: string; attribute: string; value: string } {
  return { at: String(at), attribute: attribute?.name ?? '', value: attribute?.value ?? '' };
}
