import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StringTable } from '../../model/string-table.ts';
import type { NativeColumn } from './column.ts';
import { encodeBlock } from './encode.ts';
import { joinBlocks } from './join.ts';
import { type NativeType, parseNativeType } from './type.ts';

interface Row {
  readonly number: number;
  readonly text: string;
  readonly word: string;
  readonly words: readonly string[];
  readonly maybe: number | null;
  readonly lists: readonly (readonly string[])[];
}

/** Rows as one block with a column of each kind; strings have other ids in each. */
function blockOf(rows: readonly Row[], skipped = 0): Uint8Array {
  const strings = new StringTable();
  for (let index = 0; index < skipped; index += 1) strings.internText(`unused ${index}`);
  const idsOf = (texts: readonly string[]): Uint32Array => Uint32Array.from(texts, (text) => strings.internText(text));
  const endsOf = (lists: readonly (readonly unknown[])[]): Uint32Array => {
    let end = 0;
    return Uint32Array.from(lists, ({ length }) => {
      end += length;
      return end;
    });
  };
  const words = rows.flatMap((row) => row.words);
  const lists = rows.flatMap((row) => row.lists);
  const columns: NativeColumn[] = [
    { name: 'number', type: 'UInt8', data: { kind: 'fixed', bytes: Uint8Array.from(rows, ({ number }) => number) } },
    { name: 'text', type: 'String', data: { kind: 'string', ids: idsOf(rows.map(({ text }) => text)), strings } },
    {
      name: 'word',
      type: 'LowCardinality(String)',
      data: { kind: 'low_cardinality', ids: idsOf(rows.map(({ word }) => word)), strings },
    },
    {
      name: 'words',
      type: 'Array(LowCardinality(String))',
      data: {
        kind: 'array',
        ends: endsOf(rows.map((row) => row.words)),
        inner: { kind: 'low_cardinality', ids: idsOf(words), strings },
      },
    },
    {
      name: 'maybe',
      type: 'Nullable(UInt8)',
      data: {
        kind: 'nullable',
        nulls: Uint8Array.from(rows, ({ maybe }) => (maybe === null ? 1 : 0)),
        inner: { kind: 'fixed', bytes: Uint8Array.from(rows, ({ maybe }) => maybe ?? 0) },
      },
    },
    {
      name: 'lists',
      type: 'Array(Array(String))',
      data: {
        kind: 'array',
        ends: endsOf(rows.map((row) => row.lists)),
        inner: { kind: 'array', ends: endsOf(lists), inner: { kind: 'string', ids: idsOf(lists.flat()), strings } },
      },
    },
  ];
  return encodeBlock(columns, rows.length);
}

