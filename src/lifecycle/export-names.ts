import type { Lifecycle } from './definition.ts';

/** Names of what a lifecycle consists of, as another notation can read them. */
export interface ExportNames {
  /** Unique among everything here. */
  status(id: string): string;
  region(id: string): string;
  /** Of what contains the regions. */
  readonly whole: string;
  /** Of the state in which a region is before it begins. */
  notBegun(region: string): string;
}

/**
 * Gives each status and each region a name that another notation can read: its id where that is usable and free, otherwise `status_N`
 * or `region_N` by its place in the definition. Names are unique and no name is the id of another status. The same lifecycle gives the
 * same names.
 *
 * @param usable whether the notation reads the text as a name; must hold for `status_1`, `status_1_` …
 */
export function exportNames({ statuses, regions }: Lifecycle, usable: (id: string) => boolean): ExportNames {
  const taken = new Set(statuses.map((status) => status.id).filter(usable));
  const free = (wanted: string): string => {
    let name = wanted;
    while (taken.has(name)) name += '_';
    taken.add(name);
    return name;
  };
  const names = new Map(statuses.map(({ id }, index) => [id, usable(id) ? id : free(`status_${index + 1}`)]));
  const regionNames = new Map(
    regions.map(({ id }, index) => [id, usable(id) && !taken.has(id) ? free(id) : free(`region_${index + 1}`)]),
  );
  const waiting = new Map(regions.map(({ id }, index) => [id, free(`region_${index + 1}_not_begun`)]));
  const whole = free('whole_order');
  return {
    whole,
    status: (id) => names.get(id) ?? '',
    region: (id) => regionNames.get(id) ?? '',
    notBegun: (region) => waiting.get(region) ?? '',
  };
}
