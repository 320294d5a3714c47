import type {
  ClockAnomaly,
  Deviation,
  Failure,
  Lifecycle,
  Order,
  OrderTrace,
  Visit,
} from '../../../src/api/contract/index.ts';
import { epochMs } from '../format/time.ts';
import { axisTicks, type FoldedScale, foldedScale, type Segment, type Tick } from './folded-scale.ts';

/** What the journey needs to know about an order. */
export type JourneyOrder = Pick<
  Order,
  'status' | 'closedAt' | 'visits' | 'deviations' | 'clockAnomalies' | 'traces' | 'failures'
>;

/** A visit as a bar in the lane of its system; all x and widths in px. */
export interface VisitBar {
  readonly visit: Visit;
  readonly index: number;
  readonly x: number;
  readonly width: number;
  readonly open: boolean;
  /** A final status has no work left in it: it is a point of arrival, not a wait. */
  readonly final: boolean;
  readonly lengthMs: number;
  readonly targetMs: number | null;
  /** Time past the target; 0 when within it or without one. */
  readonly overMs: number;
  /** Where the part past the target begins, relative to x; undefined when within it. */
  readonly overX: number | undefined;
  readonly deviations: readonly Deviation[];
  /** What cannot be right about the times of the visit. */
  readonly anomalies: readonly ClockAnomaly[];
  /** Room to the next bar of the row, for a label that does not fit into the bar. */
  readonly roomAfter: number;
  /** Room to the bar before it in the row. */
  readonly roomBefore: number;
}

/** The visits in statuses of one system; null is for statuses the lifecycle does not know. */
export interface JourneyLane {
  readonly system: string | null;
  /** At least one, also where it is empty. */
  readonly rows: readonly JourneyRow[];
}

/** Bars of a lane that stand beside each other; regions that overlap in time have rows of their own. */
export interface JourneyRow {
  /** Whose visits these are, in the order of the lifecycle; empty without regions. */
  readonly regions: readonly string[];
  readonly bars: readonly VisitBar[];
}

/** One or several traces that start at (almost) the same pixel. */
export interface TraceTick {
  readonly x: number;
  readonly traces: readonly OrderTrace[];
  readonly failed: boolean;
}

/** One or several failures at (almost) the same pixel. */
export interface FailureTick {
  readonly x: number;
  readonly failures: readonly Failure[];
}

/** Where the label of a bar goes: inside, beside it, inside with its end cut off, or nowhere when there is no room. */
export type LabelPlace = 'inside' | 'after' | 'before' | 'cut' | 'none';

/** A label and whether it carries the length of the visit. */
export interface LabelChoice {
  readonly place: LabelPlace;
  readonly withLength: boolean;
}

/** Width of a letter of the label, px; wide enough for Cyrillic. */
const LETTER_PX = 7;
const LABEL_PADDING_PX = 18;

/** Bars narrower than this take no cut label; px. */
const MIN_CUT_PX = 64;

/** The lengths of the two parts of a label, in letters. */
export interface LabelLetters {
  readonly name: number;
  readonly length: number;
}

const pixels = (bar: VisitBar, letters: number): number =>
  letters * LETTER_PX + LABEL_PADDING_PX + (bar.final ? 12 : 0);

/** Inside is better than outside, the name alone better than a far label, a cut name better than none. */
function placeLabel(bar: VisitBar, letters: LabelLetters, roomBefore: number): LabelChoice {
  const name = pixels(bar, letters.name);
  const full = pixels(bar, letters.name + letters.length + 1);
  if (!bar.final && bar.width >= full) return { place: 'inside', withLength: true };
  if (!bar.final && bar.width >= name) return { place: 'inside', withLength: false };
  if (bar.roomAfter >= full) return { place: 'after', withLength: true };
  if (roomBefore >= full) return { place: 'before', withLength: true };
  if (bar.roomAfter >= name) return { place: 'after', withLength: false };
  if (roomBefore >= name) return { place: 'before', withLength: false };
  return { place: !bar.final && bar.width >= MIN_CUT_PX ? 'cut' : 'none', withLength: false };
}

