import type { UnixNano } from '../model/units.ts';

/** Which orders figures are about, and when. */
export interface FigureScope {
  /** Everything as it was known then. */
  readonly at: UnixNano;
  /** Only orders that are described so; undefined for all. */
  readonly attribute?: { readonly name: string; readonly value: string } | undefined;
}

/** SQL condition of the scope's attribute on a row of `orders`; true for all where none is given. */
export const IN_SCOPE = `({attribute:String} = '' OR has(attributes, concat({attribute:String}, '=', {value:String})))`;

/** The parameters of IN_SCOPE, and the time. */
export function scopeParameters({ at, attribute }: FigureScope): { at: string; attribute: string; value: string } {
  return { at: String(at), attribute: attribute?.name ?? '', value: attribute?.value ?? '' };
}
