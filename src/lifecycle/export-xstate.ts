import type { Language, Lifecycle, LifecycleStatus, LifecycleTransition } from './definition.ts';
import { exportNames } from './export-names.ts';

const NANOS_PER_MS = 1_000_000;

/**
 * Writes a lifecycle as the JSON of an XState 5 machine (the argument of `createMachine`), one state a status.
 *
 * The event that moves an order has the name of the status that it enters; a self-edge reenters. Every final status has the
 * tag `final`, and those that no edge leaves are also of type `final`: XState takes no event in such a state, so a status
 * that may be entered again or reopened cannot be one. `meta` keeps the id of the status, its system and its target in
 * milliseconds. Ids stay as they are where XState reads them as plain keys. Ends with a line feed; the same lifecycle gives
 * the same text.
 */
export function toXstate(lifecycle: Lifecycle, language: Language): string {
  const names = exportNames(lifecycle.statuses, usable);
  const name = (status: string): string => names.get(status) ?? '';
  const states = lifecycle.statuses.map((status) => {
    const edges = lifecycle.transitions.filter(({ from }) => from === status.id);
    return [name(status.id), stateOf(status, edges, language, name)];
  });
  const machine = {
    id: lifecycle.name,
    version: lifecycle.version,
    description: lifecycle.label[language],
    initial: name(lifecycle.initial),
    states: Object.fromEntries(states) as Record<string, unknown>,
  };
  return `${JSON.stringify(machine, undefined, 2)}\n`;
}

function stateOf(
  { id, system, label, target, final }: LifecycleStatus,
  edges: readonly LifecycleTransition[],
  language: Language,
  name: (status: string) => string,
): object {
  const moves = edges.map(({ from, to, reopen }) => [
    name(to),
    { target: name(to), ...(from === to && { reenter: true }), ...(reopen && { meta: { reopen } }) },
  ]);
  return {
    ...(final && edges.length === 0 && { type: 'final' }),
    ...(final && { tags: ['final'] }),
    description: label[language],
    meta: { status: id, system, ...(target !== null && { targetMs: Number(target) / NANOS_PER_MS }) },
    ...(edges.length > 0 && { on: Object.fromEntries(moves) as Record<string, unknown> }),
  };
}

/**
 * Whether XState reads the text as one key of a state and as one event: `.` separates the steps of a path, `#` starts an id,
 * `*` matches other events, and the names that every object has are found where no state is.
 */
function usable(id: string): boolean {
  return /^[\p{L}\p{N}_][\p{L}\p{N}_ -]*$/u.test(id) && !Object.hasOwn(Object.prototype, id);
}
