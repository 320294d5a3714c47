import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatRfc3339, MAX_UNIX_NANO, MIN_UNIX_NANO } from '../../model/units.ts';
import { slashFormat, type TimestampOptions, TimestampParser } from './timestamp.ts';

function read(text: string, options: TimestampOptions = {}): string {
  const at = new TimestampParser(options).parse(text);
  return typeof at === 'string' ? `refused: ${at}` : formatRfc3339(at);
}

describe('timestamps', () => {
  test.each([
    ['2011-10-01T00:38:44.546+02:00', '2011-09-30T22:38:44.546Z'],
    ['2011-10-01 00:38:44.546000+0200', '2011-09-30T22:38:44.546Z'],
    ['2016-05-01 17:10:00', '2016-05-01T17:10:00Z'],
    ['2016-05-01 17:10', '2016-05-01T17:10:00Z'],
    ['2016-05-01', '2016-05-01T00:00:00Z'],
    ['2019/11/03 01:11:19.000', '2019-11-03T01:11:19Z'],
    ['2016-05-01 17:10:00 UTC', '2016-05-01T17:10:00Z'],
    ['2016-05-01T17:10:00.123456789987Z', '2016-05-01T17:10:00.123456789Z'],
    ['31.12.2025 23:59', '2025-12-31T23:59:00Z'],
    ['1.2.2025, 3:04:05', '2025-02-01T03:04:05Z'],
    ['1452034800', '2016-01-05T23:00:00Z'],
    ['1452034800.5', '2016-01-05T23:00:00.500Z'],
    ['1452034800000', '2016-01-05T23:00:00Z'],
    ['1452034800000.0', '2016-01-05T23:00:00Z'],
    ['1452034800000001', '2016-01-05T23:00:00.000001Z'],
    ['1452034800000000001', '2016-01-05T23:00:00.000000001Z'],
    ['2024-02-29 00:00:00', '2024-02-29T00:00:00Z'],
  ])('%s is read as %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test.each([
    ['01/02/2025 10:00', /dd\/mm\/yyyy or mm\/dd\/yyyy/],
    ['25/02/2025 10:00', /dd\/mm\/yyyy or mm\/dd\/yyyy/],
    ['20250102', /epoch-s/],
    ['12345678901', /epoch-s/],
    ['2025-02-29 10:00:00', /does not exist/],
    ['2025-13-01', /does not exist/],
    ['2025-01-01 24:00:00', /does not exist/],
    ['2025-01-01 10:61:00', /does not exist/],
    ['2025-01-01T10:00:00+25:00', /does not exist/],
    ['32.01.2025', /does not exist/],
    ['1850-01-01', /1900 to 2261/],
    ['9999-01-01', /1900 to 2261/],
    ['yesterday', /not a time/],
    ['', /not a time/],
    ['NaN', /not a time/],
  ])('%s is refused', (text, reason) => {
    expect(read(text)).toMatch(/^refused/);
    expect(read(text)).toMatch(reason);
  });

  test('a form that is named is the only one that is read', () => {
    expect(read('01/02/2025 10:00', { format: 'dd/mm/yyyy' })).toBe('2025-02-01T10:00:00Z');
    expect(read('01/02/2025 10:00', { format: 'mm/dd/yyyy' })).toBe('2025-01-02T10:00:00Z');
    expect(read('20250102', { format: 'epoch-s' })).toBe('1970-08-23T09:01:42Z');
    expect(read('-1.5', { format: 'epoch-s' })).toBe('1969-12-31T23:59:58.500Z');
    expect(read('2025-01-02', { format: 'epoch-ms' })).toMatch(/refused/);
    expect(read('01.02.2025', { format: 'iso' })).toMatch(/refused/);
  });

  test('a zone applies to times without offset only', () => {
    expect(read('2025-01-01 12:00:00', { zone: 'Europe/Moscow' })).toBe('2025-01-01T09:00:00Z');
    expect(read('2025-01-01 12:00:00', { zone: '-03:30' })).toBe('2025-01-01T15:30:00Z');
    expect(read('2025-01-01T12:00:00Z', { zone: 'Europe/Moscow' })).toBe('2025-01-01T12:00:00Z');
    expect(read('1735732800', { zone: 'Europe/Moscow' })).toBe('2025-01-01T12:00:00Z');
  });

  test('the hour that a zone skips is refused, the hour that it has twice is the earlier one and counted', () => {
    const parser = new TimestampParser({ zone: 'Europe/Berlin' });
    expect(parser.parse('2025-03-30 02:30:00')).toMatch(/skips/);
    expect(parser.parse('2025-03-30 01:59:59')).toBe(BigInt(Date.parse('2025-03-30T00:59:59Z')) * 1_000_000n);
    expect(parser.parse('2025-03-30 03:00:00')).toBe(BigInt(Date.parse('2025-03-30T01:00:00Z')) * 1_000_000n);
    expect(parser.ambiguousLocalTimes).toBe(0);
    expect(parser.parse('2025-10-26 02:30:00')).toBe(BigInt(Date.parse('2025-10-26T00:30:00Z')) * 1_000_000n);
    expect(parser.parse('2025-10-26 03:00:00')).toBe(BigInt(Date.parse('2025-10-26T02:00:00Z')) * 1_000_000n);
    expect(parser.ambiguousLocalTimes).toBe(1);
  });

  test('an unknown zone is refused with the remedy', () => {
    expect(() => new TimestampParser({ zone: 'Middle/Earth' })).toThrow(/zone is not known/);
  });

  test('every storable time is read back from RFC 3339 and from epoch nanoseconds', () => {
    const parser = new TimestampParser();
    const nanos = new TimestampParser({ format: 'epoch-ns' });
    fc.assert(
      fc.property(fc.bigInt({ min: MIN_UNIX_NANO, max: MAX_UNIX_NANO }), (at) => {
        expect(parser.parse(formatRfc3339(at))).toBe(at);
        expect(nanos.parse(String(at))).toBe(at);
      }),
    );
  });

  test('samples decide between day first and month first only where a number above 12 stands in one place', () => {
    expect(slashFormat(['01/02/2025', '13/02/2025'])).toBe('dd/mm/yyyy');
    expect(slashFormat(['01/02/2025', '01/13/2025 10:00'])).toBe('mm/dd/yyyy');
    expect(slashFormat(['01/02/2025', '03/04/2025'])).toBeUndefined();
    expect(slashFormat(['13/02/2025', '02/13/2025'])).toBeUndefined();
  });
});
