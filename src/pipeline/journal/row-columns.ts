import { StringTable } from '../../model/string-table.ts';
import type { UnixNano } from '../../model/units.ts';
import type { NativeColumn } from '../../wire/native/column.ts';
import { encodeBlock } from '../../wire/native/encode.ts';
import { constantMilliTime, fixed, lowCardinality, uint32 } from './native-columns.ts';
import type { TableBlock } from './record.ts';

/** Makes the columns of a block out of rows that are objects; for the few rows about orders, not for spans. */
class RowColumns<Row> {
  readonly #rows: readonly Row[];
  readonly #strings = new StringTable();

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
  }

  /** String. */
  text(name: string, of: (row: Row) => string): NativeColumn {
    return { name, type: 'String', data: { kind: 'string', ids: this.#ids(of), strings: this.#strings } };
  }

  /** LowCardinality(String). */
  word(name: string, of: (row: Row) => string): NativeColumn {
    return lowCardinality(name, this.#ids(of), this.#strings);
  }

  /** FixedString of `bytes` bytes, given as hexadecimal digits. */
  hex(name: string, bytes: number, of: (row: Row) => string): NativeColumn {
    return fixed(name, `FixedString(${bytes})`, Buffer.from(this.#rows.map(of).join(''), 'hex'));
  }

  /** DateTime64(9). */
  nanoTime(name: string, of: (row: Row) => UnixNano): NativeColumn {
    return fixed(name, "DateTime64(9, 'UTC')", new Uint8Array(BigInt64Array.from(this.#rows, of).buffer));
  }

  /** DateTime64(3), the same in every row. */
  constantMilliTime(name: string, at: UnixNano): NativeColumn {
    return constantMilliTime(name, at, this.#rows.length);
  }

  uint32(name: string, of: (row: Row) => number): NativeColumn {
    return uint32(name, Uint32Array.from(this.#rows, of));
  }

  /** A column of zeros of a fixed width. */
  zeros(name: string, type: string, width: number): NativeColumn {
    return fixed(name, type, new Uint8Array(this.#rows.length * width));
  }

  #ids(of: (row: Row) => string): Uint32Array {
    return Uint32Array.from(this.#rows, (row) => this.#strings.internText(of(row)));
  }
}

/** Encodes rows as one block of a table; undefined when there are none. */
export function encodeRows<Row>(
  table: string,
  rows: readonly Row[],
  columnsOf: (rows: RowColumns<Row>) => NativeColumn[],
): TableBlock | undefined {
  if (rows.length === 0) return undefined;
  return { table, rows: rows.length, block: encodeBlock(columnsOf(new RowColumns(rows)), rows.length) };
}
