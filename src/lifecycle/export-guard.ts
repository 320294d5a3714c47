import type { Lifecycle } from './definition.ts';

/** A guard as alternatives by region: every group must hold, and a group holds in any of its statuses. */
export type GuardGroups = readonly { readonly region: string; readonly statuses: readonly string[] }[];

/** Groups the statuses of a guard by their region, in the order in which the guard names them. */
export function guardGroups({ statuses }: Lifecycle, guard: readonly string[]): GuardGroups {
  const homes = new Map(statuses.map(({ id, region }) => [id, region ?? '']));
  return [...Map.groupBy(guard, (status) => homes.get(status) ?? '')].map(([region, each]) => ({
    region,
    statuses: [...new Set(each)],
  }));
}
