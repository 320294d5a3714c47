import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { proposeCsvMapping } from './csv-proposal.ts';
import { CsvReader, type CsvReaderOptions } from './csv-reader.ts';
import { CsvRecords, detectSeparator, MAX_RECORD_CHARACTERS } from './csv-records.ts';
import { row } from './csv-writer.ts';
import type { EventLogItem } from './event.ts';
import { TimestampParser } from './timestamp.ts';

const MAPPING = { case: 'case', activity: 'activity', timestamp: 'time' };

function readAll(bytes: Uint8Array | string, options: Partial<CsvReaderOptions> = {}, step = 7): EventLogItem[] {
  const reader = new CsvReader({ mapping: MAPPING, separator: ',', timestamps: new TimestampParser(), ...options });
  const all = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  const items: EventLogItem[] = [];
  for (let at = 0; at < all.length; at += step) items.push(...reader.push(all.subarray(at, at + step)));
  items.push(...reader.end());
  return items;
}

const brief = (items: readonly EventLogItem[]): unknown[] =>
  items.map((item) => {
    if (item.kind === 'event')
      return [item.line, item.caseId, item.activity, item.attributes.map(([, , value]) => value)];
    return item.kind === 'rejected' ? [item.line, item.reason, item.raw] : item;
  });

const T = '2025-01-01T00:00:00Z';

describe('CSV', () => {
  test('quotes, doubled quotes, line ends inside quotes, CRLF and blank lines are read after RFC 4180', () => {
    const text = `case,activity,time,note\r\n1,"a,b",${T},"say ""hi"""\r\n\r\n2,c,${T},"two\r\nlines"\n3,d,${T},`;
    expect(brief(readAll(text))).toEqual([
      [2, '1', 'a,b', ['say "hi"']],
      [4, '2', 'c', ['two\r\nlines']],
      [6, '3', 'd', []],
    ]);
  });

  test('an empty field is no attribute, quoted emptiness is an empty one', () => {
    expect(brief(readAll(`case,activity,time,x,y\n1,a,${T},,""\n`))).toEqual([[2, '1', 'a', ['']]]);
  });

  test('the outcome does not depend on how the bytes are cut', () => {
    const text = `\ufeffcase;activity;time;Größe\r\n1;"é""𝄞";${T};"\r\n"\r\n2;b;${T};ж\r\n3;"bad"x;${T};1\r\n4;d;${T};2`;
    const whole = readAll(text, { separator: ';' }, 10_000);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (step) => {
        expect(readAll(text, { separator: ';' }, step)).toEqual(whole);
      }),
    );
    expect(brief(whole)).toEqual([
      [2, '1', 'é"𝄞', ['\r\n']],
      [4, '2', 'b', ['ж']],
      [5, 'text follows a closing quote', `3;"bad"x;${T};1`],
      [6, '4', 'd', ['2']],
    ]);
  });

  test('columns with the prefix case: describe the case', () => {
    const [event] = readAll(`case,activity,time,case:channel,by\n1,a,${T},web,Ann\n`);
    expect(event).toMatchObject({
      attributes: [['by', 'string', 'Ann']],
      caseAttributes: [['channel', 'string', 'web']],
    });
  });

  test('source and id come from their columns, and are null where empty', () => {
    const mapping = { ...MAPPING, source: 'system', id: 'nr' };
    const items = readAll(`case,activity,time,system,nr\n1,a,${T},CRM,7\n1,b,${T},,\n`, { mapping });
    expect(items).toMatchObject([
      { source: 'CRM', id: '7', attributes: [] },
      { source: null, id: null },
    ]);
  });

  test.each([
    ['too few fields', `1,a\n`, '2 fields where the header has 3'],
    ['too many fields', `1,a,${T},x\n`, '4 fields where the header has 3'],
    ['no case', `,a,${T}\n`, 'the case id is empty'],
    ['no activity', `1,,${T}\n`, 'the activity is empty'],
    ['no time', `1,a,\n`, 'the timestamp is empty'],
    ['a time that is none', `1,a,soon\n`, 'the timestamp is not a time'],
    ['a long case id', `${'x'.repeat(257)},a,${T}\n`, 'longer than 256'],
    ['a long activity', `1,${'x'.repeat(257)},${T}\n`, 'longer than 256'],
    ['a quote that is not closed', `1,"a,${T}\n`, 'a quote is not closed'],
    ['text after a quote', `1,"a"b,${T}\n`, 'text follows a closing quote'],
  ])('%s costs that row only, with its line and its text', (_name, bad, reason) => {
    const items = readAll(`case,activity,time\n0,z,${T}\n${bad}2,b,${T}\n`);
    expect(items.map(({ kind, line }) => [kind, line])).toEqual([
      ['event', 2],
      ['rejected', 3],
      ['event', 4],
    ]);
    expect(items[1]).toMatchObject({ reason: expect.stringContaining(reason), raw: bad.trimEnd() });
    expect(items[2]).toMatchObject({ ordinal: 2 });
  });

  test('a stray quote that closes lines later costs one line, not the lines between', () => {
    const text = `case,activity,time\n1,"a,${T}\n2,b,${T}\n3,"c",${T}\n`;
    expect(readAll(text).map(({ kind, line }) => [kind, line])).toEqual([
      ['rejected', 2],
      ['event', 3],
      ['event', 4],
    ]);
  });

  test('a quote that is never closed in a long file costs one line', () => {
    const rows = Array.from({ length: 60_000 }, (_, index) => `${index},b,${T}`).join('\n');
    const items = readAll(`case,activity,time\n1,"a,${T}\n${rows}\n`, {}, 65_536);
    expect(items.filter(({ kind }) => kind === 'rejected')).toHaveLength(1);
    expect(items.filter(({ kind }) => kind === 'event')).toHaveLength(60_000);
  });

  test('a line without end is refused as no CSV', () => {
    const text = `case,activity,time\n1,"${'x'.repeat(MAX_RECORD_CHARACTERS + 10)}`;
    expect(() => readAll(text, {}, 100_000)).toThrow(/line 2 is longer/);
  });

  test('bytes of another encoding are refused with the remedy, and read when it is named', () => {
    const bytes = Buffer.from([...Buffer.from(`case,activity,time\n1,`), 0xcf, 0xf0, ...Buffer.from(`,${T}\n`)]);
    expect(() => readAll(bytes)).toThrow(expect.objectContaining({ remedy: expect.stringContaining('--encoding') }));
    expect(brief(readAll(bytes, { encoding: 'windows-1251' }))).toEqual([[2, '1', 'Пр', []]]);
    expect(brief(readAll(Buffer.from(`\ufeffcase,activity,time\n1,ж,${T}\n`, 'utf16le')))).toEqual([[2, '1', 'ж', []]]);
    expect(() => readAll('', { encoding: 'klingon' })).toThrow(/encoding is not known/);
  });

  test('a missing column, an empty file and a broken header are errors of the file', () => {
    expect(() => readAll(`case,activity\n`)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', remedy: expect.stringContaining('case, activity') }),
    );
    expect(() => readAll('')).toThrow(/empty/);
    expect(() => readAll('"case"x,activity,time\n')).toThrow(/header row/);
  });

  test('what the writer quotes, the tokenizer reads back: any fields', () => {
    const table = fc.integer({ min: 2, max: 5 }).chain((width) =>
      fc.array(fc.array(fc.option(fc.string({ unit: 'binary' })), { minLength: width, maxLength: width }), {
        minLength: 1,
        maxLength: 5,
      }),
    );
    fc.assert(
      fc.property(table, (rows) => {
        const records = new CsvRecords(',');
        const read = [...records.push(rows.map(row).join('')), ...records.end()];
        expect(read.map(({ fields }) => fields)).toEqual(rows);
        expect(read.filter(({ problem }) => problem !== undefined)).toEqual([]);
      }),
    );
  });

  test.each([
    ['a,b,c', ','],
    ['a;b,x;c', ';'],
    ['a\tb\tc', '\t'],
    ['a|b|c', '|'],
    ['"a;b;c;d",e', ','],
    ['alone', ','],
  ])('the separator of %s is found', (header, separator) => {
    expect(detectSeparator(`${header}\n`)).toBe(separator);
  });
});

