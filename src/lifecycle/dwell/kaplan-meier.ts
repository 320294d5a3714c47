import { requireProbability } from './quantile.ts';
import { splitByCause } from './survival-steps.ts';

/** What happened at one time of the curve. */
export interface SurvivalPoint {
  /** In the unit of the durations. */
  readonly time: number;
  /** Visits that were still going on just before. */
  readonly atRisk: number;
  readonly events: number;
  readonly censored: number;
  /** Estimated share that lasts longer than `time`, 0 to 1. */
  readonly survival: number;
  /** Greenwood's variance of `survival`; 0 once the curve is at 0. */
  readonly variance: number;
}

/** A Kaplan–Meier curve: constant from each point to the next, 1 before the first. Immutable. */
export interface SurvivalCurve {
  /** Ascending in time, each time once; empty for no durations. */
  readonly points: readonly SurvivalPoint[];
  /** Completed visits. */
  readonly events: number;
  /** Open visits. */
  readonly censored: number;
  /** Durations left out because they were negative or not finite: clock anomalies, to be shown. */
  readonly anomalies: number;
  /** The longest duration that was observed, completed or open; null for no durations. */
  readonly largest: number | null;
}

/** A quantile of time with its uncertainty; all in the unit of the durations. */
export interface SurvivalQuantile {
  readonly probability: number;
  /** Null where the curve does not come down to it. */
  readonly value: number | null;
  /** Set where `value` is null: the quantile lies beyond the largest observed time, which is this. */
  readonly atLeast: number | null;
  /** Lower end of the confidence interval; null where the lower band does not come down to the quantile. */
  readonly low: number | null;
  /** Upper end of the confidence interval; null when the data set no upper limit. */
  readonly high: number | null;
}

/** Mean time up to a horizon. */
export interface RestrictedMean {
  readonly mean: number;
  readonly standardError: number;
  /** The mean is of min(time, horizon). */
  readonly horizon: number;
  /** Whether the curve is still above 0 at the horizon: the unrestricted mean is then larger. */
  readonly restricted: boolean;
}

/** One step of the product-limit estimate: counts at one time. */
export interface SurvivalStep {
  readonly time: number;
  readonly events: number;
  readonly censored: number;
}

/** The normal quantile of a two-sided 95 % interval. */
export const Z_95 = 1.959963984540054;

/** Products of thousands of factors differ from the true ratio by some 1e-13; without slack a curve at exactly ½ would miss the median. */
const SLACK = 1e-11;

/**
 * The product-limit estimate of how long visits last, from completed and open ones (Kaplan and Meier 1958), with
 * Greenwood's variance (1926). At equal times completions count before censorings, the convention of the same paper.
 *
 * Negative and infinite durations and NaN are left out and counted in `anomalies`. O(n log n).
 *
 * @param durations any one unit
 * @param censored per duration: not 0 for an open visit, whose duration is its age
 */
export function kaplanMeier(durations: Float64Array, censored: ArrayLike<number>): SurvivalCurve {
  const causes = new Int32Array(durations.length);
  for (let index = 0; index < causes.length; index += 1) causes[index] = (censored[index] ?? 0) === 0 ? 1 : 0;
  const [open = NONE, over = NONE] = splitByCause(durations, causes);
  return productLimit(mergeSteps(over, open), durations.length - over.length - open.length);
}

const NONE = new Float64Array(0);

function mergeSteps(over: Float64Array, open: Float64Array): readonly SurvivalStep[] {
  const steps: SurvivalStep[] = [];
  let nextOver = 0;
  let nextOpen = 0;
  while (nextOver < over.length || nextOpen < open.length) {
    const time = Math.min(over[nextOver] ?? Number.POSITIVE_INFINITY, open[nextOpen] ?? Number.POSITIVE_INFINITY);
    const firstOver = nextOver;
    const firstOpen = nextOpen;
    while (over[nextOver] === time) nextOver += 1;
    while (open[nextOpen] === time) nextOpen += 1;
    steps.push({ time, events: nextOver - firstOver, censored: nextOpen - firstOpen });
  }
  return steps;
}

/**
 * The product-limit estimate from counts per time.
 *
 * @param steps ascending in time, each time once
 */
