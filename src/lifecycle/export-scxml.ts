import type { DurationNano } from '../model/units.ts';
import type { Language, Lifecycle, LifecycleStatus, LifecycleTransition } from './definition.ts';
import { guardGroups } from './export-guard.ts';
import { type ExportNames, exportNames } from './export-names.ts';
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
 *
 * Regions are the children of a `parallel`; each waits in a state of its own until it begins, and what a guard requires is a `cond`.
 */
export function toScxml(lifecycle: Lifecycle, language: Language): string {
  const names = exportNames(lifecycle, usable);
  const guarded = lifecycle.regions.length > 0;
  const root = attributes([
    ['xmlns', 'http://www.w3.org/2005/07/scxml'],
    ['xmlns:waybill', 'urn:waybill:lifecycle'],
    ['version', '1.0'],
    ['datamodel', guarded ? 'ecmascript' : 'null'],
    ...(guarded ? [] : [['initial', names.status(lifecycle.initial)] as const]),
    ['waybill:name', lifecycle.name],
    ['waybill:version', lifecycle.version],
    ['waybill:label', lifecycle.label[language]],
    ...targetAttribute(lifecycle.target),
  ]);
  const written = { lifecycle, names, language };
  const states = guarded ? parallelLines(written) : machineLines(written, null);
  const lines = states.map((line) => `  ${line}`);
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<scxml${root}>`, ...lines, '</scxml>', ''].join('\n');
}

interface Written {
  readonly lifecycle: Lifecycle;
  readonly names: ExportNames;
  readonly language: Language;
}

function parallelLines(written: Written): readonly string[] {
  const { lifecycle, names, language } = written;
  const regions = lifecycle.regions.flatMap((region) => {
    const waiting = names.notBegun(region.id);
    const described = attributes([
      ['id', names.region(region.id)],
      ['initial', waiting],
      ['waybill:region', region.id],
      ['waybill:label', region.label[language]],
      ...(region.optional ? [['waybill:optional', 'true'] as const] : []),
    ]);
    const begin = attributes([
      ['event', names.status(region.initial)],
      ['target', names.status(region.initial)],
      ...condition(written, region.startsWhen),
    ]);
    return [
      `  <state${described}>`,
      `    <state${attributes([['id', waiting]])}>`,
      `      <transition${begin}/>`,
      '    </state>',
      ...machineLines(written, region.id).map((line) => `    ${line}`),
      '  </state>',
    ];
  });
  return ['<parallel>', ...regions, '</parallel>'];
}

function machineLines(written: Written, region: string | null): readonly string[] {
  const { statuses, transitions } = written.lifecycle;
  return statuses
    .filter((status) => status.region === region)
    .flatMap((status) => {
      const edges = transitions.filter(({ from }) => from === status.id);
      return stateLines(status, edges, written);
    });
}

function stateLines(
  { id, label, system, target, final }: LifecycleStatus,
  edges: readonly LifecycleTransition[],
  written: Written,
): readonly string[] {
  const { names, language } = written;
  const tag = final && edges.length === 0 ? 'final' : 'state';
  const described = attributes([
    ['id', names.status(id)],
    ['waybill:status', id],
    ['waybill:label', label[language]],
    ['waybill:system', system],
    ...targetAttribute(target),
    ...(final ? [['waybill:final', 'true'] as const] : []),
  ]);
  if (edges.length === 0) return [`<${tag}${described}/>`];
  const moves = edges.map(({ to, reopen, requires }) => {
    const move = attributes([
      ['event', names.status(to)],
      ['target', names.status(to)],
      ...condition(written, requires),
      ...(reopen ? [['waybill:reopen', 'true'] as const] : []),
    ]);
    return `  <transition${move}/>`;
  });
  return [`<${tag}${described}>`, ...moves, `</${tag}>`];
}

/** The predicate `In` is there in every data model (5.9.2); to combine it needs an expression language. */
function condition({ lifecycle, names }: Written, guard: readonly string[]): [string, string][] {
  const groups = guardGroups(lifecycle, guard).map(
    ({ statuses }) => `(${statuses.map((status) => `In('${names.status(status)}')`).join(' || ')})`,
  );
  return groups.length === 0 ? [] : [['cond', groups.join(' && ')]];
}

function targetAttribute(target: DurationNano | null): (readonly [string, string])[] {
  return target === null ? [] : [['waybill:target', String(target)]];
}

function attributes(pairs: readonly (readonly [name: string, value: string])[]): string {
  return pairs.map(([name, value]) => ` ${name}="${escapeXml(value)}"`).join('');
}

/** Letters of XML names, and no `.`: an event descriptor also matches every event that goes on with a dot after it (3.12.1). */
function usable(id: string): boolean {
  return /^[A-Za-zА-Яа-яЁё_][A-Za-zА-Яа-яЁё0-9_-]*$/.test(id) && !RESERVED.has(id);
}
