import { closestName } from './closest-name.ts';
import { MAX_REQUIRED } from './definition.ts';
import type { Draft, DraftEdge, DraftReference, DraftRegion, DraftStatus } from './draft.ts';
import type { Finding, Path } from './problem.ts';
import type { Resolver } from './resolver.ts';

/** The statuses of a definition by id. */
type Statuses = ReadonlyMap<string, DraftStatus>;

/** The region that the status says it belongs to; null on a flat machine and where it says none. */
export function regionOfStatus({ regions }: Pick<Draft, 'regions'>, status: DraftStatus | undefined): string | null {
  return regions === null ? null : (status?.region ?? null);
}

/** Where each region starts, a guess for a mistyped status included; undefined where the definition does not say. */
export function startsOf(draft: Draft, resolver: Resolver): ReadonlyMap<string | null, string | undefined> {
  const resolve = (initial: string | null): string | undefined =>
    initial === null ? undefined : resolver.resolve(initial);
  return draft.regions === null
    ? new Map([[null, resolve(draft.initial)]])
    : new Map(draft.regions.map(({ id, initial }) => [id, resolve(initial)]));
}

/** Checks where orders start, to which region everything belongs, and what guards name. */
export function checkRegions(draft: Draft, statuses: Statuses, resolver: Resolver): Finding[] {
  const { regions } = draft;
  return regions === null
    ? checkFlat(draft, statuses, resolver)
    : [
        ...checkNames(draft, regions),
        ...regions.flatMap((region) => checkRegion(region, draft, statuses, resolver)),
        ...checkMembers(draft, regions),
        ...eachTransition(draft.edges ?? []).flatMap((edge) => checkGuard(edge, statuses, resolver)),
        ...(draft.edges ?? []).flatMap((edge) => checkCrossing(edge, statuses)),
      ];
}

function checkFlat(draft: Draft, statuses: Statuses, resolver: Resolver): Finding[] {
  const remedy = 'Define `regions`, or remove this.';
  const findings: Finding[] = [];
  if (!draft.hasInitial) {
    findings.push({
      code: 'missing_key',
      path: [],
      message: 'the file lacks `initial`',
      remedy: 'Add the key `initial`.',
    });
  }
  if (draft.initial !== null && draft.statuses !== null && !statuses.has(draft.initial)) {
    findings.push({
      code: 'unknown_initial',
      path: ['initial'],
      message: `the initial status \`${draft.initial}\` is not among the statuses`,
      remedy: resolver.remedy(draft.initial),
    });
  }
  for (const { id, region, path } of draft.statuses ?? []) {
    if (region === null) continue;
    const message = `the status \`${id}\` belongs to a region, but the lifecycle has none`;
    findings.push({ code: 'misplaced_region', path: [...path, 'region'], message, remedy });
  }
  for (const { path, requires } of eachTransition(draft.edges ?? [])) {
    if (requires.length === 0) continue;
    const message = 'a transition requires statuses of other regions, but the lifecycle has none';
    findings.push({ code: 'misplaced_region', path: [...path, 'requires'], message, remedy });
  }
  return findings;
}

function checkNames({ initial }: Draft, regions: readonly DraftRegion[]): Finding[] {
  const findings: Finding[] = [];
  if (initial !== null) {
    findings.push({
      code: 'misplaced_region',
      path: ['initial'],
      atKey: true,
      message: 'a lifecycle with regions has no `initial` of its own',
      remedy: 'Give each region its `initial`, and remove this one.',
    });
  }
  const first = new Map<string, DraftRegion>();
  for (const region of regions) {
    const other = first.get(region.id);
    if (other === undefined) first.set(region.id, region);
    else {
      findings.push({
        code: 'duplicate_region',
        path: [...region.path, 'id'],
        first: [...other.path, 'id'],
        message: `the region \`${region.id}\` is defined twice`,
        remedy: 'Remove one of the two, or give it another id.',
      });
    }
  }
  if (regions.length > 0 && regions.every(({ optional }) => optional)) {
    findings.push({
      code: 'no_required_region',
      path: ['regions'],
      atKey: true,
      message: 'every region is optional, so an order would be complete before it begins',
      remedy: 'Remove `optional` from the region that every order goes through.',
    });
  }
  return findings;
}