/** Places the labels of the bars of one row so that none covers another; `letters` has an entry for each bar. */
export function placeLabels(bars: readonly VisitBar[], letters: readonly LabelLetters[]): LabelChoice[] {
  let taken = 0;
  return bars.map((bar, index) => {
    const own = letters[index] ?? { name: 0, length: 0 };
    const choice = placeLabel(bar, own, bar.roomBefore - taken);
    taken = choice.place === 'after' ? pixels(bar, own.name + (choice.withLength ? own.length + 1 : 0)) : 0;
    return choice;
  });
}

/** Everything the journey draws. */
export interface Journey {
  readonly scale: FoldedScale;
  readonly folds: readonly Segment[];
  readonly ticks: readonly Tick[];
  readonly lanes: readonly JourneyLane[];
  readonly traces: readonly TraceTick[];
  readonly failures: readonly FailureTick[];
  /** From the first moment to the last, or to now while the order is open; ms. */
  readonly totalMs: number;
  readonly open: boolean;
  /** Where now is while the order is open; px. */
  readonly nowX: number;
}

/** Traces, and failures, whose ticks are closer than this share one; px. */
const CLUSTER_PX = 9;
const FAILURE_CLUSTER_PX = 15;
const MIN_BAR_PX = 5;
const MIN_TICK_GAP_PX = 118;

/** Every time at which something happened to the order, and now while it is open; ms since the epoch. */
function moments(order: JourneyOrder, nowMs: number): number[] {
  const times = order.traces.map((trace) => epochMs(trace.startedAt));
  for (const failure of order.failures) times.push(epochMs(failure.at));
  for (const visit of order.visits) {
    times.push(epochMs(visit.enteredAt));
    if (visit.leftAt !== null) times.push(epochMs(visit.leftAt));
  }
  const last = Math.max(...order.traces.map((trace) => epochMs(trace.startedAt) + trace.durationMs), ...times);
  times.push(last);
  if (order.closedAt === null && order.status !== null) times.push(Math.max(nowMs, last));
  return times;
}

/** Joins items that are closer than `minPx`, by their place `x` in px. */
function cluster<T>(items: readonly T[], x: (item: T) => number, minPx: number): { x: number; items: T[] }[] {
  const placed = items.map((item) => ({ item, x: x(item) })).toSorted((a, b) => a.x - b.x);
  const clusters: { x: number; items: T[] }[] = [];
  for (const { item, x: at } of placed) {
    const before = clusters.at(-1);
    if (before !== undefined && at - before.x < minPx) before.items.push(item);
    else clusters.push({ x: at, items: [item] });
  }
  return clusters;
}

function layoutBar(
  order: JourneyOrder,
  lifecycle: Lifecycle,
  index: number,
  visit: Visit,
  scale: FoldedScale,
  nowMs: number,
): VisitBar {
  const definition = lifecycle.statuses.find((status) => status.id === visit.status);
  const final = definition?.final ?? false;
  const enteredMs = epochMs(visit.enteredAt);
  const open = visit.leftAt === null && !final;
  // A clock that runs ahead may report an entry that lies in the future.
  const leftMs = visit.leftAt === null ? (final ? enteredMs : Math.max(enteredMs, nowMs)) : epochMs(visit.leftAt);
  const x = Math.min(scale.x(enteredMs), scale.width - MIN_BAR_PX);
  const width = Math.max(MIN_BAR_PX, scale.x(leftMs) - x);
  const targetMs = final ? null : (definition?.targetMs ?? null);
  const lengthMs = leftMs - enteredMs;
  const overMs = targetMs === null ? 0 : Math.max(0, lengthMs - targetMs);
  const overX = overMs > 0 && targetMs !== null ? Math.min(width - 3, scale.x(enteredMs + targetMs) - x) : undefined;
  const deviations = order.deviations.filter((deviation) => deviation.visitIndex === index);
  const anomalies = order.clockAnomalies.filter((anomaly) => anomaly.visitIndex === index);
  return {
    visit,
    index,
    x,
    width,
    open,
    final,
    lengthMs,
    targetMs,
    overMs,
    overX,
    deviations,
    anomalies,
    roomAfter: 0,
    roomBefore: 0,
  };
}

