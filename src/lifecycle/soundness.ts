import { closestName } from './closest-name.ts';
import { MAX_TRANSITIONS } from './definition.ts';
import type { Draft, DraftEdge, DraftStatus } from './draft.ts';
import { reach, shortestWay } from './graph.ts';
import type { Finding } from './problem.ts';
import { Resolver } from './resolver.ts';
import { checkRegions, regionOfStatus, startsOf } from './soundness-regions.ts';

/**
 * Checks a definition for soundness: every name refers to something, every status can be reached from the initial one and
 * can reach a final one, every edge lies on a way from the initial status to a final one, and only `reopen` edges leave a
 * final status. For one token on a flat graph this is soundness of workflow nets (van der Aalst 1998); boundedness and
 * proper completion hold by construction. With regions it is checked for each by itself; what guards do to their combinations is
 * `checkCombinations`.
 *
 * All problems are found in one run. So that one typing error does not drag others behind it, a mistyped reference counts
 * as the known name it resembles while ways are searched; and where parts of the definition could not be read at all, or do not say
 * to which region they belong, nothing is claimed about ways.
 */
export function checkSoundness(draft: Draft): Finding[] {
  const statuses = firstById(draft.statuses ?? []);
  const resolver = new Resolver(statuses.keys());
  const divided = checkRegions(draft, statuses, resolver);
  const findings = [divided, checkStatuses(draft, statuses), checkEdges(draft, statuses, resolver)].flat();
  if (!draft.complete || statuses.size === 0 || (draft.regions !== null && divided.length > 0)) return findings;
  return [...findings, ...checkWays(draft, statuses, resolver)];
}

/** By id; of those defined twice the first. */
type Statuses = ReadonlyMap<string, DraftStatus>;

function firstById(statuses: readonly DraftStatus[]): Statuses {
  const found = new Map<string, DraftStatus>();
  for (const status of statuses) if (!found.has(status.id)) found.set(status.id, status);
  return found;
}

function checkStatuses({ statuses: listed, systems, regions }: Draft, statuses: Statuses): Finding[] {
  const findings: Finding[] = [];
  for (const status of listed ?? []) {
    const first = statuses.get(status.id);
    if (first !== undefined && first !== status) {
      findings.push({
        code: 'duplicate_status',
        path: [...status.path, 'id'],
        first: [...first.path, 'id'],
        message: `the status \`${status.id}\` is defined twice`,
        remedy: 'Remove one of the two, or give it another id.',
      });
    }
    if (systems !== null) findings.push(...checkSystems(status, systems));
  }
  if (regions === null && listed !== null && listed.length > 0 && listed.every((status) => status.final === false)) {
    findings.push({
      code: 'no_final',
      path: ['statuses'],
      atKey: true,
      message: 'no status is final, so no order could ever be complete',
      remedy: 'Add `final: true` to the status in which an order is complete.',
    });
  }
  return findings;
}

function checkSystems(status: DraftStatus, systems: ReadonlySet<string>): Finding[] {
  const owner =
    status.system === null ? [] : [{ name: status.system, path: [...status.path, 'system'], says: 'belongs to' }];
  const reporters = status.reportedBy.map((each) => ({ ...each, says: 'is reported by' }));
  return [...owner, ...reporters].flatMap(({ name, path, says }): Finding[] => {
    if (systems.has(name)) return [];
    const guess = closestName(name, systems);
    return [
      {
        code: 'unknown_system',
        path,
        message: `the status \`${status.id}\` ${says} the system \`${name}\`, which is not among the systems`,
        remedy:
          guess === undefined ? `Add \`${name}\` to \`systems\`, or correct the name.` : `Did you mean \`${guess}\`?`,
      },
    ];
  });
}

function checkEdges(draft: Draft, statuses: Statuses, resolver: Resolver): Finding[] {
  const findings: Finding[] = [];
  if (draft.edgesTruncated) {
    findings.push({
      code: 'too_many_transitions',
      path: ['transitions'],
      atKey: true,
      message: `there are more than ${MAX_TRANSITIONS} transitions`,
      remedy: 'Split the lifecycle, or leave out transitions that never happen.',
    });
  }
  const firstEdges = new Map<string, DraftEdge>();
  const named = new Set<string>();
  for (const edge of draft.edges ?? []) {
    if (draft.statuses !== null) findings.push(...checkReferences(edge, statuses, resolver, named));
    const key = JSON.stringify([edge.from, edge.to]);
    const first = firstEdges.get(key);
    if (first === undefined) firstEdges.set(key, edge);
    else {
      findings.push({
        code: 'duplicate_edge',
        path: edge.toPath,
        first: first.toPath,
        message: `the transition \`${edge.from}\` → \`${edge.to}\` is listed twice`,
        remedy: 'Remove one of the two.',
      });
    }
    const from = statuses.get(edge.from);
    if (from !== undefined) findings.push(...checkReopen(edge, from));
  }
  return findings;
}

