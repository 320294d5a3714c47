import type { Language, Lifecycle, LifecycleStatus, LifecycleTransition } from './definition.ts';
import { exportNames } from './export-names.ts';
import { escapeXml } from './export-xml.ts';

/**
 * Events that an interpreter raises itself: `done.state.x` and `error.execution` would match descriptors of these names
 * (SCXML 3.12.1, 3.13).
 */
const RESERVED = new Set(['done', 'error']);

/**
 * Writes a lifecycle as State Chart XML (W3C Recommendation of 2015), one state a status.
 *
 * The event that moves an order has the name of the status that it enters. A final status that no edge leaves is a `final`;
 * one that may be entered again or reopened is a `state`, because a `final` has no transitions (3.7). What SCXML has no word
 * for stands in attributes of the namespace `urn:waybill:lifecycle`, which interpreters skip: `status` (the id), `label`,
 * `system`, `target` (nanoseconds), `final`, `reopen`. Ids stay as they are where XML and event descriptors allow it. Ends
 * with a line feed; the same lifecycle gives the same text.
 */
export function toScxml(lifecycle: Lifecycle, language: Language): string {
  const names = exportNames(lifecycle.statuses, usable);
  const name = (status: string): string => names.get(status) ?? '';
  const root = attributes([
    ['xmlns', 'http://www.w3.org/2005/07/scxml'],
    ['xmlns:waybill', 'urn:waybill:lifecycle'],
    ['version', '1.0'],
    ['datamodel', 'null'],
    ['initial', name(lifecycle.initial)],
    ['waybill:name', lifecycle.name],
    ['waybill:version', lifecycle.version],
    ['waybill:label', lifecycle.label[language]],
  ]);
  const states = lifecycle.statuses.flatMap((status) => {
    const edges = lifecycle.transitions.filter(({ from }) => from === status.id);
    return stateLines(status, edges, language, name);
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<scxml${root}>`, ...states, '</scxml>', ''].join('\n');
}

function stateLines(
  { id, label, system, target, final }: LifecycleStatus,
  edges: readonly LifecycleTransition[],
  language: Language,
  name: (status: string) => string,
): readonly string[] {
  const tag = final && edges.length === 0 ? 'final' : 'state';
  const described = attributes([
    ['id', name(id)],
    ['waybill:status', id],
    ['waybill:label', label[language]],
    ['waybill:system', system],
    ...(target === null ? [] : [['waybill:target', String(target)] as const]),
    ...(final ? [['waybill:final', 'true'] as const] : []),
  ]);
  if (edges.length === 0) return [`  <${tag}${described}/>`];
  const moves = edges.map(({ to, reopen }) => {
    const move = attributes([
      ['event', name(to)],
      ['target', name(to)],
      ...(reopen ? [['waybill:reopen', 'true'] as const] : []),
    ]);
    return `    <transition${move}/>`;
  });
  return [`  <${tag}${described}>`, ...moves, `  </${tag}>`];
}

function attributes(pairs: readonly (readonly [name: string, value: string])[]): string {
  return pairs.map(([name, value]) => ` ${name}="${escapeXml(value)}"`).join('');
}

/** Letters of XML names, and no `.`: an event descriptor also matches every event that goes on with a dot after it (3.12.1). */
function usable(id: string): boolean {
  return /^[A-Za-zА-Яа-яЁё_][A-Za-zА-Яа-яЁё0-9_-]*$/.test(id) && !RESERVED.has(id);
}