/** Reads a block value by value, as the format is documented; knows nothing of how it was written. */
function read(block: Uint8Array): Record<string, unknown>[] {
  const bytes = Buffer.from(block);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const uint64 = (): number => {
    at += 8;
    return Number(bytes.readBigUInt64LE(at - 8));
  };
  const text = (): string => {
    const length = varint();
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  const times = <Value>(count: number, next: () => Value): Value[] => Array.from({ length: count }, next);
  const hasDictionary = (type: NativeType): boolean =>
    type.kind === 'low_cardinality' ||
    ((type.kind === 'array' || type.kind === 'nullable') && hasDictionary(type.inner));
  const values = (type: NativeType, rows: number): unknown[] => {
    if (type.kind === 'fixed') return times(rows, () => bytes.readUInt8(at++));
    if (type.kind === 'string') return times(rows, text);
    if (type.kind === 'array') {
      const ends = times(rows, uint64);
      const elements = values(type.inner, ends.at(-1) ?? 0);
      return ends.map((end, row) => elements.slice(ends[row - 1] ?? 0, end));
    }
    if (type.kind === 'nullable') {
      const nulls = times(rows, () => bytes.readUInt8(at++));
      return values(type.inner, rows).map((value, row) => (nulls[row] === 1 ? null : value));
    }
    if (rows === 0) return [];
    const width = 2 ** (uint64() & 0xff);
    const keys = times(uint64(), text);
    return times(uint64(), () => {
      at += width;
      return keys[bytes.readUIntLE(at - width, width)];
    });
  };
  const count = varint();
  const rows: Record<string, unknown>[] = [];
  const length = varint();
  for (let row = 0; row < length; row += 1) rows.push({});
  for (let column = 0; column < count; column += 1) {
    const name = text();
    const type = parseNativeType(text());
    if (hasDictionary(type)) expect(uint64()).toBe(1);
    for (const [row, value] of values(type, length).entries()) Object.assign(rows[row] ?? {}, { [name]: value });
  }
  expect(at).toBe(bytes.length);
  return rows;
}

const word = fc.constantFrom('', 'a', 'b', 'ключ', 'long '.repeat(40));
const row: fc.Arbitrary<Row> = fc.record({
  number: fc.nat(255),
  text: fc.string(),
  word,
  words: fc.array(word, { maxLength: 4 }),
  maybe: fc.option(fc.nat(255)),
  lists: fc.array(fc.array(fc.string(), { maxLength: 3 }), { maxLength: 3 }),
});

describe('joinBlocks', () => {
  it('makes one block of the same rows in the same order, however they come in blocks and chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.array(row, { maxLength: 5 }), { maxLength: 4 }), { maxLength: 4 }), (chunks) => {
        const bytes = chunks.map((blocks) => Buffer.concat(blocks.map((rows, index) => blockOf(rows, index * 100))));
        const { blocks, shapes } = joinBlocks(bytes);
        const rows = chunks.flat(2);
        expect(blocks.flatMap(read)).toEqual(rows);
        expect([blocks.length, shapes.length]).toEqual(rows.length === 0 ? [0, 0] : [1, 1]);
        expect(joinBlocks(bytes).blocks).toEqual(blocks);
      }),
    );
  });

  it.each([
    [200, 0],
    [40_000, 1],
  ])('reads and writes indexes into %i different words', (distinct, indexType) => {
    const rows = Array.from({ length: distinct }, (_, index): Row => {
      return { number: 1, text: '', word: `w${index}`, words: [], maybe: null, lists: [] };
    });
    // Two that have half of the words each, then one that has all.
    const halves = [blockOf(rows.slice(0, distinct / 2)), blockOf(rows.slice(distinct / 2), 70_000)];
    const { blocks } = joinBlocks(halves);
    const twice = joinBlocks([...blocks, blockOf(rows.slice(0, 20_000))]).blocks;
    expect(blocks.flatMap(read)).toEqual(rows);
    expect(twice.flatMap(read)).toEqual([...rows, ...rows.slice(0, 20_000)]);
    // Behind the version of the dictionary of the first column that has one.
    const flagsAt =
      Buffer.from(blocks[0] ?? []).indexOf('LowCardinality(String)') + 'LowCardinality(String)'.length + 8;
    expect(blocks[0]?.[flagsAt]).toBe(indexType);
  });

  it('begins another block where columns differ or there are too many rows', () => {
    const one: Row = { number: 1, text: 't', word: 'w', words: [], maybe: 2, lists: [] };
    const large = Array.from({ length: 40_000 }, (): Row => one);
    const other = encodeBlock([{ name: 'number', type: 'UInt8', data: { kind: 'fixed', bytes: Uint8Array.of(9) } }], 1);
    const { blocks, shapes } = joinBlocks([
      blockOf([one]),
      other,
      other,
      blockOf(large),
      blockOf(large),
      blockOf([one]),
    ]);
    expect(shapes.map(({ columns }) => columns.length)).toEqual([6, 1, 6, 6]);
    expect(blocks.map((block) => read(block).length)).toEqual([1, 2, 40_000, 40_001]);
  });
});
