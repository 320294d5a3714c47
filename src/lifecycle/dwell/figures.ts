import { mean, quantile } from './quantile.ts';
import { isDwell } from './survival-steps.ts';

/** What is known without estimating: about the visits that are over, and about those that are open; unit of the durations. */
export interface DwellFigures {
  /** Biased low while visits are open: the long ones are not over yet. */
  readonly completed: {
    readonly count: number;
    readonly mean: number | null;
    readonly median: number | null;
    readonly p95: number | null;
  };
  readonly open: { readonly count: number; readonly p50Age: number | null; readonly p95Age: number | null };
  /** Durations left out because they were negative or not finite: clock anomalies, to be shown. */
  readonly anomalies: number;
}

/**
 * The two figures beside the Kaplan–Meier estimate: completed visits only, and the ages of the open ones. Quantiles are
 * type 7.
 *
 * @param durations any one unit
 * @param censored per duration: not 0 for an open visit, whose duration is its age
 */
export function dwellFigures(durations: Float64Array, censored: ArrayLike<number>): DwellFigures {
  const completed = durations.filter((value, index) => isDwell(value) && (censored[index] ?? 0) === 0).sort();
  const ages = durations.filter((value, index) => isDwell(value) && (censored[index] ?? 0) !== 0).sort();
  return {
    completed: {
      count: completed.length,
      mean: mean(completed),
      median: quantile(completed, 0.5),
      p95: quantile(completed, 0.95),
    },
    open: { count: ages.length, p50Age: quantile(ages, 0.5), p95Age: quantile(ages, 0.95) },
    anomalies: durations.length - completed.length - ages.length,
  };
}
