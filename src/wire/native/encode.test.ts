import { describe, expect, it } from 'vitest';
import { StringTable } from '../../model/string-table.ts';
import { littleEndianBytes, type NativeColumn } from './column.ts';
import { encodeBlock } from './encode.ts';
import { type BlockShape, skimBlocks } from './skim.ts';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replaceAll(/(..)(?=.)/g, '$1 ');
}

/** `text` as length and bytes, in hex. */
function lengthPrefixed(text: string): string {
  return hex(Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]));
}

function idsOf(strings: StringTable, ...texts: string[]): Uint32Array {
  return Uint32Array.from(texts, (text) => strings.internText(text));
}

/** Shapes without where the values lie. */
function shapesOf(bytes: Uint8Array): (Pick<BlockShape, 'rows' | 'byteLength'> & { columns: unknown })[] {
  return skimBlocks(bytes).map(({ columns, rows, byteLength }) => ({
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows,
    byteLength,
  }));
}

describe('encodeBlock', () => {
  it('writes numbers and strings as ClickHouse does', () => {
    const strings = new StringTable();
    const block = encodeBlock(
      [
        { name: 'n', type: 'UInt16', data: { kind: 'fixed', bytes: Uint8Array.of(1, 0, 2, 1) } },
        { name: 's', type: 'String', data: { kind: 'string', ids: idsOf(strings, 'ab', ''), strings } },
      ],
      2,
    );
    expect(hex(block)).toBe(
      ['02 02', lengthPrefixed('n'), lengthPrefixed('UInt16'), '01 00 02 01', lengthPrefixed('s')]
        .concat([lengthPrefixed('String'), '02 61 62 00'])
        .join(' '),
    );
  });

  it('writes a dictionary of only the used strings, the empty one among them', () => {
    const strings = new StringTable();
    strings.internText('unused');
    const ids = idsOf(strings, 'b', '', 'b', 'a');
    const type = 'LowCardinality(String)';
    const block = encodeBlock([{ name: 'l', type, data: { kind: 'low_cardinality', ids, strings } }], 4);
    expect(hex(block)).toBe(
      [
        '01 04',
        lengthPrefixed('l'),
        lengthPrefixed(type),
        '01 00 00 00 00 00 00 00', // version of the keys
        '00 02 00 00 00 00 00 00', // UInt8 indexes, additional keys
        '03 00 00 00 00 00 00 00',
        '01 62 00 01 61',
        '04 00 00 00 00 00 00 00',
        '00 01 00 02',
      ].join(' '),
    );
  });

  it('writes the dictionary version before the offsets of nested arrays, and nothing behind them when they are empty', () => {
    const strings = new StringTable();
    const type = 'Array(Array(LowCardinality(String)))';
    const column: NativeColumn = {
      name: 'a',
      type,
      data: {
        kind: 'array',
        ends: Uint32Array.of(1, 1),
        inner: {
          kind: 'array',
          ends: Uint32Array.of(0),
          inner: { kind: 'low_cardinality', ids: new Uint32Array(0), strings },
        },
      },
    };
    expect(hex(encodeBlock([column], 2))).toBe(
      [
        '01 02',
        lengthPrefixed('a'),
        lengthPrefixed(type),
        '01 00 00 00 00 00 00 00',
        '01 00 00 00 00 00 00 00',
        '01 00 00 00 00 00 00 00',
        '00 00 00 00 00 00 00 00',
      ].join(' '),
    );
  });

  it('writes the null map before the values', () => {
    const data = {
      kind: 'nullable',
      nulls: Uint8Array.of(0, 1),
      inner: { kind: 'fixed', bytes: Uint8Array.of(7, 0) },
    } as const;
    expect(hex(encodeBlock([{ name: 'x', type: 'Nullable(UInt8)', data }], 2)).endsWith('00 01 07 00')).toBe(true);
  });

  it('writes only names and types where there are no rows', () => {
    const data = { kind: 'low_cardinality', ids: new Uint32Array(0), strings: new StringTable() } as const;
    const type = 'LowCardinality(String)';
    expect(hex(encodeBlock([{ name: 'l', type, data }], 0))).toBe(
      ['01 00', lengthPrefixed('l'), lengthPrefixed(type)].join(' '),
    );
  });

  it.each([
    [0x100, 0],
    [0x101, 1],
    [0x10000, 1],
    [0x10001, 2],
  ])('chooses the index type for a dictionary of %i strings', (distinct, indexType) => {
    const strings = new StringTable();
    const ids = Uint32Array.from({ length: distinct }, (_, index) => strings.internText(`v${index}`));
    const type = 'LowCardinality(String)';
    const block = encodeBlock([{ name: 'l', type, data: { kind: 'low_cardinality', ids, strings } }], distinct);
    const flagsAt = 1 + Math.ceil(Math.log2(distinct + 1) / 7) + 2 + 1 + type.length + 8;
    expect(block[flagsAt]).toBe(indexType);
    expect(shapesOf(block)).toEqual([{ columns: [{ name: 'l', type }], rows: distinct, byteLength: block.length }]);
  });

  it('refuses data that does not fit its type or the number of rows', () => {
    const fixed = { kind: 'fixed', bytes: new Uint8Array(8) } as const;
    expect(() => encodeBlock([{ name: 'n', type: 'UInt64', data: fixed }], 2)).toThrow('column n');
    expect(() => encodeBlock([{ name: 'n', type: 'String', data: fixed }], 1)).toThrow('column n');
    expect(() => encodeBlock([{ name: 'n', type: 'Map(String, String)', data: fixed }], 1)).toThrow('Map(');
  });
});

describe('skimBlocks', () => {
  const strings = new StringTable();
  const block = encodeBlock(
    [
      { name: 't', type: "DateTime64(9, 'UTC')", data: { kind: 'fixed', bytes: new Uint8Array(16) } },
      {
        name: 'v',
        type: 'Array(Array(String))',
        data: {
          kind: 'array',
          ends: Uint32Array.of(2, 2),
          inner: {
            kind: 'array',
            ends: Uint32Array.of(1, 3),
            inner: { kind: 'string', ids: idsOf(strings, 'a', 'bc', ''), strings },
          },
        },
      },
      { name: 'i', type: 'UInt32', data: { kind: 'fixed', bytes: littleEndianBytes(Uint32Array.of(1, 2)) } },
    ],
    2,
  );

  it('reads the shape of every concatenated block', () => {
    const shape = {
      columns: [
        { name: 't', type: "DateTime64(9, 'UTC')" },
        { name: 'v', type: 'Array(Array(String))' },
        { name: 'i', type: 'UInt32' },
      ],
      rows: 2,
      byteLength: block.length,
    };
    expect(shapesOf(Buffer.concat([block, block]))).toEqual([shape, shape]);
  });

  it('refuses a block that was cut off at any byte', () => {
    for (let length = 1; length < block.length; length += 1) {
      expect(() => skimBlocks(block.subarray(0, length))).toThrow(/Native/);
    }
  });
});
