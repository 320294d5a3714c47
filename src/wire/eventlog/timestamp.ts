import { MAX_UNIX_NANO, MIN_UNIX_NANO, type UnixNano } from '../../model/units.ts';
import { Zone } from './zone.ts';

/** How a file writes points in time; `auto` takes every form that can be read in one way only. */
export const TIMESTAMP_FORMATS = [
  'auto',
  'iso', // RFC 3339, or the same without offset (then the zone decides), with `T`, a space, `-` or `/`
  'dd.mm.yyyy',
  'dd/mm/yyyy',
  'mm/dd/yyyy',
  'epoch-s',
  'epoch-ms',
  'epoch-us',
  'epoch-ns',
] as const;

export type TimestampFormat = (typeof TIMESTAMP_FORMATS)[number];

export interface TimestampOptions {
  /** Default `auto`. */
  readonly format?: TimestampFormat;
  /** Zone of times that carry no offset: `UTC` (the default), `+03:00`, or a name such as `Europe/Moscow`. */
  readonly zone?: string;
}

const ISO =
  /^(\d{4})([-/])(\d{2})\2(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,30}))?)?\s?(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/;
const DAY_FIRST_DOTS =
  /^(\d{1,2})\.(\d{1,2})\.(\d{4})(?:(?:[T ]|, ?)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,30}))?)?)?$/;
const SLASHES = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?:(?:[T ]|, ?)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,30}))?)?)?$/;
const EPOCH = /^(-?)(\d{1,19})(?:\.(\d{1,30}))?$/;

type Epoch = 'epoch-s' | 'epoch-ms' | 'epoch-us' | 'epoch-ns';
const EPOCH_DIGITS: Record<Epoch, number> = { 'epoch-s': 9, 'epoch-ms': 6, 'epoch-us': 3, 'epoch-ns': 0 };

const NOT_A_TIME = 'the timestamp is not a time in the expected form; name its form with --timestamp-format';
const NO_SUCH_TIME = 'the timestamp names a date or time of day that does not exist';
const OUT_OF_RANGE = 'the timestamp lies outside the years 1900 to 2261';
const NOT_IN_ZONE = 'the timestamp falls into the hour that the zone skips; check --zone';
const SLASH_AMBIGUOUS =
  'the timestamp can be read day first or month first; say --timestamp-format dd/mm/yyyy or mm/dd/yyyy';
const EPOCH_AMBIGUOUS =
  'the number can be read as a time in several ways; say --timestamp-format epoch-s, epoch-ms, epoch-us or epoch-ns';

/** Reads timestamps of one column. A text that can be read in two ways is refused, never guessed. */
export class TimestampParser {
  readonly #format: TimestampFormat;
  readonly #zone: Zone;
  /** Times read that a zone has twice (clocks set back); the earlier was taken. */
  ambiguousLocalTimes = 0;

  constructor({ format = 'auto', zone = 'UTC' }: TimestampOptions = {}) {
    this.#format = format;
    this.#zone = new Zone(zone);
  }

