import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WaybillError } from '../../model/errors.ts';
import { msToNano } from '../../model/units.ts';
import type { WorkingCalendar, WorkingHours } from './calendar.ts';
import { openWorkingClock } from './working-time.ts';
import { openZone } from './zone.ts';

const HOUR = 3_600_000;
const OFFICE: readonly WorkingHours[] = [
  ['09:00', '13:00'],
  ['14:00', '18:00'],
];
const ALL_DAY: readonly WorkingHours[] = [['00:00', '24:00']];

function week(zone: string, hours: readonly WorkingHours[], more: Partial<WorkingCalendar> = {}): WorkingCalendar {
  const weekly = { monday: hours, tuesday: hours, wednesday: hours, thursday: hours, friday: hours };
  return { zone, weekly, ...more };
}

function always(zone: string): WorkingCalendar {
  return week(zone, ALL_DAY, { weekly: { ...week(zone, ALL_DAY).weekly, saturday: ALL_DAY, sunday: ALL_DAY } });
}

/** A time with nanoseconds added. */
function nanosAt(text: string, nanos: bigint): bigint {
  return msToNano(Date.parse(text)) + nanos;
}

/** Hours of work between two RFC 3339 times. */
function hoursBetween(calendar: WorkingCalendar, from: string, to: string): number {
  return openWorkingClock(calendar).betweenMs(Date.parse(from), Date.parse(to)) / HOUR;
}

describe('working time', () => {
  const moscow = week('Europe/Moscow', OFFICE, {
    holidays: ['2026-01-01'],
    exceptions: { '2026-02-21': [['10:00', '12:00']] },
  });

  test('counts hours of work only', () => {
    expect(hoursBetween(moscow, '2026-03-02T10:00:00+03:00', '2026-03-02T12:30:00+03:00')).toBe(2.5);
    expect(hoursBetween(moscow, '2026-03-02T12:00:00+03:00', '2026-03-02T15:00:00+03:00')).toBe(2);
    expect(hoursBetween(moscow, '2026-03-06T17:00:00+03:00', '2026-03-09T10:00:00+03:00')).toBe(2);
    expect(hoursBetween(moscow, '2026-03-07T00:00:00+03:00', '2026-03-08T23:00:00+03:00')).toBe(0);
    expect(hoursBetween(moscow, '2026-03-02T00:00:00+03:00', '2026-03-30T00:00:00+03:00')).toBe(4 * 40);
  });

  test('leaves out holidays and takes exceptions as they are', () => {
    expect(hoursBetween(moscow, '2025-12-31T17:00:00+03:00', '2026-01-02T10:00:00+03:00')).toBe(2);
    expect(hoursBetween(moscow, '2026-02-21T00:00:00+03:00', '2026-02-22T00:00:00+03:00')).toBe(2);
  });

  test('is negative backwards, and nothing from a moment to itself', () => {
    expect(hoursBetween(moscow, '2026-03-02T12:00:00+03:00', '2026-03-02T10:00:00+03:00')).toBe(-2);
    expect(hoursBetween(moscow, '2026-03-02T12:00:00+03:00', '2026-03-02T12:00:00+03:00')).toBe(0);
  });

  test('keeps nanoseconds in hours of work, and no others', () => {
    const clock = openWorkingClock(moscow);
    expect(clock.between(nanosAt('2026-03-02T10:00:00+03:00', 1n), nanosAt('2026-03-02T10:00:01+03:00', 999n))).toBe(
      1_000_000_998n,
    );
    expect(clock.between(nanosAt('2026-03-02T03:00:00+03:00', 1n), nanosAt('2026-03-02T03:00:00+03:00', 999n))).toBe(
      0n,
    );
    expect(clock.between(nanosAt('2026-03-02T18:00:00+03:00', -3n), nanosAt('2026-03-02T18:00:00+03:00', 5n))).toBe(3n);
  });

  test('says whether a moment is in hours of work; their end is not', () => {
    const clock = openWorkingClock(moscow);
    const at = (time: string): boolean => clock.isWorking(Date.parse(`2026-03-02T${time}+03:00`));
    expect([at('08:59:59'), at('09:00:00'), at('12:59:59'), at('13:00:00'), at('14:00:00')]).toEqual([
      false,
      true,
      true,
      false,
      true,
    ]);
  });
});

