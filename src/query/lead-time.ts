import { aalenJohansenOfSteps } from '../lifecycle/dwell/aalen-johansen.ts';
import type { SurvivalCurve } from '../lifecycle/dwell/kaplan-meier.ts';
import { type CompletedFigures, completedFigures, total } from './statuses.ts';
import { curveOf, mergeSteps } from './survival.ts';
import { mergeDurations, type VisitCells } from './visit-cells.ts';

/** How long whole orders take, from the first status to the final one. */
export interface LeadTime {
  /** Orders that ended. */
  readonly completed: CompletedFigures;
  /** Ended and open orders together; durations in milliseconds. */
  readonly curve: SurvivalCurve;
  /** Per final status: the share of orders that end there, open ones taken into account; falls short of 1 by those still open. */
  readonly outcomes: readonly { readonly status: string; readonly orders: number; readonly probability: number }[];
}

/** Lead time; open orders count with their age, orders without a status not at all. */
export function leadTime({ cells }: VisitCells): LeadTime {
  const orders = cells.filter(({ kind }) => kind === 'closed' || kind === 'active');
  const closed = orders.filter(({ kind }) => kind === 'closed');
  const outcomes = [...Map.groupBy(closed, ({ status }) => status)]
    .map(([status, own]) => ({
      status,
      orders: total(own.map(({ count }) => count)),
      durations: mergeDurations(own.map(({ durations }) => durations)),
    }))
    .filter((outcome) => outcome.orders > 0)
    .sort((a, b) => (a.status < b.status ? -1 : 1));
  const open = mergeDurations(orders.filter(({ kind }) => kind === 'active').map(({ durations }) => durations));
  const incidence = aalenJohansenOfSteps(
    mergeSteps(
      outcomes.map(({ durations }) => durations),
      open,
    ),
  );
  return {
    completed: completedFigures(mergeDurations(closed.map(({ durations }) => durations))),
    curve: curveOf(orders, 'closed'),
    outcomes: outcomes.map((outcome, index) => ({
      status: outcome.status,
      orders: outcome.orders,
      probability: incidence.causes[index]?.at(-1)?.incidence ?? 0,
    })),
  };
}
