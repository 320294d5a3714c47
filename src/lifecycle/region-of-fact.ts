import type { StatusFact } from '../model/order.ts';
import type { Machine } from './machine.ts';

/**
 * Gives a function that tells to which region a fact belongs: the region of its status. A status that the lifecycle does not know is
 * taken to belong to the region of the reporting source's system where that is one, else to the first region.
 */
export function dividerOf(machine: Machine): (fact: Pick<StatusFact, 'status' | 'source'>) => string | null {
  const first = machine.regions[0]?.id ?? null;
  if (machine.regions.length < 2) return () => first;
  const { systems, statuses } = machine.lifecycle;
  const ofSource = new Map<string, Set<string | null>>();
  for (const { id, services } of systems) {
    const own = statuses.filter(({ system }) => system === id).map(({ region }) => region);
    for (const service of services) ofSource.set(service, new Set([...(ofSource.get(service) ?? []), ...own]));
  }
  return ({ status, source }) => {
    if (machine.knows(status)) return machine.regionOf(status);
    const regions = ofSource.get(source);
    const [only] = regions ?? [];
    return regions?.size === 1 && only !== undefined ? only : first;
  };
}
