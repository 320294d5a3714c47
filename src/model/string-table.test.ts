import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StringTable } from './string-table.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('StringTable', () => {
  it('names equal strings alike, different ones differently, and gives each back', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 80 }), { maxLength: 300 }), (texts) => {
        const table = new StringTable();
        const ids = texts.map((text) => table.internText(text));
        expect(ids.map((id) => table.text(id))).toEqual(texts);
        expect(new Set(ids).size).toBe(new Set(texts).size);
      }),
    );
  });

  it('has the empty string as id 0', () => {
    const table = new StringTable();
    expect([table.internText(''), table.size, table.byteLength]).toEqual([0, 1, 0]);
  });

  it('reads a part of a larger body without keeping the body', () => {
    const table = new StringTable();
    const body = bytesOf('xxorder.idyy');
    const id = table.intern(body, 2, 10);
    body.fill(0);
    expect(table.text(id)).toBe('order.id');
  });

  it('keeps a leading byte order mark', () => {
    const table = new StringTable();
    expect(table.text(table.internText('\uFEFFa'))).toBe('\uFEFFa');
  });

  it('stays quick for many strings that differ in one byte only, wherever it is', () => {
    const table = new StringTable();
    const value = new Uint8Array(128).fill(97);
    let probes = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const at = round % 126;
      value[at] = (round / 126) & 0xff;
      value[at + 1] = round & 0xff;
      probes += table.intern(value, 0, 128) >= 0 ? 1 : 0;
      value.fill(97, at, at + 2);
    }
    // Quadratic probing cost would show as a test that runs into its timeout of 30 s.
    expect(probes).toBe(20_000);
  });
});