function withRoom(bars: readonly VisitBar[], width: number): VisitBar[] {
  return bars.map((each, index) => {
    const before = bars[index - 1];
    return {
      ...each,
      roomAfter: Math.max(0, (bars[index + 1]?.x ?? width) - each.x - each.width),
      roomBefore: Math.max(0, each.x - (before === undefined ? 0 : before.x + before.width)),
    };
  });
}

/** A region keeps one row, the first in which it covers no other: where regions take turns they share a row. */
function rowsOf(bars: readonly VisitBar[], regions: readonly string[], width: number): JourneyRow[] {
  const rows: { regions: string[]; bars: VisitBar[] }[] = [];
  for (const region of [null, ...regions]) {
    const own = bars.filter(({ visit }) => visit.region === region);
    if (own.length === 0) continue;
    const covers = (each: VisitBar): boolean =>
      own.some((bar) => bar.x < each.x + each.width && each.x < bar.x + bar.width);
    const free = rows.find((row) => !row.bars.some(covers));
    const row = free ?? { regions: [], bars: [] };
    if (free === undefined) rows.push(row);
    row.bars.push(...own);
    if (region !== null) row.regions.push(region);
  }
  if (rows.length === 0) return [{ regions: [], bars: [] }];
  return rows.map((row) => ({
    regions: row.regions,
    bars: withRoom(
      row.bars.toSorted((a, b) => a.x - b.x || a.index - b.index),
      width,
    ),
  }));
}

/**
 * Lays out the journey of an order over `width` px as of `nowMs` (ms since the epoch). `zoneOffsetMs` is how far the
 * viewer's zone is ahead of UTC, so that ticks fall on round local times.
 */
export function layoutJourney(
  order: JourneyOrder,
  lifecycle: Lifecycle,
  nowMs: number,
  width: number,
  zoneOffsetMs: number,
): Journey {
  const times = moments(order, nowMs);
  const scale = foldedScale(times, width);
  const endMs = Math.max(...times);
  const bars = order.visits.map((visit, index) => layoutBar(order, lifecycle, index, visit, scale, nowMs));
  const systems: (string | null)[] = lifecycle.systems.map((system) => system.id);
  const known = (entry: VisitBar): boolean => entry.visit.system !== null && systems.includes(entry.visit.system);
  const regions = lifecycle.regions.map(({ id }) => id);
  const lanes: JourneyLane[] = systems.map((system) => ({
    system,
    rows: rowsOf(
      bars.filter((entry) => entry.visit.system === system),
      regions,
      width,
    ),
  }));
  const strangers = bars.filter((entry) => !known(entry));
  if (strangers.length > 0) lanes.push({ system: null, rows: rowsOf(strangers, regions, width) });
  return {
    scale,
    folds: scale.segments.filter((segment) => segment.kind === 'fold'),
    ticks: axisTicks(scale, MIN_TICK_GAP_PX, zoneOffsetMs),
    lanes,
    traces: cluster(order.traces, (trace) => scale.x(epochMs(trace.startedAt)), CLUSTER_PX).map(({ x, items }) => ({
      x,
      traces: items,
      failed: items.some((trace) => trace.errorCount > 0),
    })),
    failures: cluster(order.failures, (failure) => scale.x(epochMs(failure.at)), FAILURE_CLUSTER_PX).map(
      ({ x, items }) => ({ x, failures: items }),
    ),
    totalMs: endMs - Math.min(...times),
    open: order.closedAt === null && order.status !== null,
    nowX: scale.x(Math.min(endMs, nowMs)),
  };
}
