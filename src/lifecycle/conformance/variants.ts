import type { Lifecycle } from '../definition.ts';

/** Orders that took the same way. */
export interface Variant {
  readonly statuses: readonly string[];
  /** How many orders took it. */
  readonly count: number;
  /** Share of all counted orders that took this variant or one before it in the list, 0 to 1. */
  readonly coverage: number;
}

export interface Variants {
  /** Most frequent first; on equal counts by status, compared by UTF-16 unit, the shorter one of two that begin alike first. */
  readonly variants: readonly Variant[];
  /** Orders in `variants`. */
  readonly counted: number;
  /** Orders left out because their way was new when there were `limit` ways already. */
  readonly dropped: number;
}

/** Most different ways that are told apart by default. */
export const MAX_VARIANTS = 100_000;

/**
 * Counts the ways that orders took. The result does not depend on the order of the sequences as long as nothing is dropped.
 *
 * @param sequences statuses of an order in the order of entry; ties must have been broken already
 * @param limit most different ways; default MAX_VARIANTS
 */
export function collectVariants(sequences: Iterable<readonly string[]>, limit = MAX_VARIANTS): Variants {
  const found = new Map<string, { readonly statuses: readonly string[]; count: number }>();
  let counted = 0;
  let dropped = 0;
  for (const statuses of sequences) {
    // Statuses may hold any character, so joining by one would let different ways fall together.
    const key = JSON.stringify(statuses);
    const known = found.get(key);
    if (known !== undefined) known.count += 1;
    else if (found.size < limit) found.set(key, { statuses: [...statuses], count: 1 });
    else {
      dropped += 1;
      continue;
    }
    counted += 1;
  }
  const sorted = [...found.values()].sort((a, b) => b.count - a.count || compareWays(a.statuses, b.statuses));
  let covered = 0;
  const variants = sorted.map(({ statuses, count }) => {
    covered += count;
    return { statuses, count, coverage: covered / counted };
  });
  return { variants, counted, dropped };
}

function compareWays(a: readonly string[], b: readonly string[]): number {
  for (const [index, status] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    if (status !== other) return status < other ? -1 : 1;
  }
  return a.length - b.length;
}

/** The machine that some variants span. */
export interface Discovered {
  /** In the order in which the variants name them. */
  readonly statuses: readonly string[];
  /** Each pair of neighbours once, in the order in which the variants name them. */
  readonly edges: readonly (readonly [from: string, to: string])[];
  readonly starts: readonly string[];
  readonly finals: readonly string[];
}

/** Every edge, start and end that occurs in the variants; pass `variants.slice(0, k)` for the k most frequent. */
export function machineFromVariants(variants: readonly Pick<Variant, 'statuses'>[]): Discovered {
  const statuses = new Set<string>();
  const edges = new Map<string, readonly [string, string]>();
  const starts = new Set<string>();
  const finals = new Set<string>();
  for (const { statuses: way } of variants) {
    for (const [index, status] of way.entries()) {
      statuses.add(status);
      if (index === 0) starts.add(status);
      const next = way[index + 1];
      if (next === undefined) finals.add(status);
      else edges.set(JSON.stringify([status, next]), [status, next]);
    }
  }
  return { statuses: [...statuses], edges: [...edges.values()], starts: [...starts], finals: [...finals] };
}

/**
 * Writes a discovered machine as a lifecycle of one system, to be edited by hand. Edges out of a final status to another
 * become `reopen` edges. Undefined where the variants do not start alike, because a lifecycle has one initial status.
 */
export function lifecycleFromVariants(name: string, discovered: Discovered): Lifecycle | undefined {
  const { statuses, edges, starts, finals } = discovered;
  const [initial, ...others] = starts;
  if (initial === undefined || others.length > 0) return undefined;
  const ends = new Set(finals);
  const label = { ru: name, en: name };
  return {
    name,
    version: '1',
    label,
    initial,
    target: null,
    calendar: null,
    regions: [],
    systems: [{ id: 'log', label, services: [] }],
    statuses: statuses.map((id) => ({
      id,
      system: 'log',
      reportedBy: [],
      region: null,
      label: { ru: id, en: id },
      target: null,
      final: ends.has(id),
    })),
    transitions: edges.map(([from, to]) => ({ from, to, reopen: ends.has(from) && from !== to, requires: [] })),
  };
}
