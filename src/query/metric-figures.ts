import {
  type Bucket,
  bucketQuantile,
  type ExponentialSide,
  explicitBuckets,
  exponentialBuckets,
} from './bucket-quantile.ts';

/** Span of bucket indexes that is compared; one point has at most 4,096 buckets, two may lie far apart. */
const MAX_BUCKETS = 100_000;

/** A data point as it was stored; what its type does not have is null, zero or empty. */
export interface MetricPoint {
  readonly series: string;
  /** What the figures are split by. */
  readonly group: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Milliseconds since the epoch; 0 where the sender did not say. */
  readonly start: number;
  readonly value: number | null;
  readonly count: number;
  readonly sum: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly bounds: readonly number[];
  readonly bucketCounts: readonly number[];
  readonly scale: number;
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positive: ExponentialSide;
  readonly negative: ExponentialSide;
  readonly quantiles: readonly number[];
  readonly quantileValues: readonly number[];
}

/** How the points of a metric are to be read. */
export interface MetricKind {
  readonly type: 'gauge' | 'sum' | 'histogram' | 'exponential_histogram' | 'summary';
  readonly temporality: string;
  readonly isMonotonic: boolean;
}

/** The figures of one group in one step; null where the metric has no such figure. */
export interface MetricFigures {
  /** Start of the step, milliseconds since the epoch. */
  readonly at: number;
  /** Of a level: the mean of a gauge's points; the sum over series of a sum that can fall. */
  readonly value: number | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Growth per second: of a sum, or of the number of observations of a distribution. */
  readonly rate: number | null;
  /** Observations in the step. */
  readonly count: number | null;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  /** Of a summary, as its sender computed them. */
  readonly quantiles: { readonly quantile: number; readonly value: number }[];
}

/** Which figures a metric has. */
export type FigureKind = 'level' | 'rate' | 'distribution' | 'quantiles';

export function figureKind({ type, isMonotonic }: MetricKind): FigureKind {
  if (type === 'gauge') return 'level';
  if (type === 'sum') return isMonotonic ? 'rate' : 'level';
  return type === 'summary' ? 'quantiles' : 'distribution';
}

const NOTHING = {
  value: null,
  min: null,
  max: null,
  rate: null,
  count: null,
  mean: null,
  p50: null,
  p95: null,
} as const;

/** What grew from one point of a series to the next. */
interface Growth {
  readonly value: number;
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly Bucket[];
}

/**
 * Computes the figures of each group, step by step.
 *
 * `points` MUST be in the order of time; those before `since` are only there to be compared with. Cumulative points are turned into
 * growth: from the point before in the same series; from nothing where the series began anew (its start moved, or it fell); and not
 * at all where the series began before what was read. Percentiles come from the added-up buckets of a step, never from percentiles.
 */
export function metricFigures(
  points: readonly MetricPoint[],
  kind: MetricKind,
  range: { readonly readFrom: number; readonly since: number; readonly stepMs: number },
): Map<string, MetricFigures[]> {
  const previous = new Map<string, MetricPoint>();
  const steps = new Map<string, Map<number, { points: MetricPoint[]; growth: Growth[] }>>();
  for (const point of points) {
    const before = previous.get(point.series);
    previous.set(point.series, point);
    if (point.time < range.since) continue;
    const at = range.since + Math.floor((point.time - range.since) / range.stepMs) * range.stepMs;
    const group = steps.get(point.group) ?? new Map<number, { points: MetricPoint[]; growth: Growth[] }>();
    steps.set(point.group, group);
    const step = group.get(at) ?? { points: [], growth: [] };
    group.set(at, step);
    step.points.push(point);
    const growth = kind.temporality === 'delta' ? wholeOf(point) : growthOf(before, point, range.readFrom);
    if (growth !== undefined) step.growth.push(growth);
  }
  const figures = new Map<string, MetricFigures[]>();
  for (const [group, byStep] of steps) {
    const inOrder = [...byStep].sort(([a], [b]) => a - b);
    figures.set(
      group,
      inOrder.map(([at, step]) => ({ at, ...finite(figuresOf(kind, step, range.stepMs / 1000)) })),
    );
  }
  return figures;
}

/** Figures that no number can hold, of senders' extreme values, are unknown. */
function finite(figures: Omit<MetricFigures, 'at'>): Omit<MetricFigures, 'at'> {
  const checked = { ...figures };
  for (const name of ['value', 'min', 'max', 'rate', 'count', 'mean', 'p50', 'p95'] as const) {
    const figure = figures[name];
    if (figure !== null && !Number.isFinite(figure)) Object.assign(checked, { [name]: null });
  }
  return checked;
}

function figuresOf(
  kind: MetricKind,
  step: { readonly points: readonly MetricPoint[]; readonly growth: readonly Growth[] },
  seconds: number,
): Omit<MetricFigures, 'at'> {
  switch (figureKind(kind)) {
    case 'level':
      return { ...NOTHING, ...level(kind, step), quantiles: [] };
    case 'rate': {
      // Of a series that was only just met nothing is known yet, which is not the same as standing still.
      const rate = step.growth.length === 0 ? null : total(step.growth.map(({ value }) => value)) / seconds;
      return { ...NOTHING, rate, quantiles: [] };
    }
    case 'distribution':
      return { ...NOTHING, ...distribution(kind, step, seconds), quantiles: [] };
    case 'quantiles': {
      const last = step.points.at(-1);
      const quantiles = (last?.quantiles ?? []).map((quantile, at) => ({
        quantile,
        value: last?.quantileValues[at] ?? 0,
      }));
      return { ...NOTHING, quantiles };
    }
    default:
      return { ...NOTHING, quantiles: [] };
  }
}

