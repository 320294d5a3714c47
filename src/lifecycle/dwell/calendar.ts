import { WaybillError } from '../../model/errors.ts';
import { DAY_MS } from './zone.ts';

/** Days in the order of `Date.getUTCDay`. */
export const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

export type Weekday = (typeof WEEKDAYS)[number];

/** A stretch of a day by the wall clock, `HH:MM` to `HH:MM`; the end may be `24:00`. Work past midnight is two stretches. */
export type WorkingHours = readonly [from: string, to: string];

/** When a place works. */
export interface WorkingCalendar {
  /** IANA time zone, e.g. `Europe/Moscow`. */
  readonly zone: string;
  /** Stretches per weekday, ascending and apart; a day that is absent is free. */
  readonly weekly: Readonly<Partial<Record<Weekday, readonly WorkingHours[]>>>;
  /** Free days, `YYYY-MM-DD` in the zone. */
  readonly holidays?: readonly string[];
  /** Days with hours of their own, `YYYY-MM-DD` in the zone: shortened ones, and weekends that are worked. Wins over `holidays`. */
  readonly exceptions?: Readonly<Record<string, readonly WorkingHours[]>>;
}

/** A stretch of a day in milliseconds of the wall clock after midnight. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** The hours of any day of a calendar; days are counted from 1970-01-01 in the zone. */
export type HoursOf = (day: number) => readonly Stretch[];

/** Most holidays and exceptions of one calendar: ten years of special days. */
export const MAX_SPECIAL_DAYS = 4_000;

/** Checks a calendar and prepares it for lookup. Throws WaybillError `invalid_argument`, which names the day and the remedy. */
export function hoursOf(calendar: WorkingCalendar): HoursOf {
  const weekly = WEEKDAYS.map((weekday) => stretches(weekday, calendar.weekly[weekday] ?? []));
  const special = new Map<number, readonly Stretch[]>();
  for (const date of calendar.holidays ?? []) special.set(dayOf(date), []);
  for (const [date, hours] of Object.entries(calendar.exceptions ?? {}))
    special.set(dayOf(date), stretches(date, hours));
  if (special.size > MAX_SPECIAL_DAYS) {
    throw new WaybillError('invalid_argument', `the calendar has ${special.size} holidays and exceptions`, {
      remedy: `Keep at most ${MAX_SPECIAL_DAYS}; drop the years without data.`,
    });
  }
  // 1970-01-01 was a Thursday.
  return (day) => special.get(day) ?? weekly[(((day + 4) % 7) + 7) % 7] ?? [];
}

function stretches(day: string, hours: readonly WorkingHours[]): readonly Stretch[] {
  let last = 0;
  return hours.map(([from, to]) => {
    const stretch = { from: wallOf(day, from), to: wallOf(day, to) };
    if (stretch.from < last || stretch.to <= stretch.from) {
      throw new WaybillError('invalid_argument', `the hours ${from}–${to} of ${day} overlap others or run backwards`, {
        remedy: 'List the stretches of a day in order, apart, each with an end after its start; split at 24:00.',
      });
    }
    last = stretch.to;
    return stretch;
  });
}

function wallOf(day: string, text: string): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$|^(24):(00)$/.exec(text);
  if (match !== null) return (Number(match[1] ?? match[3]) * 60 + Number(match[2] ?? match[4])) * 60_000;
  throw new WaybillError('invalid_argument', `\`${text.slice(0, 20)}\` of ${day} is not a time of day`, {
    remedy: 'Write HH:MM from 00:00 to 24:00.',
  });
}

function dayOf(date: string): number {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  // Date.parse takes 2026-02-30 for 2 March.
  if (!Number.isNaN(at) && new Date(at).toISOString().startsWith(date)) return at / DAY_MS;
  throw new WaybillError('invalid_argument', `\`${date.slice(0, 20)}\` is not a date`, { remedy: 'Write YYYY-MM-DD.' });
}
