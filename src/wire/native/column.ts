import type { StringTable } from '../../model/string-table.ts';

/**
 * The values of one column, as numbers and raw bytes; no JS string per value.
 *
 * - `fixed`: rows × width bytes, little-endian, as the type says (numbers, times, FixedString, UUID).
 * - `string`: one string id per row, for `String`.
 * - `low_cardinality`: one string id per row, for `LowCardinality(String)`; the encoder makes a dictionary of the used ids per block.
 * - `array`: `ends[i]` is the offset behind the last element of row i in `inner`; row 0 starts at 0.
 * - `nullable`: `nulls[i]` is 1 where row i is NULL; `inner` has a (default) value for those rows too.
 */
export type NativeData =
  | { readonly kind: 'fixed'; readonly bytes: Uint8Array }
  | { readonly kind: 'string'; readonly ids: Uint32Array; readonly strings: StringTable }
  | { readonly kind: 'low_cardinality'; readonly ids: Uint32Array; readonly strings: StringTable }
  | { readonly kind: 'array'; readonly ends: Uint32Array; readonly inner: NativeData }
  | { readonly kind: 'nullable'; readonly nulls: Uint8Array; readonly inner: NativeData };

/** A named column of a Native block. */
export interface NativeColumn {
  /** Name of the column in the table; a block with a name that the table lacks is refused by the store. */
  readonly name: string;
  /** ClickHouse type text, e.g. `Array(LowCardinality(String))`. */
  readonly type: string;
  readonly data: NativeData;
}

/** The bytes behind 32-bit numbers, or behind low and high halves of 64-bit numbers, without a copy; little-endian machines only. */
export function littleEndianBytes(values: Uint32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
