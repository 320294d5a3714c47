import type { Language, Lifecycle } from './definition.ts';
import { escapeXml } from './export-xml.ts';

interface Transition {
  readonly source: string;
  readonly target: string;
  /** What is observed when it fires: the id of the status that the order enters. */
  readonly name: string;
  /** Fires without anything being observed. */
  readonly silent?: boolean;
}

/**
 * Writes a lifecycle as a place/transition net in PNML (ISO/IEC 15909-2): a sound workflow net with one place a status.
 *
 * `start` holds the only token and `end` receives it. A transition has the name of the status that an order enters, exactly
 * as in exported event logs, so that replaying the statuses of an order fires the net: one from `start` into the initial
 * status, one an edge, and a silent one from each final status to `end`. A net has no word for silence; ProM and PM4Py read
 * the attribute `activity`, which is the only thing here that goes beyond the grammar of the standard. Places have the labels of the
 * statuses. Ids are numbers by place in the definition. Ends with a line feed; the same lifecycle gives the same text.
 */
export function toPnml(lifecycle: Lifecycle, language: Language): string {
  const places = new Map(lifecycle.statuses.map(({ id }, index) => [id, `p${index + 1}`]));
  const place = (status: string): string => places.get(status) ?? '';
  const transitions: readonly Transition[] = [
    { source: 'start', target: place(lifecycle.initial), name: lifecycle.initial },
    ...lifecycle.transitions.map(({ from, to }) => ({ source: place(from), target: place(to), name: to })),
    ...lifecycle.statuses
      .filter(({ final }) => final)
      .map(({ id }) => ({ source: place(id), target: 'end', name: `${id} complete`, silent: true })),
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<pnml xmlns="http://www.pnml.org/version-2009/grammar/pnml">',
    '  <net id="lifecycle" type="http://www.pnml.org/version-2009/grammar/ptnet">',
    `    ${named(lifecycle.label[language])}`,
    '    <page id="page">',
    `      <place id="start">${named('start')}<initialMarking><text>1</text></initialMarking></place>`,
    ...lifecycle.statuses.map(({ id, label }) => `      <place id="${place(id)}">${named(label[language])}</place>`),
    `      <place id="end">${named('end')}</place>`,
    ...transitions.flatMap(transitionLines),
    '    </page>',
    '  </net>',
    '</pnml>',
    '',
  ].join('\n');
}

function transitionLines({ source, target, name, silent = false }: Transition, index: number): readonly string[] {
  const id = `t${index + 1}`;
  const silence = silent ? '<toolspecific tool="ProM" version="6.4" activity="$invisible$"/>' : '';
  return [
    `      <transition id="${id}">${named(name)}${silence}</transition>`,
    `      <arc id="${id}-in" source="${source}" target="${id}"/>`,
    `      <arc id="${id}-out" source="${id}" target="${target}"/>`,
  ];
}

function named(name: string): string {
  return `<name><text>${escapeXml(name)}</text></name>`;
}
