import { initialStatuses, type Lifecycle } from './definition.ts';
import { reach } from './graph.ts';

/**
 * Ranks statuses so that one comes before another whenever orders can only move from the first to the second.
 *
 * The distance from the initial status alone would not do: with the shortcut A → D beside A → B → C → D it would rank D
 * before C, and simultaneous reports of both would read as the impossible D → C. Between statuses that do not force an
 * order (branches, loops) the distance decides, then the place in the definition. `reopen` edges lead back by their
 * nature and force nothing. A guard forces like an edge: the status that it names is entered before the move it allows.
 */
export function rankStatuses(lifecycle: Lifecycle): ReadonlyMap<string, number> {
  const ids = lifecycle.statuses.map((status) => status.id);
  const all = new Map<string, string[]>(ids.map((id) => [id, []]));
  const onward = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const { from, to, reopen, requires } of lifecycle.transitions) {
    all.get(from)?.push(to);
    if (reopen) continue;
    for (const before of [from, ...requires]) onward.get(before)?.push(to);
  }
  for (const { initial, startsWhen } of lifecycle.regions) {
    for (const before of startsWhen) onward.get(before)?.push(initial);
  }
  const starts = initialStatuses(lifecycle);
  const distances = distancesFrom(starts, (id) => all.get(id) ?? []);
  const distance = (id: string): number => distances.get(id) ?? ids.length;
  // The sort is stable: equal distances keep the order of the definition.
  const preferred = ids.toSorted((a, b) => distance(a) - distance(b));
  const after = new Map(ids.map((id) => [id, reach(onward.get(id) ?? [], (each) => onward.get(each) ?? [])]));
  // What orders enter only after having been complete must not come before the first steps to which it leads back.
  const once = reach(starts, (id) => onward.get(id) ?? []);
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

function distancesFrom(starts: Iterable<string>, next: (id: string) => readonly string[]): ReadonlyMap<string, number> {
  const distances = new Map([...starts].map((start) => [start, 0]));
  for (const [id, distance] of distances) {
    for (const successor of next(id)) if (!distances.has(successor)) distances.set(successor, distance + 1);
  }
  return distances;
}
