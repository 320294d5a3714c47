import { WaybillError } from '../../model/errors.ts';

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type UnixMs = number;

/** A wall-clock reading, written as the milliseconds that UTC would need to show it. */
export type WallMs = number;

/** Milliseconds of a calendar day without a clock change. */
export const DAY_MS = 86_400_000;

/** The clock changes of an IANA time zone. */
export interface Zone {
  readonly name: string;
  /** What to add to UTC to get the wall clock, in milliseconds. */
  offsetAt(at: UnixMs): number;
  /**
   * The moment when the wall clock first shows a reading. A reading that was skipped gives the moment of the skip, so that
   * neighbouring stretches of the clock stay neighbours and none is counted twice.
   */
  firstMomentOf(wall: WallMs): UnixMs;
}

const FIELDS = /^(\d+)\/(\d+)\/(-?\d+), (\d+):(\d+):(\d+)$/;

/** Opens a time zone by its IANA name. Throws WaybillError `invalid_argument` for a name that the runtime does not know. */
export function openZone(name: string): Zone {
  const format = formatOf(name);
  const offsetAt = (at: UnixMs): number => {
    const whole = Math.floor(at / 1000) * 1000;
    const [, month, day, year, hour, minute, second] = (FIELDS.exec(format.format(whole)) ?? []).map(Number);
    if (year === undefined || month === undefined) return 0;
    return Date.UTC(year, month - 1, day, hour, minute, second) - whole;
  };
  const firstMomentOf = (wall: WallMs): UnixMs => {
    const before = offsetAt(wall - DAY_MS);
    const after = offsetAt(wall + DAY_MS);
    const early = wall - Math.max(before, after);
    const late = wall - Math.min(before, after);
    for (const at of [early, late]) if (at + offsetAt(at) === wall) return at;
    return changeBetween(offsetAt, early, late);
  };
  return { name, offsetAt, firstMomentOf };
}

function formatOf(name: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new WaybillError('invalid_argument', `\`${name.slice(0, 60)}\` is not a known time zone`, {
      remedy: 'Write an IANA name, e.g. Europe/Moscow.',
      cause,
    });
  }
}

/** The first moment after `from` with another offset than there, which exists at `to`. */
function changeBetween(offsetAt: (at: UnixMs) => number, from: UnixMs, to: UnixMs): UnixMs {
  const offset = offsetAt(from);
  let low = from;
  let high = to;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle) === offset) low = middle;
    else high = middle;
  }
  return high;
}
