import type { DurationNano, UnixNano } from '../../model/units.ts';

/** The time from `from` up to, and without, `to`; empty where `to` is not later. */
export interface Interval {
  readonly from: UnixNano;
  readonly to: UnixNano;
}

/** Intervals in ascending order that neither are empty nor touch: what `unite` and `subtract` return. */
export type United = readonly Interval[];

/** The union of intervals in any order; empty ones add nothing. */
export function unite(intervals: Iterable<Interval>): United {
  const sorted: Interval[] = [];
  for (const interval of intervals) if (interval.to > interval.from) sorted.push(interval);
  if (sorted.length > 1) sorted.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const united: Interval[] = [];
  for (const interval of sorted) {
    const last = united.at(-1);
    if (last === undefined || interval.from > last.to) united.push(interval);
    else if (interval.to > last.to) united[united.length - 1] = { from: last.from, to: interval.to };
  }
  return united;
}

/** The times of `all` that no interval of `without` covers. Linear. */
export function subtract(all: United, without: United): United {
  const rest: Interval[] = [];
  let next = 0;
  for (const { from, to } of all) {
    let at = from;
    // An interval that reaches past this one may cut the one behind it as well.
    while ((without[next]?.to ?? to) <= at && next < without.length) next += 1;
    for (let index = next; index < without.length && at < to; index += 1) {
      const cut = without[index];
      if (cut === undefined || cut.from >= to) break;
      if (cut.from > at) rest.push({ from: at, to: cut.from });
      if (cut.to > at) at = cut.to;
    }
    if (at < to) rest.push({ from: at, to });
  }
  return rest;
}

/** How much of `window` the intervals cover. */
export function coverage(intervals: United, window: Interval): DurationNano {
  let covered = 0n;
  for (let index = firstAfter(intervals, window.from); index < intervals.length; index += 1) {
    const interval = intervals[index];
    if (interval === undefined || interval.from >= window.to) break;
    const from = interval.from > window.from ? interval.from : window.from;
    const to = interval.to < window.to ? interval.to : window.to;
    if (to > from) covered += to - from;
  }
  return covered;
}

/** Index of the first interval that ends after a time. */
function firstAfter(intervals: United, at: UnixNano): number {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((intervals[middle]?.to ?? at) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
