import { WaybillError } from '../../model/errors.ts';

/** Most causes (outcomes) that are told apart; a lifecycle has a handful of final statuses. */
export const MAX_CAUSES = 1_000;

/** What happened at one time. */
export interface CauseStep {
  readonly time: number;
  /** Events by cause: index 0 is cause 1. */
  readonly events: readonly number[];
  readonly censored: number;
}

export interface CauseSteps {
  /** Ascending in time, each time once. */
  readonly steps: readonly CauseStep[];
  /** Durations left out because they were negative or not a finite number. */
  readonly anomalies: number;
}

/**
 * Counts durations by time and cause.
 *
 * Each cause is sorted as a plain Float64Array and the runs are merged, which is several times faster than sorting pairs.
 *
 * @param causes per duration: 0 for censored, else 1 … MAX_CAUSES
 */
export function survivalSteps(durations: Float64Array, causes: Int32Array): CauseSteps {
  const runs = splitByCause(durations, causes);
  const positions = new Int32Array(runs.length);
  const steps: CauseStep[] = [];
  for (;;) {
    let time = Number.POSITIVE_INFINITY;
    for (let cause = 0; cause < runs.length; cause += 1) {
      const next = runs[cause]?.[positions[cause] ?? 0];
      if (next !== undefined && next < time) time = next;
    }
    // Every duration that was kept is finite.
    if (time === Number.POSITIVE_INFINITY) break;
    const events: number[] = [];
    for (let cause = 1; cause < runs.length; cause += 1) events.push(take(runs[cause], positions, cause, time));
    const censored = take(runs[0], positions, 0, time);
    steps.push({ time, events, censored });
  }
  const kept = runs.reduce((sum, run) => sum + run.length, 0);
  return { steps, anomalies: durations.length - kept };
}

/** Whether a duration can be one: the others are clock anomalies, which are counted and never clamped. */
export function isDwell(duration: number): boolean {
  return duration >= 0 && duration < Number.POSITIVE_INFINITY;
}

/** Counts the values at a time and moves on past them. */
function take(run: Float64Array | undefined, positions: Int32Array, cause: number, time: number): number {
  const start = positions[cause] ?? 0;
  let end = start;
  while (run?.[end] === time) end += 1;
  positions[cause] = end;
  return end - start;
}

/** The durations of each cause, ascending, without anomalies; index 0 is censored, and there are at least two. */
export function splitByCause(durations: Float64Array, causes: Int32Array): readonly Float64Array[] {
  const most = causes.reduce((largest, cause) => Math.max(largest, cause), 0);
  if (most > MAX_CAUSES || causes.some((cause) => cause < 0) || causes.length !== durations.length) {
    throw new WaybillError('invalid_argument', 'the causes do not fit the durations', {
      remedy: `Give one cause for each duration: 0 for censored, else a number from 1 to ${MAX_CAUSES}.`,
    });
  }
  // At least two runs, so that cause 1 has a place even where nothing completed.
  const sizes = new Int32Array(Math.max(2, most + 1));
  const usable = (index: number): boolean => isDwell(durations[index] ?? -1);
  causes.forEach((cause, index) => {
    if (usable(index)) sizes[cause] = (sizes[cause] ?? 0) + 1;
  });
  const runs = Array.from(sizes, (size) => new Float64Array(size));
  sizes.fill(0);
  causes.forEach((cause, index) => {
    const run = runs[cause];
    if (run === undefined || !usable(index)) return;
    const place = sizes[cause] ?? 0;
    run[place] = durations[index] ?? 0;
    sizes[cause] = place + 1;
  });
  for (const run of runs) run.sort();
  return runs;
}