describe('changes of the clock', () => {
  test('do not change an office day', () => {
    const berlin = week('Europe/Berlin', OFFICE, { weekly: { sunday: OFFICE } });
    expect(hoursBetween(berlin, '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z')).toBe(8);
    expect(hoursBetween(berlin, '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z')).toBe(8);
    expect(hoursBetween(berlin, '2026-03-29T06:59:00Z', '2026-03-29T08:00:00Z')).toBe(1);
    expect(hoursBetween(berlin, '2026-10-25T07:59:00Z', '2026-10-25T09:00:00Z')).toBe(1);
  });

  test('shorten and lengthen a night shift by what really passes', () => {
    const night: readonly WorkingHours[] = [['00:00', '06:00']];
    const berlin = week('Europe/Berlin', night, { weekly: { sunday: night } });
    expect(hoursBetween(berlin, '2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z')).toBe(5);
    expect(hoursBetween(berlin, '2026-10-24T12:00:00Z', '2026-10-25T12:00:00Z')).toBe(7);
  });

  test('that skip the begin of a stretch start it at the skip', () => {
    const hours: readonly WorkingHours[] = [
      ['01:00', '02:15'],
      ['02:15', '05:00'],
    ];
    const berlin = week('Europe/Berlin', hours, { weekly: { sunday: hours } });
    expect(hoursBetween(berlin, '2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z')).toBe(3);
  });

  test('that skip a day leave it without work (Samoa, 30 December 2011)', () => {
    expect(hoursBetween(week('Pacific/Apia', OFFICE), '2011-12-29T00:00:00-10:00', '2012-01-01T00:00:00+14:00')).toBe(
      8,
    );
    expect(hoursBetween(always('Pacific/Apia'), '2011-12-28T00:00:00-10:00', '2012-01-02T00:00:00+14:00')).toBe(96);
  });

  test('add up to wall time where work never stops', () => {
    const zones = [
      'Europe/Berlin',
      'America/Los_Angeles',
      'Africa/Casablanca',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'Asia/Kathmandu',
      'America/Sao_Paulo',
      'UTC',
    ];
    const moment = fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2027, 0, 1) });
    const clocks = zones.map((zone) => openWorkingClock(always(zone)));
    fc.assert(
      fc.property(fc.constantFrom(...clocks), moment, moment, (clock, from, to) => {
        expect(clock.betweenMs(from, to)).toBe(to - from);
      }),
      { numRuns: 300 },
    );
  });

  test('agree with the clock on the wall, minute by minute', () => {
    const zones = ['Europe/Berlin', 'America/Los_Angeles', 'Australia/Lord_Howe', 'America/Sao_Paulo'];
    const opened = zones.map((name) => ({ zone: openZone(name), clock: openWorkingClock(week(name, OFFICE)) }));
    fc.assert(
      fc.property(
        fc.constantFrom(...opened),
        fc.integer({ min: Date.UTC(2012, 0, 1), max: Date.UTC(2027, 0, 1) }),
        ({ zone, clock }, at) => {
          const wall = new Date(at + zone.offsetAt(at));
          const hour = wall.getUTCHours();
          const weekend = wall.getUTCDay() === 0 || wall.getUTCDay() === 6;
          expect(clock.isWorking(at)).toBe(!weekend && hour >= 9 && hour < 18 && hour !== 13);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('for any moments', () => {
  test('working time is additive, antisymmetric and never longer than wall time', () => {
    const clock = openWorkingClock(
      week('Europe/Berlin', [...OFFICE, ['22:30', '24:00']], { holidays: ['2026-05-01'] }),
    );
    const moment = fc.bigInt({ min: msToNano(Date.UTC(2024, 0, 1)), max: msToNano(Date.UTC(2028, 0, 1)) });
    fc.assert(
      fc.property(moment, moment, moment, (a, b, c) => {
        expect(clock.between(a, b) + clock.between(b, c)).toBe(clock.between(a, c));
        expect(clock.between(b, a)).toBe(-clock.between(a, b));
        const [from, to] = a < b ? [a, b] : [b, a];
        expect(clock.between(from, to)).toBeGreaterThanOrEqual(0n);
        expect(clock.between(from, to)).toBeLessThanOrEqual(to - from);
      }),
    );
  });

  test('decades apart, in any order of asking, the sums agree', () => {
    const calendar = week('UTC', OFFICE);
    const [a, b, c] = [Date.UTC(1960, 5, 1), Date.UTC(2026, 5, 1), Date.UTC(2040, 5, 1)];
    const forward = openWorkingClock(calendar);
    const backward = openWorkingClock(calendar);
    expect(backward.betweenMs(b, c)).toBe(forward.betweenMs(a, c) - forward.betweenMs(a, b));
    expect(backward.betweenMs(a, b)).toBe(forward.betweenMs(a, b));
    expect(forward.betweenMs(Date.UTC(2000, 0, 3), Date.UTC(2028, 0, 3))).toBe((28 * 365.25 * 5 * 8 * HOUR) / 7);
  });
});

describe('a calendar that cannot be', () => {
  test.each([
    [{ zone: 'Europe/Moskau', weekly: {} }, /time zone/],
    [week('UTC', [['9:00', '18:00']]), /time of day/],
    [week('UTC', [['18:00', '09:00']]), /backwards/],
    [
      week('UTC', [
        ['09:00', '13:00'],
        ['12:00', '18:00'],
      ]),
      /overlap/,
    ],
    [week('UTC', OFFICE, { holidays: ['2026-02-30'] }), /not a date/],
    [week('UTC', OFFICE, { holidays: ['01.05.2026'] }), /not a date/],
  ] as const)('%# is refused with its reason', (calendar, reason) => {
    expect(() => openWorkingClock(calendar)).toThrow(reason);
    expect(() => openWorkingClock(calendar)).toThrow(WaybillError);
  });

  test('times outside 1900 … 2261 are refused', () => {
    const clock = openWorkingClock(week('UTC', OFFICE));
    expect(() => clock.betweenMs(Number.NaN, 0)).toThrow(WaybillError);
    expect(() => clock.betweenMs(0, 1e16)).toThrow(/1900/);
  });
});
