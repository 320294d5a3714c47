import { WaybillError } from '../model/errors.ts';
import type { Lifecycle, LifecycleStatus } from './definition.ts';
import { reach, shortestWay } from './graph.ts';

/** A lifecycle prepared for fast checks. Immutable; the same lifecycle always gives the same machine. */
export interface Machine {
  readonly lifecycle: Lifecycle;
  /** Whether the lifecycle has the status. */
  knows(status: string): boolean;
  /** The owner of the status; null when the lifecycle does not know the status. */
  systemOf(status: string): string | null;
  /** Statuses that may follow, in the order of the definition; empty for an unknown status. */
  successors(status: string): readonly string[];
  /** Whether an order may move from one status directly to the other; `reopen` edges and self-edges count. */
  allows(from: string, to: string): boolean;
  isFinal(status: string): boolean;
  /**
   * Place of the status in an order that the machine allows as far as that is possible: 0 for the initial status, unique,
   * infinite for an unknown status. It decides between reports of the same time.
   */
  rank(status: string): number;
  /**
   * The statuses strictly between two on the shortest allowed way of at least one edge; undefined when there is no way.
   * Of equally short ways the one whose statuses come first in the definition wins, decided where they first differ.
   */
  shortestPath(from: string, to: string): readonly string[] | undefined;
}

interface Compiled {
  readonly definition: LifecycleStatus;
  readonly rank: number;
  /** In the order of the definition, which a Set keeps. */
  readonly successors: ReadonlySet<string>;
}

/**
 * Compiles a lifecycle.
 * Throws WaybillError `invalid_lifecycle` when it refers to a status that it does not define; one from `parseLifecycle` never does.
 */
export function compileMachine(lifecycle: Lifecycle): Machine {
  const ids = lifecycle.statuses.map((status) => status.id);
  const position = new Map(ids.map((id, index) => [id, index]));
  const targets = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const { from, to } of lifecycle.transitions) {
    requireKnown(position, from);
    requireKnown(position, to);
    targets.get(from)?.push(to);
  }
  requireKnown(position, lifecycle.initial);
  for (const each of targets.values()) each.sort((a, b) => (position.get(a) ?? 0) - (position.get(b) ?? 0));
  const ranks = rankStatuses(lifecycle);
  const compiled = new Map<string, Compiled>(
    lifecycle.statuses.map((definition) => [
      definition.id,
      { definition, rank: ranks.get(definition.id) ?? 0, successors: new Set(targets.get(definition.id)) },
    ]),
  );
  const successors = new Map([...targets].map(([id, each]) => [id, [...new Set(each)]]));
  const next = (status: string): readonly string[] => successors.get(status) ?? [];
  return {
    lifecycle,
    knows: (status) => compiled.has(status),
    systemOf: (status) => compiled.get(status)?.definition.system ?? null,
    successors: next,
    allows: (from, to) => compiled.get(from)?.successors.has(to) ?? false,
    isFinal: (status) => compiled.get(status)?.definition.final ?? false,
    rank: (status) => compiled.get(status)?.rank ?? Number.POSITIVE_INFINITY,
    shortestPath: (from, to) => shortestWay(from, to, next),
  };
}

function requireKnown(known: ReadonlyMap<string, number>, id: string): void {
  if (known.has(id)) return;
  throw new WaybillError(
    'invalid_lifecycle',
    `the lifecycle refers to the status \`${id}\`, which it does not define`,
    {
      remedy: 'Prove the definition with: waybill lifecycle check FILE',
    },
  );
}

/**
 * Ranks statuses so that one comes before another whenever orders can only move from the first to the second.
 *
 * The distance from the initial status alone would not do: with the shortcut A → D beside A → B → C → D it would rank D
 * before C, and simultaneous reports of both would read as the impossible D → C. Between statuses that do not force an
 * order (branches, loops) the distance decides, then the place in the definition. `reopen` edges lead back by their
 * nature and force nothing.
 */
function rankStatuses(lifecycle: Lifecycle): ReadonlyMap<string, number> {
  const ids = lifecycle.statuses.map((status) => status.id);
  const all = new Map<string, string[]>(ids.map((id) => [id, []]));
  const onward = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const { from, to, reopen } of lifecycle.transitions) {
    all.get(from)?.push(to);
    if (!reopen) onward.get(from)?.push(to);
  }
  const distances = distancesFrom(lifecycle.initial, (id) => all.get(id) ?? []);
  const distance = (id: string): number => distances.get(id) ?? ids.length;
  // The sort is stable: equal distances keep the order of the definition.
  const preferred = ids.toSorted((a, b) => distance(a) - distance(b));
  const after = new Map(ids.map((id) => [id, reach(onward.get(id) ?? [], (each) => onward.get(each) ?? [])]));
  // What orders enter only after having been complete must not come before the first steps to which it leads back.
  const once = reach([lifecycle.initial], (id) => onward.get(id) ?? []);
  const forces = (a: string, b: string): boolean =>
    a !== b && (after.get(a)?.has(b) ?? false) && !(after.get(b)?.has(a) ?? false) && (once.has(a) || !once.has(b));
  const ranks = new Map<string, number>();
  const waiting = new Map(ids.map((id) => [id, ids.filter((other) => forces(other, id)).length]));
  while (ranks.size < ids.length) {
    // `forces` is a strict partial order, so some status waits for nobody.
    const chosen = preferred.find((id) => !ranks.has(id) && waiting.get(id) === 0);
    if (chosen === undefined) break;
    ranks.set(chosen, ranks.size);
    for (const id of ids) if (forces(chosen, id)) waiting.set(id, (waiting.get(id) ?? 0) - 1);
  }
  return ranks;
}

function distancesFrom(start: string, next: (id: string) => readonly string[]): ReadonlyMap<string, number> {
  const distances = new Map([[start, 0]]);
  for (const [id, distance] of distances) {
    for (const successor of next(id)) if (!distances.has(successor)) distances.set(successor, distance + 1);
  }
  return distances;
}
