import { WaybillError } from '../model/errors.ts';
import type { Evidence } from '../model/order.ts';
import type { Lifecycle, LifecycleStatus } from './definition.ts';
import { shortestWay } from './graph.ts';
import { rankStatuses } from './rank.ts';
import { reportersOf } from './reporters.ts';

/** Part of a guard: one region must be in one of the statuses. */
export interface Requirement {
  readonly region: string | null;
  readonly statuses: ReadonlySet<string>;
}

/** A region of a machine; a flat machine is one region without an id. */
export interface MachineRegion {
  readonly id: string | null;
  readonly initial: string;
  /** What must hold for the region to begin. */
  readonly requires: readonly Requirement[];
  readonly optional: boolean;
}

/** A lifecycle prepared for fast checks. Immutable; the same lifecycle always gives the same machine. */
export interface Machine {
  readonly lifecycle: Lifecycle;
  /** At least one, in the order of the definition. */
  readonly regions: readonly MachineRegion[];
  /** The region of the status; null on a flat machine and for an unknown status. */
  regionOf(status: string): string | null;
  /**
   * What other regions must be in for entering a status from another of its region, or for beginning its region (null). Empty where
   * nothing is required or no such move is allowed.
   */
  requirements(from: string | null, to: string): readonly Requirement[];
  /** Whether the lifecycle has the status. */
  knows(status: string): boolean;
  /** The owner of the status; null when the lifecycle does not know the status. */
  systemOf(status: string): string | null;
  /** Statuses that may follow, in the order of the definition; empty for an unknown status. */
  successors(status: string): readonly string[];
  /** Whether an order may move from one status directly to the other, guards apart; `reopen` edges and self-edges count. */
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
  /** Whether a piece of evidence may say that an order entered the status; see `reportersOf`. */
  mayReport(status: string, piece: Pick<Evidence, 'evidenceKind' | 'source'>): boolean;
}

interface Compiled {
  readonly definition: LifecycleStatus;
  readonly rank: number;
  /** In the order of the definition, which a Map keeps. */
  readonly moves: ReadonlyMap<string, readonly Requirement[]>;
}

const NOTHING: readonly Requirement[] = [];

/**
 * Compiles a lifecycle.
 * Throws WaybillError `invalid_lifecycle` when it refers to a status that it does not define; one from `parseLifecycle` never does.
 */
export function compileMachine(lifecycle: Lifecycle): Machine {
  const ids = lifecycle.statuses.map((status) => status.id);
  const position = new Map(ids.map((id, index) => [id, index]));
  const homes = new Map(lifecycle.statuses.map(({ id, region }) => [id, region]));
  const targets = new Map<string, { to: string; requires: readonly string[] }[]>(ids.map((id) => [id, []]));
  for (const { from, to, requires } of lifecycle.transitions) {
    for (const id of [from, to, ...requires]) requireKnown(position, id);
    targets.get(from)?.push({ to, requires });
  }
  for (const each of targets.values()) each.sort((a, b) => (position.get(a.to) ?? 0) - (position.get(b.to) ?? 0));
  const regions = compileRegions(lifecycle, homes);
  const regionOfId = new Map(regions.map((region) => [region.id, region]));
  const ranks = rankStatuses(lifecycle);
  const compiled = new Map<string, Compiled>(
    lifecycle.statuses.map((definition) => {
      const moves = (targets.get(definition.id) ?? []).map(
        ({ to, requires }) => [to, byRegion(requires, homes)] as const,
      );
      return [definition.id, { definition, rank: ranks.get(definition.id) ?? 0, moves: new Map(moves) }];
    }),
  );
  const successors = new Map([...compiled].map(([id, { moves }]) => [id, [...moves.keys()]]));
  const next = (status: string): readonly string[] => successors.get(status) ?? [];
  const regionOf = (status: string): string | null => homes.get(status) ?? null;
  return {
    lifecycle,
    regions,
    regionOf,
    requirements: (from, to) =>
      (from === null ? regionOfId.get(regionOf(to))?.requires : compiled.get(from)?.moves.get(to)) ?? NOTHING,
    knows: (status) => compiled.has(status),
    systemOf: (status) => compiled.get(status)?.definition.system ?? null,
    successors: next,
    allows: (from, to) => compiled.get(from)?.moves.has(to) ?? false,
    isFinal: (status) => compiled.get(status)?.definition.final ?? false,
    rank: (status) => compiled.get(status)?.rank ?? Number.POSITIVE_INFINITY,
    shortestPath: (from, to) => shortestWay(from, to, next),
    mayReport: reportersOf(lifecycle),
  };
}

function compileRegions(
  { initial, regions }: Lifecycle,
  homes: ReadonlyMap<string, string | null>,
): readonly MachineRegion[] {
  if (regions.length === 0) {
    requireKnown(homes, initial);
    return [{ id: null, initial, requires: NOTHING, optional: false }];
  }
  return regions.map(({ id, initial: first, startsWhen, optional }) => {
    for (const status of [first, ...startsWhen]) requireKnown(homes, status);
    return { id, initial: first, requires: byRegion(startsWhen, homes), optional };
  });
}

/** A guard is a list of statuses; those of one region are alternatives, and every region named must be in one of its own. */
function byRegion(statuses: readonly string[], homes: ReadonlyMap<string, string | null>): readonly Requirement[] {
  if (statuses.length === 0) return NOTHING;
  const groups = Map.groupBy(statuses, (status) => homes.get(status) ?? null);
  return [...groups].map(([region, each]) => ({ region, statuses: new Set(each) }));
}

function requireKnown(known: ReadonlyMap<string, unknown>, id: string): void {
  if (known.has(id)) return;
  throw new WaybillError(
    'invalid_lifecycle',
    `the lifecycle refers to the status \`${id}\`, which it does not define`,
    {
      remedy: 'Prove the definition with: waybill lifecycle check FILE',
    },
  );
}
