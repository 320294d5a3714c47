import { closestName } from './closest-name.ts';
import { MAX_TRANSITIONS } from './definition.ts';
import type { Draft, DraftEdge, DraftStatus } from './draft.ts';
import { reach, shortestWay } from './graph.ts';
import type { Finding } from './problem.ts';

/** Unknown names for which a similar one is looked up; the search compares letter by letter. */
const MAX_SUGGESTIONS = 50;

/**
 * Checks a definition for soundness: every name refers to something, every status can be reached from the initial one and
 * can reach a final one, every edge lies on a way from the initial status to a final one, and only `reopen` edges leave a
 * final status. For one token on a flat graph this is soundness of workflow nets (van der Aalst 1998); boundedness and
 * proper completion hold by construction.
 *
 * All problems are found in one run. So that one typing error does not drag others behind it, a mistyped reference counts
 * as the known name it resembles while ways are searched; and where parts of the definition could not be read at all,
 * nothing is claimed about ways.
 */
export function checkSoundness(draft: Draft): Finding[] {
  const statuses = firstById(draft.statuses ?? []);
  const resolver = new Resolver(statuses.keys());
  const findings = [checkStatuses(draft, statuses), checkEdges(draft, statuses, resolver)].flat();
  const initial = draft.initial === null ? undefined : resolver.resolve(draft.initial);
  if (draft.initial !== null && draft.statuses !== null && !statuses.has(draft.initial)) {
    findings.push({
      code: 'unknown_initial',
      path: ['initial'],
      message: `the initial status \`${draft.initial}\` is not among the statuses`,
      remedy: resolver.remedy(draft.initial),
    });
  }
  if (!draft.complete || statuses.size === 0) return findings;
  return [...findings, ...checkWays(draft.edges ?? [], statuses, initial, resolver)];
}

type Statuses = ReadonlyMap<string, DraftStatus>;

function firstById(statuses: readonly DraftStatus[]): Statuses {
  const found = new Map<string, DraftStatus>();
  for (const status of statuses) if (!found.has(status.id)) found.set(status.id, status);
  return found;
}

/** Resolves references to statuses, and guesses what a mistyped one stands for. */
class Resolver {
  readonly #known: ReadonlySet<string>;
  readonly #guesses = new Map<string, string | undefined>();

  constructor(known: Iterable<string>) {
    this.#known = new Set(known);
  }

  /** The status that the reference means, a guess included; undefined when it means none. */
  resolve(reference: string): string | undefined {
    if (this.#known.has(reference)) return reference;
    if (!this.#guesses.has(reference)) {
      const look = this.#guesses.size < MAX_SUGGESTIONS;
      this.#guesses.set(reference, look ? closestName(reference, this.#known) : undefined);
    }
    return this.#guesses.get(reference);
  }

  remedy(reference: string): string {
    const guess = this.resolve(reference);
    return guess === undefined
      ? `Add a status with id \`${reference}\` to \`statuses\`, or correct the name.`
      : `Did you mean \`${guess}\`?`;
  }
}

function checkStatuses({ statuses: listed, systems }: Draft, statuses: Statuses): Finding[] {
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
    if (status.system !== null && systems !== null && !systems.has(status.system)) {
      const guess = closestName(status.system, systems);
      findings.push({
        code: 'unknown_system',
        path: [...status.path, 'system'],
        message: `the status \`${status.id}\` belongs to the system \`${status.system}\`, which is not among the systems`,
        remedy:
          guess === undefined
            ? `Add \`${status.system}\` to \`systems\`, or correct the name.`
            : `Did you mean \`${guess}\`?`,
      });
    }
  }
  if (listed !== null && listed.length > 0 && listed.every((status) => status.final === false)) {
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
function checkWays(
  edges: readonly DraftEdge[],
  statuses: Statuses,
  initial: string | undefined,
  resolver: Resolver,
): Finding[] {
  const forward = new Map<string, string[]>();
  const backward = new Map<string, string[]>();
  for (const edge of edges) {
    const from = resolver.resolve(edge.from);
    const to = resolver.resolve(edge.to);
    if (from === undefined || to === undefined) continue;
    append(forward, from, to);
    append(backward, to, from);
  }
  const all = new Set(statuses.keys());
  const finals = [...statuses.values()].filter((status) => status.final === true).map((status) => status.id);
  // Without an initial status, or without a final one, everything would be at fault; that one problem is already reported.
  const reachable = initial === undefined ? all : reach([initial], (status) => forward.get(status) ?? []);
  const finishing = finals.length === 0 ? all : reach(finals, (status) => backward.get(status) ?? []);
  const findings: Finding[] = [];
  for (const status of statuses.values()) {
    if (!reachable.has(status.id)) findings.push(unreachable(status, initial ?? ''));
    if (!finishing.has(status.id)) findings.push(cannotFinish(status, initial, forward));
  }
  for (const edge of edges) {
    const from = resolver.resolve(edge.from);
    const to = resolver.resolve(edge.to);
    if (from === undefined || to === undefined || (reachable.has(from) && finishing.has(to))) continue;
    const reason = reachable.has(from) ? `\`${to}\` never leads to a final status` : `\`${from}\` is never reached`;
    findings.push({
      code: 'dead_edge',
      path: edge.toPath,
      message: `the transition \`${edge.from}\` → \`${edge.to}\` is on no way to a final status: ${reason}`,
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
