import { productLimit, type SurvivalCurve } from '../lifecycle/dwell/kaplan-meier.ts';
import { type Durations, mergeDurations, type VisitCell, type VisitCells } from './visit-cells.ts';

/**
 * The Kaplan–Meier curve of every status. An open visit counts as censored at its age; one in a final status is no wait and is left out.
 * Negative durations are clock anomalies: counted, not used. Where durations are rounded, so are the times of the curve.
 */
export function statusSurvival({ cells }: VisitCells): ReadonlyMap<string, SurvivalCurve> {
  const visits = cells.filter(({ kind }) => kind === 'completed' || kind === 'open');
  return new Map(
    [...Map.groupBy(visits, ({ status }) => status)].map(([status, own]) => [status, curveOf(own, 'completed')]),
  );
}

/** The curve of some cells: those of one kind ended, the others are open. */
export function curveOf(cells: readonly VisitCell[], ended: VisitCell['kind']): SurvivalCurve {
  const events = mergeDurations(cells.filter(({ kind }) => kind === ended).map(({ durations }) => durations));
  const censored = mergeDurations(cells.filter(({ kind }) => kind !== ended).map(({ durations }) => durations));
  const { steps, anomalies } = mergeSteps([events], censored);
  return productLimit(
    steps.map((step) => ({ time: step.time, events: step.events[0] ?? 0, censored: step.censored })),
    anomalies,
  );
}

/** Counts of several causes and of what is open, by time; each list is ascending. */
export function mergeSteps(
  causes: readonly Durations[],
  censored: Durations,
): { steps: { time: number; events: number[]; censored: number }[]; anomalies: number } {
  const steps: { time: number; events: number[]; censored: number }[] = [];
  let anomalies = 0;
  const runs = [censored, ...causes];
  const places = runs.map(() => 0);
  for (;;) {
    const time = Math.min(...runs.map(({ values }, run) => values[places[run] ?? 0] ?? Number.POSITIVE_INFINITY));
    if (time === Number.POSITIVE_INFINITY) return { steps, anomalies };
    const [open = 0, ...events] = runs.map(({ values, counts }, run) => {
      const place = places[run] ?? 0;
      if (values[place] !== time) return 0;
      places[run] = place + 1;
      return counts[place] ?? 0;
    });
    if (time < 0) anomalies += open + events.reduce((sum, count) => sum + count, 0);
    else steps.push({ time, events, censored: open });
  }
}
