import type { Language, Lifecycle } from './definition.ts';
import { exportNames } from './export-names.ts';

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

/**
 * Draws a lifecycle as a Mermaid `stateDiagram-v2`, one state a status with its label and its system.
 *
 * Systems are styles (`system_1` …) and stand in the labels, because Mermaid draws no transitions between states inside
 * different composite states. Ids stay as they are where Mermaid allows it. Ends with a line feed; the same lifecycle gives
 * the same text.
 */
export function toMermaid(lifecycle: Lifecycle, language: Language): string {
  const ids = exportNames(lifecycle.statuses, usable);
  const id = (status: string): string => ids.get(status) ?? '';
  const systems = lifecycle.systems.filter(({ id: system }) =>
    lifecycle.statuses.some((each) => each.system === system),
  );
  const lines = ['---', `title: ${JSON.stringify(lifecycle.label[language])}`, '---', 'stateDiagram-v2'];
  lines.push(`  %% ${oneLine(lifecycle.name)}, version ${oneLine(lifecycle.version)}`);
  for (const status of lifecycle.statuses) {
    const system = lifecycle.systems.find((each) => each.id === status.system)?.label[language] ?? status.system;
    lines.push(`  state "${escapeText(`${status.label[language]} · ${system}`)}" as ${id(status.id)}`);
  }
  lines.push(`  [*] --> ${id(lifecycle.initial)}`);
  for (const { from, to, reopen } of lifecycle.transitions) {
    lines.push(`  ${id(from)} --> ${id(to)}${reopen ? ` : ${REOPEN[language]}` : ''}`);
  }
  for (const status of lifecycle.statuses) if (status.final) lines.push(`  ${id(status.id)} --> [*]`);
  for (const [index, system] of systems.entries()) {
    lines.push(`  classDef system_${index + 1} stroke:${BORDERS[index % BORDERS.length] ?? ''},stroke-width:2px`);
    const members = lifecycle.statuses.filter((status) => status.system === system.id).map((status) => id(status.id));
    lines.push(`  class ${members.join(',')} system_${index + 1}`);
  }
  return `${lines.join('\n')}\n`;
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
