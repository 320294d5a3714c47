import type { Language, Lifecycle, LifecycleStatus } from './definition.ts';
import { guardGroups } from './export-guard.ts';
import { type ExportNames, exportNames } from './export-names.ts';

/** Words of the Mermaid grammar that cannot be ids of states; compared without case. */
const RESERVED = new Set([
  'as',
  'class',
  'classdef',
  'click',
  'default',
  'direction',
  'end',
  'hide',
  'href',
  'note',
  'root',
  'scale',
  'state',
  'style',
]);

/** One colour a system, again from the start when they run out. Borders only: fills would fight with the reader's theme. */
const BORDERS = ['#1c7ed6', '#2f9e44', '#e8590c', '#9c36b5', '#0c8599', '#c2255c', '#f08c00', '#5f3dc4'];

const REOPEN: Readonly<Record<Language, string>> = { ru: 'возобновление', en: 'reopen' };
const WORDS: Readonly<Record<Language, Readonly<Record<'and' | 'or' | 'when', string>>>> = {
  ru: { and: ' и ', or: ' или ', when: 'когда' },
  en: { and: ' and ', or: ' or ', when: 'while' },
};

/**
 * Draws a lifecycle as a Mermaid `stateDiagram-v2`, one state a status with its label and its system.
 *
 * Systems are styles (`system_1` …) and stand in the labels, because Mermaid draws no transitions between states inside
 * different composite states. Parallel regions stand in one composite state, a composite state each, divided by `--`; what another
 * region must be in stands at the arrow. Ids stay as they are where Mermaid allows it. Ends with a line feed; the same lifecycle gives
 * the same text.
 */
export function toMermaid(lifecycle: Lifecycle, language: Language): string {
  const names = exportNames(lifecycle, usable);
  const id = names.status;
  const systems = lifecycle.systems.filter(({ id: system }) =>
    lifecycle.statuses.some((each) => each.system === system),
  );
  const lines = ['---', `title: ${JSON.stringify(lifecycle.label[language])}`, '---', 'stateDiagram-v2'];
  lines.push(`  %% ${oneLine(lifecycle.name)}, version ${oneLine(lifecycle.version)}`);
  if (lifecycle.regions.length === 0) {
    lines.push(...machineLines({ lifecycle, names, language, region: null }, lifecycle.initial, []));
  } else {
    lines.push(`  state ${names.whole} {`);
    for (const [index, region] of lifecycle.regions.entries()) {
      if (index > 0) lines.push('    --');
      lines.push(`    state "${escapeText(region.label[language])}" as ${names.region(region.id)} {`);
      const own = machineLines({ lifecycle, names, language, region: region.id }, region.initial, region.startsWhen);
      lines.push(...own.map((line) => `    ${line}`), '    }');
    }
    lines.push('  }');
  }
  for (const [index, system] of systems.entries()) {
    lines.push(`  classDef system_${index + 1} stroke:${BORDERS[index % BORDERS.length] ?? ''},stroke-width:2px`);
    const members = lifecycle.statuses.filter((status) => status.system === system.id).map((status) => id(status.id));
    lines.push(`  class ${members.join(',')} system_${index + 1}`);
  }
  return `${lines.join('\n')}\n`;
}

interface Drawn {
  readonly lifecycle: Lifecycle;
  readonly names: ExportNames;
  readonly language: Language;
  /** Null on a flat machine. */
  readonly region: string | null;
}

/** The states and arrows of a flat machine, or of one region. */
function machineLines(drawn: Drawn, initial: string, startsWhen: readonly string[]): readonly string[] {
  const { lifecycle, names, language, region } = drawn;
  const own = lifecycle.statuses.filter((status) => status.region === region);
  const ids = new Set(own.map((status) => status.id));
  const note = (reopen: boolean, guard: readonly string[]): string => {
    const parts = [reopen ? REOPEN[language] : '', guardText(drawn, guard)].filter((part) => part !== '');
    return parts.length === 0 ? '' : ` : ${parts.join(', ')}`;
  };
  return [
    ...own.map(
      (status) => `  state "${escapeText(labelOf(lifecycle, status, language))}" as ${names.status(status.id)}`,
    ),
    `  [*] --> ${names.status(initial)}${note(false, startsWhen)}`,
    ...lifecycle.transitions
      .filter(({ from }) => ids.has(from))
      .map(
        ({ from, to, reopen, requires }) => `  ${names.status(from)} --> ${names.status(to)}${note(reopen, requires)}`,
      ),
    ...own.filter(({ final }) => final).map((status) => `  ${names.status(status.id)} --> [*]`),
  ];
}

function labelOf({ systems }: Lifecycle, status: LifecycleStatus, language: Language): string {
  const system = systems.find((each) => each.id === status.system)?.label[language] ?? status.system;
  return `${status.label[language]} · ${system}`;
}

function guardText({ lifecycle, language }: Drawn, guard: readonly string[]): string {
  const { and, or, when } = WORDS[language];
  const labels = new Map(lifecycle.statuses.map(({ id, label }) => [id, label[language]]));
  const groups = guardGroups(lifecycle, guard).map(({ statuses }) =>
    statuses.map((status) => escapeText(labels.get(status) ?? status).replaceAll(':', '#58;')).join(or),
  );
  return groups.length === 0 ? '' : `${when} ${groups.join(and)}`;
}

function usable(id: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(id) && !RESERVED.has(id.toLowerCase());
}

/** Quotes, `#` and `;` by Mermaid's entity codes; angle brackets too, because labels may be rendered as HTML. */
function escapeText(text: string): string {
  return text.replaceAll(/["#;<>&\\]/g, (character) => `#${character.codePointAt(0)};`);
}

function oneLine(text: string): string {
  return text.replaceAll(/[%{}]/g, ' ');
}
