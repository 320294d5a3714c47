import type { Machine } from './machine.ts';

/** Where an order is: the status of each region that has begun, by region. */
export type Position = ReadonlyMap<string | null, string>;

/** Whether an order there may enter the status, guards included. */
export function mayEnter(machine: Machine, at: Position, status: string): boolean {
  const region = machine.regionOf(status);
  const from = at.get(region) ?? null;
  const isMove =
    from === null
      ? machine.regions.some(({ id, initial }) => id === region && initial === status)
      : machine.allows(from, status);
  return isMove && machine.requirements(from, status).every((each) => each.statuses.has(at.get(each.region) ?? ''));
}

/** Whether every region is in a final status, but for optional ones that have not begun. */
export function isComplete(machine: Machine, at: Position): boolean {
  return machine.regions.every(({ id, optional }) => {
    const status = at.get(id);
    return status === undefined ? optional : machine.isFinal(status);
  });
}
