import type { Visit } from '../model/order.ts';
import type { UnixNano } from '../model/units.ts';
import type { Machine, Requirement } from './machine.ts';

/** Whether a requirement holds at a moment, and the status of its region then (null before the region began). */
export interface GuardState {
  readonly holds: boolean;
  readonly status: string | null;
}

interface Stay {
  readonly status: string;
  readonly from: UnixNano;
  readonly to: UnixNano | null;
}

/**
 * Prepares the question whether regions were where a guard requires them. Moments MUST be asked for in ascending order.
 *
 * A status counts at both ends of its visit: of two moves at the same moment nobody knows which came first, and an order gets the
 * benefit of the doubt. Unknown statuses leave a region where it was.
 *
 * @param visits in the order of entry
 */
export function guardWatch(
  machine: Machine,
  visits: readonly Visit[],
): (at: UnixNano) => (requirement: Requirement) => GuardState {
  if (machine.regions.length < 2) return () => () => ({ holds: true, status: null });
  const stays = new Map(
    [...Map.groupBy(visits, ({ region }) => region)].map(([id, own]) => [id, staysOf(machine, own)]),
  );
  const passed = new Map<string | null, number>();
  return (at) =>
    ({ region, statuses }) => {
      const own = stays.get(region) ?? [];
      let first = passed.get(region) ?? 0;
      for (let to = own[first]?.to; to !== undefined && to !== null && to < at; to = own[first]?.to) first += 1;
      passed.set(region, first);
      let status: string | null = null;
      for (let index = first; index < own.length; index += 1) {
        const stay = own[index];
        if (stay === undefined || stay.from > at) break;
        status = stay.status;
        if (statuses.has(status)) return { holds: true, status };
      }
      return { holds: false, status };
    };
}

function staysOf(machine: Machine, visits: readonly Visit[]): readonly Stay[] {
  const known = visits.filter(({ status }) => machine.knows(status));
  return known.map(({ status, enteredAt }, index) => ({
    status,
    from: enteredAt,
    to: known[index + 1]?.enteredAt ?? null,
  }));
}
