import type { Language, Lifecycle, LifecycleStatus, LifecycleTransition } from './definition.ts';
import { guardGroups } from './export-guard.ts';
import { type ExportNames, exportNames } from './export-names.ts';

const NANOS_PER_MS = 1_000_000;

/**
 * Writes a lifecycle as the JSON of an XState 5 machine (the argument of `createMachine`), one state a status.
 *
 * The event that moves an order has the name of the status that it enters; a self-edge reenters. Every final status has the
 * tag `final`, and those that no edge leaves are also of type `final`: XState takes no event in such a state, so a status
 * that may be entered again or reopened cannot be one. `meta` keeps the id of the status, its system and its target in
 * milliseconds. Ids stay as they are where XState reads them as plain keys. Ends with a line feed; the same lifecycle gives
 * the same text.
 *
 * With regions the machine is of type `parallel`; each region waits in a state of its own until it begins. JSON has no functions, so a
 * guard is a reference named `requires` whose `params.anyOf` list regions and states, of which each region must be in one; who runs the
 * machine implements it with `stateIn`.
 */
export function toXstate(lifecycle: Lifecycle, language: Language): string {
  const names = exportNames(lifecycle, usable);
  const written = { lifecycle, names, language };
  const machine = {
    id: lifecycle.name,
    version: lifecycle.version,
    description: lifecycle.label[language],
    ...(lifecycle.target !== null && { meta: { targetMs: Number(lifecycle.target) / NANOS_PER_MS } }),
    ...(lifecycle.regions.length === 0
      ? { initial: names.status(lifecycle.initial), states: statesOf(written, null) }
      : { type: 'parallel', states: regionsOf(written) }),
  };
  return `${JSON.stringify(machine, undefined, 2)}\n`;
}

interface Written {
  readonly lifecycle: Lifecycle;
  readonly names: ExportNames;
  readonly language: Language;
}

function regionsOf(written: Written): Record<string, unknown> {
  const { lifecycle, names, language } = written;
  const regions = lifecycle.regions.map(({ id, label, initial, startsWhen, optional }) => {
    const begin = { target: names.status(initial), ...guardOf(written, startsWhen) };
    const region = {
      description: label[language],
      meta: { region: id, ...(optional && { optional }) },
      initial: names.notBegun(id),
      states: { [names.notBegun(id)]: { on: { [names.status(initial)]: begin } }, ...statesOf(written, id) },
    };
    return [names.region(id), region] as const;
  });
  return Object.fromEntries(regions);
}

function statesOf(written: Written, region: string | null): Record<string, unknown> {
  const { statuses, transitions } = written.lifecycle;
  const own = statuses.filter((status) => status.region === region);
  return Object.fromEntries(
    own.map((status) => {
      const edges = transitions.filter(({ from }) => from === status.id);
      return [written.names.status(status.id), stateOf(status, edges, written)] as const;
    }),
  );
}

function stateOf(
  { id, system, label, target, final }: LifecycleStatus,
  edges: readonly LifecycleTransition[],
  written: Written,
): object {
  const { names, language } = written;
  const moves = edges.map(({ from, to, reopen, requires }) => {
    const move = {
      target: names.status(to),
      ...(from === to && { reenter: true }),
      ...guardOf(written, requires),
      ...(reopen && { meta: { reopen } }),
    };
    return [names.status(to), move] as const;
  });
  return {
    ...(final && edges.length === 0 && { type: 'final' }),
    ...(final && { tags: ['final'] }),
    description: label[language],
    meta: { status: id, system, ...(target !== null && { targetMs: Number(target) / NANOS_PER_MS }) },
    ...(edges.length > 0 && { on: Object.fromEntries(moves) as Record<string, unknown> }),
  };
}

function guardOf({ lifecycle, names }: Written, guard: readonly string[]): object {
  const anyOf = guardGroups(lifecycle, guard).map(({ region, statuses }) => ({
    region: names.region(region),
    states: statuses.map((status) => names.status(status)),
  }));
  return anyOf.length === 0 ? {} : { guard: { type: 'requires', params: { anyOf } } };
}

/**
 * Whether XState reads the text as one key of a state and as one event: `.` separates the steps of a path, `#` starts an id,
 * `*` matches other events, and the names that every object has are found where no state is.
 */
function usable(id: string): boolean {
  return /^[\p{L}\p{N}_][\p{L}\p{N}_ -]*$/u.test(id) && !Object.hasOwn(Object.prototype, id);
}
