import type { LifecycleStatus } from './definition.ts';

/**
 * Gives each status a name that another notation can read: its id where that is usable, otherwise `status_N` by its place in
 * the definition. Names are unique and no name is the id of another status. The same statuses give the same names.
 *
 * @param usable whether the notation reads the text as a name; must hold for `status_1`, `status_1_` …
 */
export function exportNames(
  statuses: readonly LifecycleStatus[],
  usable: (id: string) => boolean,
): ReadonlyMap<string, string> {
  const taken = new Set(statuses.map((status) => status.id).filter(usable));
  const names = new Map<string, string>();
  for (const [index, { id }] of statuses.entries()) {
    let name = usable(id) ? id : `status_${index + 1}`;
    while (!usable(id) && taken.has(name)) name += '_';
    taken.add(name);
    names.set(id, name);
  }
  return names;
}