export function productLimit(steps: readonly SurvivalStep[], anomalies = 0): SurvivalCurve {
  let atRisk = 0;
  for (const { events, censored } of steps) atRisk += events + censored;
  const points: SurvivalPoint[] = [];
  let survival = 1;
  let greenwood = 0;
  let completed = 0;
  let open = 0;
  for (const { time, events, censored } of steps) {
    if (events + censored === 0) continue;
    survival *= (atRisk - events) / atRisk;
    if (events > 0 && atRisk > events) greenwood += events / (atRisk * (atRisk - events));
    points.push({ time, atRisk, events, censored, survival, variance: survival * survival * greenwood });
    completed += events;
    open += censored;
    atRisk -= events + censored;
  }
  return { points, events: completed, censored: open, anomalies, largest: points.at(-1)?.time ?? null };
}

/** The estimated share of visits that last longer than `age`: 1 before the first point, the last value after the last point. */
export function survivalAt(curve: SurvivalCurve, age: number): number {
  let low = 0;
  let high = curve.points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((curve.points[middle]?.time ?? Number.POSITIVE_INFINITY) <= age) low = middle + 1;
    else high = middle;
  }
  return curve.points[low - 1]?.survival ?? 1;
}

/** How unusual it is to be still in the status at this age: 1 − S(age), 0 to 1. */
export function stuckScore(curve: SurvivalCurve, age: number): number {
  return 1 - survivalAt(curve, age);
}

/**
 * The time by which a share of the visits is over: the first time with S(t) ≤ 1 − probability.
 *
 * The interval is that of Brookmeyer and Crowley (1982) on the log(−log S) scale (Kalbfleisch and Prentice): all times
 * whose pointwise band holds 1 − probability. It equals R's `quantile(survfit(conf.type = "log-log"))` and the default of
 * SAS LIFETEST. The band has no upper limit where the curve is at 0, so `high` is null when only the last point reaches it.
 *
 * A quantile that falls on a flat piece at exactly 1 − probability is the start of the piece (R reports its middle).
 */
export function survivalQuantile(curve: SurvivalCurve, probability: number, z = Z_95): SurvivalQuantile {
  requireProbability(probability);
  const level = 1 - probability + SLACK;
  let value: number | null = null;
  let low: number | null = null;
  let high: number | null = null;
  for (const point of curve.points) {
    if (point.events === 0) continue;
    const band = logLogBand(point, z);
    if (value === null && point.survival <= level) value = point.time;
    if (low === null && band.low <= level) low = point.time;
    if (high === null && band.high !== null && band.high <= level) high = point.time;
    if (value !== null && high !== null) break;
  }
  const atLeast = value === null ? curve.largest : null;
  return { probability, value, atLeast, low, high };
}

/** The pointwise confidence band of S on the log(−log) scale; no upper limit where S is 0. */
export function logLogBand(
  { survival, variance }: SurvivalPoint,
  z = Z_95,
): { readonly low: number; readonly high: number | null } {
  if (survival >= 1) return { low: 1, high: 1 };
  if (survival <= 0) return { low: 0, high: null };
  const width = (z * Math.sqrt(variance)) / (survival * -Math.log(survival));
  return { low: survival ** Math.exp(width), high: survival ** Math.exp(-width) };
}

/**
 * The mean of min(time, horizon): the area under the curve, with its standard error by Greenwood (Klein and Moeschberger
 * 2003, 4.5.2, as R's `print(survfit, rmean)`).
 *
 * @param horizon in the unit of the durations; by default the largest observed time. Past that time the curve is
 *   unknown, so that a later horizon is taken for it, unless the curve is at 0 there
 * @returns null for no durations
 */
export function restrictedMean(curve: SurvivalCurve, horizon?: number): RestrictedMean | null {
  if (curve.largest === null) return null;
  const end = Math.max(0, Math.min(horizon ?? curve.largest, curve.largest));
  const inside = curve.points.filter(({ time }) => time <= end);
  let area = 0;
  let variance = 0;
  let until = end;
  for (const { time, atRisk, events, survival } of inside.toReversed()) {
    area += (until - time) * survival;
    until = time;
    if (atRisk > events) variance += (area * area * events) / (atRisk * (atRisk - events));
  }
  const restricted = survivalAt(curve, end) > 0;
  return { mean: area + until, standardError: Math.sqrt(variance), horizon: end, restricted };
}
