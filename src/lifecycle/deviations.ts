import type { Deviation, DeviationKind, Visit } from '../model/order.ts';
import { guardWatch } from './guard-watch.ts';
import type { Machine } from './machine.ts';

/**
 * Finds what the lifecycle does not allow in the visits of an order. An open order that fits so far has no deviations.
 *
 * Each entry is judged against the latest known status of its region, or against the start of the region; after a deviation it goes
 * on from where the order is. At most one deviation a visit says what is wrong with the way; whether other regions are where the move
 * requires them is asked only where the move is allowed. `wrong_system` speaks of who reported, not of the way, and so stands beside
 * another deviation of the same visit, behind it.
 *
 * @param visits in the order of entry
 */
export function findDeviations(machine: Machine, visits: readonly Visit[]): Deviation[] {
  const deviations: Deviation[] = [];
  const regions = new Map<string | null, Way>();
  const guards = guardWatch(machine, visits);
  for (const [visitIndex, visit] of visits.entries()) {
    const { status, enteredAt, region, from: fromStatus } = visit;
    const way = regions.get(region) ?? newWay(machine, region);
    regions.set(region, way);
    const verdict = judgeWay(machine, way, status) ?? judgeGuard(machine, way, status, guards(enteredAt));
    const entered = { status, fromStatus, at: enteredAt, visitIndex };
    if (verdict !== null) deviations.push({ ...NOTHING, ...verdict, ...entered });
    if (!visit.evidence.some((piece) => machine.mayReport(status, piece))) {
      deviations.push({ ...NOTHING, kind: 'wrong_system', ...entered });
    }
    if (machine.knows(status)) {
      way.current = status;
      way.visited.add(status);
    }
  }
  return deviations;
}

/** How far an order has come in one region. */
interface Way {
  readonly initial: string;
  /** The latest known status; null before the first. */
  current: string | null;
  readonly visited: Set<string>;
}

function newWay({ regions, lifecycle }: Machine, region: string | null): Way {
  const initial = regions.find(({ id }) => id === region)?.initial ?? lifecycle.initial;
  return { initial, current: null, visited: new Set() };
}

interface Verdict {
  readonly kind: DeviationKind;
  readonly skipped?: readonly string[];
  readonly otherStatus?: string | null;
}

const NOTHING = { skipped: [], otherStatus: null };

function judgeWay(machine: Machine, { initial, current: from, visited }: Way, to: string): Verdict | null {
  if (!machine.knows(to)) return { kind: 'unknown_status' };
  if (from === null) {
    if (to === initial) return null;
    const between = machine.shortestPath(initial, to);
    return between === undefined ? { kind: 'unexpected' } : { kind: 'skipped', skipped: [initial, ...between] };
  }
  if (machine.allows(from, to)) return null;
  // Only the report of an unknown status in between can bring a final status after itself; that is no exit.
  if (machine.isFinal(from) && from !== to) return { kind: 'left_final' };
  if (visited.has(to)) return { kind: 'repeated' };
  const between = machine.shortestPath(from, to);
  if (between !== undefined) return { kind: 'skipped', skipped: between };
  return { kind: machine.shortestPath(to, from) === undefined ? 'unexpected' : 'wrong_order' };
}

function judgeGuard(
  machine: Machine,
  { current }: Way,
  to: string,
  elsewhere: ReturnType<ReturnType<typeof guardWatch>>,
): Verdict | null {
  for (const requirement of machine.requirements(current, to)) {
    const found = elsewhere(requirement);
    if (!found.holds) return { kind: 'out_of_step', otherStatus: found.status };
  }
  return null;
}