function checkRegion(region: DraftRegion, draft: Draft, statuses: Statuses, resolver: Resolver): Finding[] {
  const { id, initial, path, startsWhen, optional } = region;
  const findings = checkReferences(startsWhen, { region: id, what: `the region \`${id}\`` }, statuses, resolver);
  if (initial !== null && draft.statuses !== null) {
    const home = statuses.get(initial);
    if (home === undefined) {
      findings.push({
        code: 'unknown_initial',
        path: [...path, 'initial'],
        message: `the region \`${id}\` starts in \`${initial}\`, which is not among the statuses`,
        remedy: resolver.remedy(initial),
      });
    } else if (home.region !== null && home.region !== id) {
      findings.push({
        code: 'foreign_status',
        path: [...path, 'initial'],
        message: `the region \`${id}\` starts in \`${initial}\`, which belongs to the region \`${home.region}\``,
        remedy: `Name a status of \`${id}\`, or move \`${initial}\` there.`,
      });
    }
  }
  const own = (draft.statuses ?? []).filter((status) => status.region === id);
  if (own.length > 0 && own.every((status) => status.final === false)) {
    findings.push({
      code: 'no_final',
      path: [...path, 'id'],
      message: `no status of the region \`${id}\` is final, so no order could ever be complete`,
      remedy: 'Add `final: true` to the status in which the region is complete.',
    });
  }
  if (optional && startsWhen.length === 0) {
    findings.push({
      code: 'improper_completion',
      path: [...path, 'optional'],
      message: `the optional region \`${id}\` may begin at any time, also when the order is complete without it`,
      remedy: 'Add `startsWhen` with statuses of other regions that are not final, or remove `optional`.',
    });
  }
  return findings;
}

function checkMembers({ statuses }: Draft, regions: readonly DraftRegion[]): Finding[] {
  const ids = new Set(regions.map(({ id }) => id));
  return (statuses ?? []).flatMap((status): Finding[] => {
    if (status.region === null) {
      const message = `the status \`${status.id}\` does not say to which region it belongs`;
      const remedy = `Add the key \`region\`: ${[...ids].slice(0, 5).join(', ')}.`;
      return [{ code: 'missing_key', path: [...status.path, 'id'], message, remedy }];
    }
    if (ids.has(status.region)) return [];
    const guess = closestName(status.region, ids);
    return [
      {
        code: 'unknown_region',
        path: [...status.path, 'region'],
        message: `the status \`${status.id}\` belongs to the region \`${status.region}\`, which is not among the regions`,
        remedy:
          guess === undefined
            ? `Add \`${status.region}\` to \`regions\`, or correct the name.`
            : `Did you mean \`${guess}\`?`,
      },
    ];
  });
}

function checkGuard(edge: DraftEdge, statuses: Statuses, resolver: Resolver): Finding[] {
  const region = statuses.get(edge.from)?.region ?? null;
  return checkReferences(edge.requires, { region, what: `a transition from \`${edge.from}\`` }, statuses, resolver);
}

/** A guard names statuses of other regions: in its own the order is where the move begins. */
function checkReferences(
  references: readonly DraftReference[],
  owner: { readonly region: string | null; readonly what: string },
  statuses: Statuses,
  resolver: Resolver,
): Finding[] {
  return references.slice(0, MAX_REQUIRED).flatMap(({ name, path }): Finding[] => {
    const status = statuses.get(name);
    if (status === undefined) {
      const message = `${owner.what} requires the status \`${name}\`, which is not among the statuses`;
      return [{ code: 'unknown_status', path, message, remedy: resolver.remedy(name) }];
    }
    if (owner.region === null || status.region !== owner.region) return [];
    const message = `${owner.what} requires the status \`${name}\` of its own region \`${owner.region}\``;
    return [{ code: 'foreign_status', path, message, remedy: 'Name statuses of other regions only.' }];
  });
}

function checkCrossing({ from, to, toPath }: DraftEdge, statuses: Statuses): Finding[] {
  const here = statuses.get(from)?.region ?? null;
  const there = statuses.get(to)?.region ?? null;
  if (here === null || there === null || here === there) return [];
  return [
    {
      code: 'foreign_status',
      path: toPath,
      message: `a transition leads from \`${from}\` in the region \`${here}\` to \`${to}\` in the region \`${there}\``,
      remedy: `Keep moves inside a region; to let \`${there}\` wait, add \`requires: [${from}]\` to one of its moves.`,
    },
  ];
}

/** One edge of each transition of the file: all of them share its guard. */
function eachTransition(edges: readonly DraftEdge[]): readonly DraftEdge[] {
  const seen = new Set<Path>();
  return edges.filter(({ path }) => {
    if (seen.has(path)) return false;
    seen.add(path);
    return true;
  });
}
