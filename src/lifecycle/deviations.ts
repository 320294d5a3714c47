import type { Deviation, DeviationKind, Visit } from '../model/order.ts';
import type { Machine } from './machine.ts';

/**
 * Finds what the lifecycle does not allow in the visits of an order. An open order that fits so far has no deviations.
 *
 * Each entry is judged against the latest known status, or against the start of the order; after a deviation it goes on
 * from where the order is. At most one deviation a visit.
 *
 * @param visits in the order of entry
 */
export function findDeviations(machine: Machine, visits: readonly Visit[]): Deviation[] {
  const deviations: Deviation[] = [];
  const visited = new Set<string>();
  let current: string | null = null;
  for (const [visitIndex, { status, enteredAt }] of visits.entries()) {
    const found = judge(machine, current, status, visited);
    if (found !== null) {
      const fromStatus = visits[visitIndex - 1]?.status ?? null;
      deviations.push({ ...found, status, fromStatus, at: enteredAt, visitIndex });
    }
    if (machine.knows(status)) {
      current = status;
      visited.add(status);
    }
  }
  return deviations;
}

interface Verdict {
  readonly kind: DeviationKind;
  readonly skipped: readonly string[];
}

function judge(machine: Machine, from: string | null, to: string, visited: ReadonlySet<string>): Verdict | null {
  if (!machine.knows(to)) return verdict('unknown_status');
  const { initial } = machine.lifecycle;
  if (from === null) {
    if (to === initial) return null;
    const between = machine.shortestPath(initial, to);
    return between === undefined ? verdict('unexpected') : verdict('skipped', [initial, ...between]);
  }
  if (machine.allows(from, to)) return null;
  // Only the report of an unknown status in between can bring a final status after itself; that is no exit.
  if (machine.isFinal(from) && from !== to) return verdict('left_final');
  if (visited.has(to)) return verdict('repeated');
  const between = machine.shortestPath(from, to);
  return between === undefined ? verdict('unexpected') : verdict('skipped', between);
}

function verdict(kind: DeviationKind, skipped: readonly string[] = []): Verdict {
  return { kind, skipped };
}
