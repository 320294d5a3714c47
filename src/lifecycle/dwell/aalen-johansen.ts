import { type CauseSteps, survivalSteps } from './survival-steps.ts';

/** The share of orders that ended in one outcome by a time. */
export interface IncidencePoint {
  /** In the unit of the durations. */
  readonly time: number;
  /** Probability to have ended by this cause until `time`, 0 to 1. */
  readonly incidence: number;
  /** Variance of `incidence` by the delta method. */
  readonly variance: number;
}

export interface CumulativeIncidence {
  /** Per cause (index 0 is cause 1): the steps of its curve, ascending; 0 before the first, constant after the last. */
  readonly causes: readonly (readonly IncidencePoint[])[];
  /** Times at which something ended, and the share that had not ended by any cause just after. */
  readonly stillOpen: readonly { readonly time: number; readonly survival: number }[];
  readonly events: number;
  readonly censored: number;
  /** Durations left out because they were negative or not finite: clock anomalies, to be shown. */
  readonly anomalies: number;
}

/**
 * Cumulative incidence of competing outcomes from completed and open orders (Aalen and Johansen 1978): the increment of
 * a cause at t is S(t−) · d/n. At every time the incidences and the share still open add up to 1; one minus a
 * Kaplan–Meier curve per cause would add up to more.
 *
 * Ties, anomalies and cost as `kaplanMeier`. The variance is that of Marubini and Valsecchi (1995, 10.2).
 *
 * @param causes per duration: 0 for an open order, whose duration is its age; else the outcome, from 1
 */
export function aalenJohansen(durations: Float64Array, causes: Int32Array): CumulativeIncidence {
  return aalenJohansenOfSteps(survivalSteps(durations, causes));
}

/** The same from counts per time; every step has the same number of causes. */
export function aalenJohansenOfSteps({ steps, anomalies }: CauseSteps): CumulativeIncidence {
  const all = steps.reduce(
    (sum, step) => sum + step.censored + step.events.reduce((some, count) => some + count, 0),
    0,
  );
  let atRisk = all;
  let survival = 1;
  let completed = 0;
  const curves: Curve[] = (steps[0]?.events ?? []).map(() => newCurve());
  const stillOpen: { time: number; survival: number }[] = [];
  for (const { time, events, censored } of steps) {
    const ended = events.reduce((sum, count) => sum + count, 0);
    for (const [cause, curve] of curves.entries()) advance(curve, time, events[cause] ?? 0, ended, atRisk, survival);
    if (ended > 0) {
      survival *= (atRisk - ended) / atRisk;
      stillOpen.push({ time, survival });
    }
    completed += ended;
    atRisk -= ended + censored;
  }
  const censored = all - completed;
  return { causes: curves.map(({ points }) => points), stillOpen, events: completed, censored, anomalies };
}

/** The probability to have ended by a cause (from 1) until `time`. */
export function incidenceAt(incidence: CumulativeIncidence, cause: number, time: number): number {
  return incidence.causes[cause - 1]?.findLast((point) => point.time <= time)?.incidence ?? 0;
}

/**
 * A curve with the sums that its variance needs. Writing F for the incidence, g for d/(n(n−d)) over all causes, and a, b
 * for the parts of one's own cause: Var F(t) = Σ (F(t)−Fᵢ)² gᵢ + Σ aᵢ − 2 Σ (F(t)−Fᵢ) bᵢ, expanded in powers of F(t).
 */
interface Curve {
  readonly points: IncidencePoint[];
  incidence: number;
  g: number;
  gF: number;
  gFF: number;
  a: number;
  b: number;
  bF: number;
}

function newCurve(): Curve {
  return { points: [], incidence: 0, g: 0, gF: 0, gFF: 0, a: 0, b: 0, bF: 0 };
}

function advance(curve: Curve, time: number, own: number, all: number, atRisk: number, before: number): void {
  if (all === 0) return;
  curve.incidence += (before * own) / atRisk;
  const F = curve.incidence;
  // With nobody left the survival is 0, no incidence can follow, and the term would only be multiplied by 0.
  if (atRisk > all) {
    const g = all / (atRisk * (atRisk - all));
    curve.g += g;
    curve.gF += g * F;
    curve.gFF += g * F * F;
  }
  const b = (before * own) / (atRisk * atRisk);
  curve.a += (before * before * (atRisk - own) * own) / atRisk ** 3;
  curve.b += b;
  curve.bF += b * F;
  if (own === 0) return;
  const variance = F * F * curve.g - 2 * F * curve.gF + curve.gFF + curve.a - 2 * (F * curve.b - curve.bF);
  curve.points.push({ time, incidence: F, variance: Math.max(0, variance) });
}
