import { StringTable } from '../../model/string-table.ts';
import type { UnixNano } from '../../model/units.ts';
import type { NativeColumn } from './column.ts';
import { arrayOf, constantMilliTime, fixed, lowCardinality, uint32 } from './column-makers.ts';
import { encodeBlock, type PlannedBlock, planBlock } from './encode.ts';

/** Makes the columns of a block out of rows that are objects; for rows about orders, not for spans. */
export class RowColumns<Row> {
  readonly #rows: readonly Row[];
  readonly #strings = new StringTable();
  readonly #words = new Map<string, number>();

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
  }

  /** String. */
  text(name: string, of: (row: Row) => string): NativeColumn {
    return { name, type: 'String', data: { kind: 'string', ids: this.#ids(of), strings: this.#strings } };
  }

  /** LowCardinality(String). */
  word(name: string, of: (row: Row) => string): NativeColumn {
    const ids = this.#fill(new Uint32Array(this.#rows.length), (row) => this.#idOfWord(of(row)));
    return lowCardinality(name, ids, this.#strings);
  }

  /** FixedString of `bytes` bytes, given as hexadecimal digits. */
  hex(name: string, bytes: number, of: (row: Row) => string): NativeColumn {
    return fixed(name, `FixedString(${bytes})`, Buffer.from(this.#rows.map(of).join(''), 'hex'));
  }

  /** DateTime64(9). */
  nanoTime(name: string, of: (row: Row) => UnixNano): NativeColumn {
    return fixed(
      name,
      "DateTime64(9, 'UTC')",
      new Uint8Array(this.#fill(new BigInt64Array(this.#rows.length), of).buffer),
    );
  }

  /** DateTime64(3), the same in every row. */
  constantMilliTime(name: string, at: UnixNano): NativeColumn {
    return constantMilliTime(name, at, this.#rows.length);
  }

  /** DateTime64(3) of milliseconds since the epoch. */
  milliTime(name: string, of: (row: Row) => number): NativeColumn {
    const times = this.#fill(new BigInt64Array(this.#rows.length), (row) => BigInt(Math.trunc(of(row))));
    return fixed(name, "DateTime64(3, 'UTC')", new Uint8Array(times.buffer));
  }

  /** Nullable(DateTime64(9)). */
  nanoTimeOrNull(name: string, of: (row: Row) => UnixNano | null): NativeColumn {
    const nulls = new Uint8Array(this.#rows.length);
    const times = new BigInt64Array(this.#rows.length);
    for (const [index, row] of this.#rows.entries()) {
      const at = of(row);
      if (at === null) nulls[index] = 1;
      else times[index] = at;
    }
    const inner = { kind: 'fixed', bytes: new Uint8Array(times.buffer) } as const;
    return { name, type: "Nullable(DateTime64(9, 'UTC'))", data: { kind: 'nullable', nulls, inner } };
  }

  /** Array(String). */
  texts(name: string, of: (row: Row) => readonly string[]): NativeColumn {
    const { ends, ids } = this.#lists(of, (value) => this.#strings.internText(value));
    return { name, type: 'Array(String)', data: arrayOf(ends, { kind: 'string', ids, strings: this.#strings }) };
  }

  /** Array(LowCardinality(String)). */
  words(name: string, of: (row: Row) => readonly string[]): NativeColumn {
    const { ends, ids } = this.#lists(of, (value) => this.#idOfWord(value));
    const data = arrayOf(ends, { kind: 'low_cardinality', ids, strings: this.#strings });
    return { name, type: 'Array(LowCardinality(String))', data };
  }

  uint8(name: string, of: (row: Row) => number): NativeColumn {
    return fixed(name, 'UInt8', this.#fill(new Uint8Array(this.#rows.length), of));
  }

  /** UInt64 of numbers that a JS number holds exactly. */
  uint64(name: string, of: (row: Row) => number): NativeColumn {
    return fixed(
      name,
      'UInt64',
      new Uint8Array(this.#fill(new BigUint64Array(this.#rows.length), (row) => BigInt(of(row))).buffer),
    );
  }

  /** UInt64, modulo 2^64. */
  bigUint64(name: string, of: (row: Row) => bigint): NativeColumn {
    return fixed(name, 'UInt64', new Uint8Array(this.#fill(new BigUint64Array(this.#rows.length), of).buffer));
  }

  int64(name: string, of: (row: Row) => bigint): NativeColumn {
    return fixed(name, 'Int64', new Uint8Array(this.#fill(new BigInt64Array(this.#rows.length), of).buffer));
  }

  int32(name: string, of: (row: Row) => number): NativeColumn {
    return fixed(name, 'Int32', new Uint8Array(this.#fill(new Int32Array(this.#rows.length), of).buffer));
  }

  int16(name: string, of: (row: Row) => number): NativeColumn {
    return fixed(name, 'Int16', new Uint8Array(this.#fill(new Int16Array(this.#rows.length), of).buffer));
  }

  uint16(name: string, of: (row: Row) => number): NativeColumn {
    return fixed(name, 'UInt16', new Uint8Array(this.#fill(new Uint16Array(this.#rows.length), of).buffer));
  }

  uint32(name: string, of: (row: Row) => number): NativeColumn {
    return uint32(name, this.#fill(new Uint32Array(this.#rows.length), of));
  }

  float32(name: string, of: (row: Row) => number): NativeColumn {
    return fixed(name, 'Float32', new Uint8Array(this.#fill(new Float32Array(this.#rows.length), of).buffer));
  }

  /** A column of zeros of a fixed width. */
  zeros(name: string, type: string, width: number): NativeColumn {
    return fixed(name, type, new Uint8Array(this.#rows.length * width));
  }

  /** Several times faster than `from`, which goes through iterators. */
  #fill<Value, Values extends { [index: number]: Value }>(values: Values, of: (row: Row) => Value): Values {
    let index = 0;
    for (const row of this.#rows) values[index++] = of(row);
    return values;
  }

  #lists(
    of: (row: Row) => readonly string[],
    idOf: (value: string) => number,
  ): { ends: Uint32Array; ids: Uint32Array } {
    const ends = new Uint32Array(this.#rows.length);
    const ids: number[] = [];
    for (const [index, row] of this.#rows.entries()) {
      for (const value of of(row)) ids.push(idOf(value));
      ends[index] = ids.length;
    }
    return { ends, ids: Uint32Array.from(ids) };
  }

  /** Words repeat, and are found by the string itself faster than by its bytes. */
  #idOfWord(word: string): number {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const id = this.#strings.internText(word);
    this.#words.set(word, id);
    return id;
  }

  #ids(of: (row: Row) => string): Uint32Array {
    const ids = new Uint32Array(this.#rows.length);
    // Most columns repeat the value of the row before.
    let last = '';
    let lastId = 0;
    for (const [index, row] of this.#rows.entries()) {
      const value = of(row);
      if (value !== last) {
        last = value;
        lastId = this.#strings.internText(value);
      }
      ids[index] = lastId;
    }
    return ids;
  }
}

/** Plans one block of rows; `encodeBlock` of their columns would make the bytes at once. */
export function planRows<Row>(
  rows: readonly Row[],
  columnsOf: (rows: RowColumns<Row>) => NativeColumn[],
): PlannedBlock {
  return planBlock(columnsOf(new RowColumns(rows)), rows.length);
}

/** Encodes rows as one block. Throws as `encodeBlock`. */
export function encodeRowBlock<Row>(
  rows: readonly Row[],
  columnsOf: (rows: RowColumns<Row>) => NativeColumn[],
): Uint8Array {
  return encodeBlock(columnsOf(new RowColumns(rows)), rows.length);
}