describe('the proposal of columns', () => {
  const propose = (text: string, given = {}): ReturnType<typeof proposeCsvMapping> =>
    proposeCsvMapping(Buffer.from(text), { given });

  test('goes by the names in the header and says why', () => {
    const rows = Array.from({ length: 6 }, (_, index) => `o${index >> 1};S${index % 2};${T};shop;${index}`).join('\n');
    const proposal = propose(`Order_ID;Status;Timestamp;System;Event ID\n${rows}\n`);
    expect(proposal).toMatchObject({
      separator: ';',
      mapping: { case: 'Order_ID', activity: 'Status', timestamp: 'Timestamp', source: 'System', id: 'Event ID' },
      missing: [],
      timestampFormat: 'auto',
    });
    expect(proposal.reasons.find(({ role }) => role === 'case')?.reason).toContain('3 different values stand in 6');
  });

  test('does not believe a name that the values contradict', () => {
    const rows = Array.from(
      { length: 6 },
      (_, index) => `o${index >> 1},a,${T.replace('00Z', `0${index}Z`)},1,soon`,
    ).join('\n');
    const { mapping } = propose(`case,activity,at,event id,time\n${rows}\n`);
    expect(mapping).toEqual({ case: 'case', activity: 'activity', timestamp: 'at' });
  });

  test('goes by the values where the names say nothing', () => {
    const rows = Array.from(
      { length: 12 },
      (_, index) =>
        `k${Math.floor(index / 3)},EU,step ${index % 3},${T.replace('00:00Z', `00:${10 + index}Z`)},${index}`,
    );
    const { mapping, missing } = propose(`alpha,beta,gamma,delta,n\n${rows.join('\n')}\n`);
    expect(mapping).toEqual({ case: 'alpha', activity: 'gamma', timestamp: 'delta' });
    expect(missing).toEqual([]);
  });

  test('keeps what is given, names what is missing and decides on slashes by the samples', () => {
    expect(propose(`x,y\n1,2\n`, { case: 'x' })).toMatchObject({
      mapping: { case: 'x' },
      missing: ['activity', 'timestamp'],
    });
    expect(propose(`case,activity,date\n1,a,13/01/2025\n1,b,01/02/2025\n`).timestampFormat).toBe('dd/mm/yyyy');
    expect(propose(`case,activity,date\n1,a,03/01/2025\n`).timestampFormat).toBe('auto');
    expect(propose('').missing).toEqual(['case', 'activity', 'timestamp']);
  });
});
