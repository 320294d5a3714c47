import type { Visit } from '../../model/order.ts';
import type { DurationNano, UnixNano } from '../../model/units.ts';
import type { Machine } from '../machine.ts';

/** How a failure ended for its order. */
export type FailureOutcome =
  | 'overcome' // the order moved forward within the recovery time: it did not fail
  | 'pending' // the recovery time is not over
  | 'failed' // it is over, and the order has not moved forward
  | 'recovered'; // the order moved forward, but later

/** Where a failure stands in the life of its order. */
export interface FailurePlace {
  /** The status the order was in; null before its first one. With regions, the one entered last of those that were not final. */
  readonly status: string | null;
  /** Entry into the first status further on, after the failure; null while there is none. */
  readonly movedOnAt: UnixNano | null;
}

/**
 * Places a failure among the visits of its order. Further on means nearer to the end of the lifecycle: a higher rank than that of the
 * status of its region at the time of the failure; a rework loop does not count as recovery. A status that the lifecycle does not know has no rank.
 *
 * @param visits in the order of entry
 */
export function placeFailure(machine: Machine, visits: readonly Visit[], at: UnixNano): FailurePlace {
  const here = new Map<string | null, string>();
  const reached = new Map<string | null, number>();
  for (const visit of visits) {
    const rank = machine.knows(visit.status) ? machine.rank(visit.status) : undefined;
    if (visit.enteredAt > at) {
      if (rank !== undefined && rank > (reached.get(visit.region) ?? -1))
        return { status: statusOf(machine, here), movedOnAt: visit.enteredAt };
    } else {
      // Taken out first, so that the region entered last stands last.
      here.delete(visit.region);
      here.set(visit.region, visit.status);
      if (rank !== undefined) reached.set(visit.region, rank);
    }
  }
  return { status: statusOf(machine, here), movedOnAt: null };
}

/** Of the statuses of the regions, by entry, the one that stands for the order: the last that is not final, where there is one. */
function statusOf(machine: Machine, here: ReadonlyMap<string | null, string>): string | null {
  const statuses = [...here.values()];
  return statuses.findLast((status) => !machine.isFinal(status)) ?? statuses.at(-1) ?? null;
}

/** How a failure stands at `now`. */
export function failureOutcome(
  failure: { readonly at: UnixNano; readonly movedOnAt: UnixNano | null },
  options: { readonly now: UnixNano; readonly recoveryTime: DurationNano },
): FailureOutcome {
  const deadline = failure.at + options.recoveryTime;
  if (failure.movedOnAt !== null) return failure.movedOnAt <= deadline ? 'overcome' : 'recovered';
  return options.now <= deadline ? 'pending' : 'failed';
}
