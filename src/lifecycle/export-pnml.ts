import type { Language, Lifecycle } from './definition.ts';
import { type GuardGroups, guardGroups } from './export-guard.ts';
import { escapeXml } from './export-xml.ts';

interface Transition {
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  /** Places whose token it needs and puts back. */
  readonly reads: readonly string[];
  /** What is observed when it fires: the id of the status that the order enters. */
  readonly name: string;
  /** Fires without anything being observed. */
  readonly silent?: boolean;
}

/**
 * Writes a lifecycle as a place/transition net in PNML (ISO/IEC 15909-2): a workflow net with one place a status, sound on a flat machine.
 *
 * `start` holds the only token and `end` receives it. A transition has the name of the status that an order enters, exactly
 * as in exported event logs, so that replaying the statuses of an order fires the net: one from `start` into the initial
 * status, one an edge, and a silent one from each final status to `end`. A net has no word for silence; ProM and PM4Py read
 * the attribute `activity`, which is the only thing here that goes beyond the grammar of the standard. Places have the labels of the
 * statuses. Ids are numbers by place in the definition. Ends with a line feed; the same lifecycle gives the same text.
 *
 * With regions a silent transition gives each a token, and another takes the tokens of all to `end`; one that is optional may be passed
 * over. A guard is a pair of arcs in and out of the places it requires; where it leaves a choice there is one transition for each. The
 * silent steps to the end may be taken too early for a guard that needs a final status, so such a net is relaxed sound only.
 */
export function toPnml(lifecycle: Lifecycle, language: Language): string {
  const places = new Map(lifecycle.statuses.map(({ id }, index) => [id, `p${index + 1}`]));
  const place = (status: string): string => places.get(status) ?? '';
  const starts = lifecycle.regions.map((region, index) => ({
    region: region.id,
    initial: region.initial,
    guard: region.startsWhen,
    optional: region.optional,
    begin: `begin${index + 1}`,
    done: `done${index + 1}`,
  }));
  const flat = { region: null, initial: lifecycle.initial, guard: [], optional: false, begin: 'start', done: 'end' };
  const transitions = [
    ...forked(starts),
    ...(starts.length === 0 ? [flat] : starts).flatMap((start) => regionTransitions(lifecycle, start, place)),
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<pnml xmlns="http://www.pnml.org/version-2009/grammar/pnml">',
    '  <net id="lifecycle" type="http://www.pnml.org/version-2009/grammar/ptnet">',
    `    ${named(lifecycle.label[language])}`,
    '    <page id="page">',
    `      <place id="start">${named('start')}<initialMarking><text>1</text></initialMarking></place>`,
    ...starts.flatMap(({ begin, done }) => [begin, done]).map((id) => `      <place id="${id}">${named(id)}</place>`),
    ...lifecycle.statuses.map(({ id, label }) => `      <place id="${place(id)}">${named(label[language])}</place>`),
    `      <place id="end">${named('end')}</place>`,
    ...transitions.flatMap(transitionLines),
    '    </page>',
    '  </net>',
    '</pnml>',
    '',
  ].join('\n');
}

interface Start {
  readonly region: string | null;
  readonly initial: string;
  readonly guard: readonly string[];
  readonly optional: boolean;
  /** The places before its first status and behind its final ones. */
  readonly begin: string;
  readonly done: string;
}

function forked(starts: readonly Start[]): readonly Transition[] {
  if (starts.length === 0) return [];
  const [begins, ends] = [starts.map(({ begin }) => begin), starts.map(({ done }) => done)];
  return [
    { sources: ['start'], targets: begins, reads: [], name: 'order begins', silent: true },
    { sources: ends, targets: ['end'], reads: [], name: 'order complete', silent: true },
  ];
}

function regionTransitions(lifecycle: Lifecycle, start: Start, place: (status: string) => string): Transition[] {
  const own = lifecycle.statuses.filter(({ region }) => region === start.region);
  const ids = new Set(own.map(({ id }) => id));
  const moves = (source: string, name: string, guard: readonly string[]): Transition[] =>
    choices(guardGroups(lifecycle, guard)).map((reads) => ({
      sources: [source],
      targets: [place(name)],
      reads: reads.map(place),
      name,
    }));
  const passed = { sources: [start.begin], targets: [start.done], reads: [], name: `${start.region} passed over` };
  return [
    ...moves(start.begin, start.initial, start.guard),
    ...(start.optional ? [{ ...passed, silent: true }] : []),
    ...lifecycle.transitions
      .filter(({ from }) => ids.has(from))
      .flatMap(({ from, to, requires }) => moves(place(from), to, requires)),
    ...own
      .filter(({ final }) => final)
      .map(({ id }) => ({
        sources: [place(id)],
        targets: [start.done],
        reads: [],
        name: `${id} complete`,
        silent: true,
      })),
  ];
}

/** One status out of each group, in every way; a guard has at most MAX_REQUIRED statuses, hence at most some hundred ways. */
function choices(groups: GuardGroups): readonly (readonly string[])[] {
  return groups.reduce<readonly (readonly string[])[]>(
    (found, { statuses }) => found.flatMap((chosen) => statuses.map((status) => [...chosen, status])),
    [[]],
  );
}

function transitionLines(
  { sources, targets, reads, name, silent = false }: Transition,
  index: number,
): readonly string[] {
  const id = `t${index + 1}`;
  const silence = silent ? '<toolspecific tool="ProM" version="6.4" activity="$invisible$"/>' : '';
  const arcs = (ends: readonly string[], kind: 'in' | 'out'): readonly string[] =>
    ends.map((end, at) => {
      const arc = `${id}-${kind}${at === 0 ? '' : at + 1}`;
      const [source, target] = kind === 'in' ? [end, id] : [id, end];
      return `      <arc id="${arc}" source="${source}" target="${target}"/>`;
    });
  return [
    `      <transition id="${id}">${named(name)}${silence}</transition>`,
    ...arcs([...sources, ...reads], 'in'),
    ...arcs([...targets, ...reads], 'out'),
  ];
}

function named(name: string): string {
  return `<name><text>${escapeXml(name)}</text></name>`;
}