function level(
  kind: MetricKind,
  { points, growth }: { readonly points: readonly MetricPoint[]; readonly growth: readonly Growth[] },
): Partial<MetricFigures> {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  if (values.length === 0) return {};
  if (kind.type === 'gauge') return { value: total(values) / values.length, min: least(values), max: most(values) };
  if (kind.temporality === 'delta') return { value: total(growth.map(({ value }) => value)) };
  const last = new Map(points.flatMap(({ series, value }) => (value === null ? [] : [[series, value] as const])));
  return { value: total([...last.values()]) };
}

function distribution(
  kind: MetricKind,
  { points, growth }: { readonly points: readonly MetricPoint[]; readonly growth: readonly Growth[] },
  seconds: number,
): Partial<MetricFigures> {
  if (growth.length === 0) return {};
  const count = total(growth.map((each) => each.count));
  const buckets = growth.flatMap((each) => each.buckets);
  // Least and greatest of cumulative points are those since the series began, not of this step.
  const isDelta = kind.temporality === 'delta';
  const mins = isDelta ? points.flatMap(({ min }) => (min === null ? [] : [min])) : [];
  const maxes = isDelta ? points.flatMap(({ max }) => (max === null ? [] : [max])) : [];
  return {
    rate: count / seconds,
    count,
    mean: count === 0 || points.some(({ sum }) => sum === null) ? null : total(growth.map(({ sum }) => sum)) / count,
    p50: bucketQuantile(buckets, 0.5),
    p95: bucketQuantile(buckets, 0.95),
    min: mins.length === 0 ? null : least(mins),
    max: maxes.length === 0 ? null : most(maxes),
  };
}

/** All that a point says: the growth since its start. */
function wholeOf(point: MetricPoint): Growth {
  const buckets = [...explicitBuckets(point.bounds, point.bucketCounts), ...exponentialBuckets(point)];
  return { value: point.value ?? 0, count: point.count, sum: point.sum ?? 0, buckets };
}

function growthOf(before: MetricPoint | undefined, point: MetricPoint, readFrom: number): Growth | undefined {
  if (before === undefined) return point.start >= readFrom ? wholeOf(point) : undefined;
  const isAnew = point.start !== before.start || (point.value ?? 0) < (before.value ?? 0) || point.count < before.count;
  if (isAnew) return wholeOf(point);
  const grown = subtract(point, before);
  return grown === undefined ? wholeOf(point) : wholeOf(grown);
}

/** What a cumulative point says beyond an earlier one; undefined where a bucket fell or the buckets are others. */
function subtract(point: MetricPoint, before: MetricPoint): MetricPoint | undefined {
  const sameBounds =
    point.bounds.length === before.bounds.length && point.bounds.every((bound, at) => bound === before.bounds[at]);
  if (!sameBounds || point.bucketCounts.length !== before.bucketCounts.length) return undefined;
  const scale = Math.min(point.scale, before.scale);
  const positive = subtractSide(point.positive, point.scale, before.positive, before.scale);
  const negative = subtractSide(point.negative, point.scale, before.negative, before.scale);
  const bucketCounts = point.bucketCounts.map((count, at) => count - (before.bucketCounts[at] ?? 0));
  const zeroCount = Math.max(0, point.zeroCount - before.zeroCount);
  if (positive === undefined || negative === undefined || bucketCounts.some((count) => count < 0)) return undefined;
  return {
    ...point,
    value: (point.value ?? 0) - (before.value ?? 0),
    count: point.count - before.count,
    sum: (point.sum ?? 0) - (before.sum ?? 0),
    bucketCounts,
    scale,
    zeroCount,
    positive,
    negative,
  };
}

/** Buckets of the finer scale are put together first: halving the scale puts two neighbours into one (OTLP data model). */
function subtractSide(
  side: ExponentialSide,
  scale: number,
  before: ExponentialSide,
  scaleBefore: number,
): ExponentialSide | undefined {
  const common = Math.min(scale, scaleBefore);
  const counts = new Map<number, number>();
  const add = (of: ExponentialSide, shift: number, sign: number): void => {
    for (const [at, count] of of.counts.entries()) {
      const index = Math.floor((of.offset + at) / 2 ** shift);
      counts.set(index, (counts.get(index) ?? 0) + sign * count);
    }
  };
  add(side, scale - common, 1);
  add(before, scaleBefore - common, -1);
  const used = [...counts].filter(([, count]) => count !== 0);
  if (used.some(([, count]) => count < 0)) return undefined;
  if (used.length === 0) return { offset: 0, counts: [] };
  const offset = least(used.map(([index]) => index));
  const length = most(used.map(([index]) => index)) - offset + 1;
  if (length > MAX_BUCKETS) return undefined;
  const dense = Array.from({ length }, () => 0);
  for (const [index, count] of used) dense[index - offset] = count;
  return { offset, counts: dense };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}
