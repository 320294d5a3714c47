import { WaybillError } from '../../model/errors.ts';
import type { DurationNano, Milliseconds, UnixNano } from '../../model/units.ts';
import { type HoursOf, hoursOf, type WorkingCalendar } from './calendar.ts';
import { DAY_MS, openZone, type UnixMs, type Zone } from './zone.ts';

/** The days that a clock covers, counted from 1970-01-01: the years that the store can hold, 1900 to 2261. */
export const FIRST_DAY = -25_567;
export const LAST_DAY = 106_751;

/** Days are prepared in runs of this many, when a time in them is first asked for. */
const RUN = 512;

/** Measures working time by one calendar. Prepared days are kept; not shared between threads. */
export interface WorkingClock {
  /** Working time from one moment to another, exact to the nanosecond; negative when `to` is before `from`. */
  between(from: UnixNano, to: UnixNano): DurationNano;
  /** The same in milliseconds since 1970 with fractions; the quick way for millions of visits. */
  betweenMs(from: UnixMs, to: UnixMs): Milliseconds;
  /** Whether a moment lies in working hours; their end does not. */
  isWorking(at: UnixMs): boolean;
}

/** A run of days with the sums that turn an interval into two lookups. */
interface Run {
  /** Moments when each day begins, and when the last one ends. */
  readonly starts: Float64Array;
  /** Index into `from` and `to` of the first stretch of each day, and their number. */
  readonly first: Int32Array;
  /** Moments when work begins and ends, and the work done before each begin since the start of the run. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly before: Float64Array;
  readonly total: number;
}

/** Where a moment lies: work done before it since a fixed moment (negative before that), and whether work goes on. */
interface Reading {
  readonly done: Milliseconds;
  readonly working: boolean;
}

/**
 * Prepares a calendar for measuring. Clock changes are taken from the runtime's time zone data (Intl): a stretch across
 * a change lasts as long as it really does. Of a repeated hour the first showing counts as the reading, so a stretch
 * that ends in it ends early and one that starts in it starts early.
 *
 * Throws WaybillError `invalid_argument` for a calendar that cannot be, and when asked for times outside 1900 … 2261.
 */
export function openWorkingClock(calendar: WorkingCalendar): WorkingClock {
  const zone = openZone(calendar.zone);
  const hours = hoursOf(calendar);
  const runs = new Map<number, Run>();
  // Work done before each run, relative to the one first asked for; extended run by run, since each needs its neighbour's.
  const sums = new Map<number, number>();
  let lowest = 0;
  let highest = 0;

  const runAt = (index: number): Run => {
    let run = runs.get(index);
    if (run === undefined) {
      run = prepare(zone, hours, index * RUN);
      runs.set(index, run);
    }
    return run;
  };
  const sumBefore = (index: number): number => {
    if (sums.size === 0) {
      sums.set(index, 0);
      lowest = index;
      highest = index;
    }
    for (; highest < index; highest += 1) sums.set(highest + 1, (sums.get(highest) ?? 0) + runAt(highest).total);
    for (; lowest > index; lowest -= 1) sums.set(lowest - 1, (sums.get(lowest) ?? 0) - runAt(lowest - 1).total);
    return sums.get(index) ?? 0;
  };
  const read = (at: UnixMs): Reading => {
    if (!(at >= FIRST_DAY * DAY_MS && at < LAST_DAY * DAY_MS)) throw outside();
    let index = Math.floor(at / DAY_MS / RUN);
    // The day by UTC and by the zone differ by at most one, hence the runs too.
    if (at < (runAt(index).starts[0] ?? 0)) index -= 1;
    else if (at >= (runAt(index).starts[RUN] ?? 0)) index += 1;
    const { done, working } = readRun(runAt(index), at);
    return { done: sumBefore(index) + done, working };
  };
  return {
    betweenMs: (from, to) => read(to).done - read(from).done,
    between: (from, to) => nanos(read, to) - nanos(read, from),
    isWorking: (at) => read(at).working,
  };
}

/** Begins and ends of work are whole milliseconds, so what is left below one counts in full or not at all. */
function nanos(read: (at: UnixMs) => Reading, at: UnixNano): DurationNano {
  const below = ((at % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const { done, working } = read(Number((at - below) / 1_000_000n));
  return BigInt(done) * 1_000_000n + (working ? below : 0n);
}

function readRun(run: Run, at: UnixMs): Reading {
  const day = dayOf(run.starts, at);
  // The last stretch that has begun decides; it may be one of an earlier day of this run.
  let index = (run.first[day + 1] ?? 0) - 1;
  while (index >= 0 && (run.from[index] ?? 0) > at) index -= 1;
  if (index < 0) return { done: 0, working: false };
  const begin = run.from[index] ?? 0;
  const end = run.to[index] ?? 0;
  return { done: (run.before[index] ?? 0) + Math.min(at, end) - begin, working: at < end };
}

/** The day of the run, guessed from a length of 24 hours and corrected by the clock changes, which shift it by less than a day. */
function dayOf(starts: Float64Array, at: UnixMs): number {
  let day = Math.max(0, Math.min(RUN - 1, Math.floor((at - (starts[0] ?? 0)) / DAY_MS)));
  while (day > 0 && at < (starts[day] ?? 0)) day -= 1;
  while (day < RUN - 1 && at >= (starts[day + 1] ?? 0)) day += 1;
  return day;
}

function prepare(zone: Zone, hours: HoursOf, firstDay: number): Run {
  const starts = new Float64Array(RUN + 1);
  const first = new Int32Array(RUN + 1);
  const from: number[] = [];
  const to: number[] = [];
  const momentOf = quickMoments(zone, firstDay);
  for (let day = 0; day <= RUN; day += 1) starts[day] = momentOf((firstDay + day) * DAY_MS);
  for (let day = 0; day < RUN; day += 1) {
    first[day] = from.length;
    const dayStart = starts[day] ?? 0;
    const dayEnd = starts[day + 1] ?? 0;
    for (const stretch of hours(firstDay + day)) {
      const midnight = (firstDay + day) * DAY_MS;
      const begin = Math.min(dayEnd, Math.max(dayStart, momentOf(midnight + stretch.from)));
      const end = Math.min(dayEnd, momentOf(midnight + stretch.to));
      if (end <= begin) continue;
      from.push(begin);
      to.push(end);
    }
  }
  first[RUN] = from.length;
  const before = new Float64Array(from.length);
  let total = 0;
  for (const [index, begin] of from.entries()) {
    before[index] = total;
    total += (to[index] ?? begin) - begin;
  }
  return { starts, first, from: Float64Array.from(from), to: Float64Array.from(to), before, total };
}

/** `firstMomentOf` that asks the zone once a day where the clock did not change around. */
function quickMoments(zone: Zone, firstDay: number): (wall: number) => UnixMs {
  const offsets = Float64Array.from({ length: RUN + 4 }, (_, index) => zone.offsetAt((firstDay + index - 1) * DAY_MS));
  return (wall) => {
    const day = Math.floor(wall / DAY_MS) - firstDay;
    const offset = offsets[day + 1] ?? 0;
    // A wall clock runs up to 14 h ahead of UTC and 12 h behind it, so the moment lies within these four.
    const steady = offsets[day] === offset && offsets[day + 2] === offset && offsets[day + 3] === offset;
    return steady ? wall - offset : zone.firstMomentOf(wall);
  };
}

function outside(): WaybillError {
  return new WaybillError('invalid_argument', 'working time was asked for a time outside 1900 … 2261', {
    remedy: 'Leave such times out of working time; they are clock anomalies.',
  });
}
