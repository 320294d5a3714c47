import type { UintColumn } from '../../model/columns.ts';
import type { StringTable } from '../../model/string-table.ts';
import type { UnixNano } from '../../model/units.ts';
import type { NativeColumn, NativeData } from './column.ts';

/** A column of fixed-width values given as little-endian bytes. */
export function fixed(name: string, type: string, bytes: Uint8Array): NativeColumn {
  return { name, type, data: { kind: 'fixed', bytes } };
}

/** A column of 32-bit numbers. */
export function uint32(name: string, values: Uint32Array): NativeColumn {
  return fixed(name, 'UInt32', new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

/** A LowCardinality(String) column of interned strings. */
export function lowCardinality(name: string, ids: Uint32Array, strings: StringTable): NativeColumn {
  return { name, type: 'LowCardinality(String)', data: { kind: 'low_cardinality', ids, strings } };
}

/** A String column of JS strings; not for span attributes. */
export function texts(name: string, values: readonly string[], strings: StringTable): NativeColumn {
  const ids = new Uint32Array(values.length);
  for (let row = 0; row < ids.length; row += 1) {
    const value = values[row] ?? '';
    // Most rows name nothing, and 0 is the empty string.
    if (value !== '') ids[row] = strings.internText(value);
  }
  return { name, type: 'String', data: { kind: 'string', ids, strings } };
}

/** A DateTime64(3) column that holds the same time in every row. */
export function constantMilliTime(name: string, at: UnixNano, rows: number): NativeColumn {
  const millis = new BigInt64Array(rows).fill(at / 1_000_000n);
  return fixed(name, "DateTime64(3, 'UTC')", new Uint8Array(millis.buffer));
}

/** Wraps data into an array column by its end offsets. */
export function arrayOf(ends: Uint32Array, inner: NativeData): NativeData {
  return { kind: 'array', ends, inner };
}

/** The little-endian bytes of a column of 32-bit numbers, or of halves of 64-bit numbers. */
export function bytesOf(column: UintColumn): Uint8Array {
  const { values } = column;
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