function checkReferences(edge: DraftEdge, statuses: Statuses, resolver: Resolver, named: Set<string>): Finding[] {
  const findings: Finding[] = [];
  const fromPath = [...edge.path, 'from'];
  // One `from` serves several edges; it is reported once.
  if (!statuses.has(edge.from) && !named.has(fromPath.join('/'))) {
    named.add(fromPath.join('/'));
    findings.push({
      code: 'unknown_status',
      path: fromPath,
      message: `a transition leaves the status \`${edge.from}\`, which is not among the statuses`,
      remedy: resolver.remedy(edge.from),
    });
  }
  if (!statuses.has(edge.to)) {
    findings.push({
      code: 'unknown_status',
      path: edge.toPath,
      message: `a transition from \`${edge.from}\` leads to the status \`${edge.to}\`, which is not among the statuses`,
      remedy: resolver.remedy(edge.to),
    });
  }
  return findings;
}

function checkReopen(edge: DraftEdge, from: DraftStatus): Finding[] {
  if (from.final === true && !edge.reopen && edge.from !== edge.to) {
    return [
      {
        code: 'final_exit',
        path: edge.toPath,
        message: `\`${edge.from}\` is final, but a transition leads from it to \`${edge.to}\``,
        remedy: `Remove the transition, or add \`reopen: true\` to it if a complete order may come back, or drop \`final\` from \`${edge.from}\`.`,
      },
    ];
  }
  if (from.final === false && edge.reopen) {
    return [
      {
        code: 'misplaced_reopen',
        path: [...edge.path, 'reopen'],
        message: `the transition \`${edge.from}\` → \`${edge.to}\` is marked \`reopen\`, but \`${edge.from}\` is not final`,
        remedy: `Remove \`reopen\`, or add \`final: true\` to \`${edge.from}\`.`,
      },
    ];
  }
  return [];
}

/** Checks what needs a search over the graph: unreachable statuses, statuses that cannot finish, dead edges. */
function checkWays(draft: Draft, statuses: Statuses, resolver: Resolver): Finding[] {
  const forward = new Map<string, string[]>();
  const backward = new Map<string, string[]>();
  const edges = (draft.edges ?? []).flatMap((edge) => {
    const from = resolver.resolve(edge.from);
    const to = resolver.resolve(edge.to);
    return from === undefined || to === undefined ? [] : [{ ...edge, source: from, target: to }];
  });
  for (const { source, target } of edges) {
    append(forward, source, target);
    append(backward, target, source);
  }
  const starts = startsOf(draft, resolver);
  const startOf = (status: DraftStatus): string | undefined => starts.get(regionOfStatus(draft, status));
  const all = [...statuses.values()];
  const finals = all.filter((status) => status.final === true);
  const ending = new Set(finals.map((status) => regionOfStatus(draft, status)));
  // Without an initial status, or without a final one, everything would be at fault; that one problem is already reported.
  const entries = all.filter((status) => startOf(status) === undefined).map(({ id }) => id);
  const exits = all.filter((status) => !ending.has(regionOfStatus(draft, status)));
  const began = [...starts.values()].flatMap((start) => start ?? []);
  const reachable = reach([...began, ...entries], (status) => forward.get(status) ?? []);
  const finishing = reach(
    [...finals, ...exits].map(({ id }) => id),
    (status) => backward.get(status) ?? [],
  );
  const findings: Finding[] = [];
  for (const status of all) {
    const initial = startOf(status);
    if (!reachable.has(status.id)) findings.push(unreachable(status, initial ?? ''));
    if (!finishing.has(status.id)) findings.push(cannotFinish(status, initial, forward));
  }
  for (const { from, to, source, target, toPath } of edges) {
    if (reachable.has(source) && finishing.has(target)) continue;
    const reason = reachable.has(source)
      ? `\`${target}\` never leads to a final status`
      : `\`${source}\` is never reached`;
    findings.push({
      code: 'dead_edge',
      path: toPath,
      message: `the transition \`${from}\` → \`${to}\` is on no way to a final status: ${reason}`,
      remedy: 'It comes alive with the status named here; or remove it.',
    });
  }
  return findings;
}

function unreachable(status: DraftStatus, initial: string): Finding {
  return {
    code: 'unreachable_status',
    path: [...status.path, 'id'],
    message: `no order can ever reach the status \`${status.id}\`: no way leads to it from \`${initial}\``,
    remedy: `Add a transition to \`${status.id}\` from a status before it, or remove the status.`,
  };
}

function cannotFinish(status: DraftStatus, initial: string | undefined, forward: Map<string, string[]>): Finding {
  const successors = (id: string): readonly string[] => forward.get(id) ?? [];
  const next = successors(status.id);
  const trap = next.length === 0 ? 'nothing follows it' : `only ${list([...reach(next, successors)])} can follow`;
  const way = initial === undefined || initial === status.id ? undefined : shortestWay(initial, status.id, successors);
  const example = way === undefined ? '' : `, as after ${[initial, ...way, status.id].map(quote).join(' → ')}`;
  return {
    code: 'cannot_finish',
    path: [...status.path, 'id'],
    message: `an order in the status \`${status.id}\` can never finish: ${trap}${example}`,
    remedy: `Add a transition that leads from \`${status.id}\` towards a final status, or add \`final: true\` to it.`,
  };
}

function append(map: Map<string, string[]>, key: string, value: string): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

function quote(id: string | undefined): string {
  return `\`${id ?? ''}\``;
}

/** Most names in one message. */
const MAX_LISTED = 5;

function list(ids: readonly string[]): string {
  const shown = ids.slice(0, MAX_LISTED).map(quote).join(', ');
  return ids.length > MAX_LISTED ? `${shown} and ${ids.length - MAX_LISTED} more` : shown;
}