  /** Answers the time, or as text the reason why there is none. */
  parse(text: string): UnixNano | string {
    const value = text.trim();
    if (this.#format === 'auto') return this.#auto(value);
    if (this.#format === 'iso') return this.#iso(value) ?? NOT_A_TIME;
    if (this.#format === 'dd.mm.yyyy') return this.#dayMonth(DAY_FIRST_DOTS.exec(value), 1, 2) ?? NOT_A_TIME;
    if (this.#format === 'dd/mm/yyyy') return this.#dayMonth(SLASHES.exec(value), 1, 2) ?? NOT_A_TIME;
    if (this.#format === 'mm/dd/yyyy') return this.#dayMonth(SLASHES.exec(value), 2, 1) ?? NOT_A_TIME;
    return epoch(value, this.#format) ?? NOT_A_TIME;
  }

  #auto(value: string): UnixNano | string {
    const read = this.#iso(value) ?? this.#dayMonth(DAY_FIRST_DOTS.exec(value), 1, 2);
    if (read !== undefined) return read;
    if (SLASHES.test(value)) return SLASH_AMBIGUOUS;
    const number = EPOCH.exec(value);
    if (number === null) return NOT_A_TIME;
    const unit = epochUnit(number[2] ?? '');
    return unit === undefined ? EPOCH_AMBIGUOUS : (epoch(value, unit) ?? NOT_A_TIME);
  }

  #iso(value: string): UnixNano | string | undefined {
    const match = ISO.exec(value);
    if (match === null) return undefined;
    const [, year, , month, day, hour, minute, second, fraction, offset] = match;
    const local = localMs(
      Number(year),
      Number(month),
      Number(day),
      Number(hour ?? 0),
      Number(minute ?? 0),
      Number(second ?? 0),
    );
    if (local === undefined) return NO_SUCH_TIME;
    if (offset === undefined) return this.#inZone(local, fraction);
    const shift = offsetMs(offset);
    return shift === undefined ? NO_SUCH_TIME : at(local - shift, fraction);
  }

  #dayMonth(match: RegExpExecArray | null, day: number, month: number): UnixNano | string | undefined {
    if (match === null) return undefined;
    const [, , , year, hour, minute, second, fraction] = match;
    const local = localMs(
      Number(year),
      Number(match[month]),
      Number(match[day]),
      Number(hour ?? 0),
      Number(minute ?? 0),
      Number(second ?? 0),
    );
    return local === undefined ? NO_SUCH_TIME : this.#inZone(local, fraction);
  }

  #inZone(local: number, fraction: string | undefined): UnixNano | string {
    const answer = this.#zone.toUtc(local);
    if (answer.kind === 'does_not_exist') return NOT_IN_ZONE;
    if (answer.kind === 'earlier_of_two') this.ambiguousLocalTimes += 1;
    return at(answer.utcMs, fraction);
  }
}

/**
 * Chooses the form of a column from sampled values: for slashes, the one in which a number above 12 stands at the
 * day's place; undefined where the samples do not decide.
 */
export function slashFormat(samples: readonly string[]): 'dd/mm/yyyy' | 'mm/dd/yyyy' | undefined {
  let first = 0;
  let second = 0;
  for (const sample of samples) {
    const match = SLASHES.exec(sample.trim());
    if (match === null) continue;
    first = Math.max(first, Number(match[1]));
    second = Math.max(second, Number(match[2]));
  }
  if (first > 12 && second > 0 && second <= 12) return 'dd/mm/yyyy';
  if (second > 12 && first <= 12) return 'mm/dd/yyyy';
  return undefined;
}

/** Whether the text has the form of dates with slashes, which only a flag or other rows can decide. */
export function hasSlashes(text: string): boolean {
  return SLASHES.test(text.trim());
}

/** Times since 2001 in seconds have 10 digits; the other units add three each. Between them stand other things (dates without separators, ids). */
function epochUnit(digits: string): Epoch | undefined {
  switch (digits.length) {
    case 9:
    case 10:
      return 'epoch-s';
    case 12:
    case 13:
      return 'epoch-ms';
    case 15:
    case 16:
      return 'epoch-us';
    case 18:
    case 19:
      return 'epoch-ns';
    default:
      return undefined;
  }
}

function epoch(value: string, unit: Epoch): UnixNano | string | undefined {
  const match = EPOCH.exec(value);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = ''] = match;
  const digits = EPOCH_DIGITS[unit];
  const nanos = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'));
  return inRange(sign === '-' ? -nanos : nanos);
}

function offsetMs(text: string): number | undefined {
  if (text === 'Z' || text === 'z' || text === 'UTC') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(text.charAt(3) === ':' ? 4 : 3) || 0);
  if (hours > 23 || minutes > 59) return undefined;
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** Date.UTC rolls 30 February over into March; a file that says so is wrong. */
function localMs(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59 || year < 100) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function at(utcMs: number, fraction: string | undefined): UnixNano | string {
  const nanos = fraction === undefined ? 0 : Number(fraction.slice(0, 9).padEnd(9, '0'));
  return inRange(BigInt(utcMs) * 1_000_000n + BigInt(nanos));
}

function inRange(nanos: bigint): UnixNano | string {
  return nanos < MIN_UNIX_NANO || nanos > MAX_UNIX_NANO ? OUT_OF_RANGE : nanos;
}
