import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnyMachineSnapshot, and, createMachine, initialTransition, or, stateIn, transition } from 'xstate';
import { replay } from './conformance/replay.ts';
import type { Lifecycle } from './definition.ts';
import { toMermaid } from './export-mermaid.ts';
import { toPnml } from './export-pnml.ts';
import { toScxml } from './export-scxml.ts';
import { toXstate } from './export-xstate.ts';
import { compileMachine, type Machine } from './machine.ts';
import { mayEnter } from './position.ts';
import { regionLifecycles, regionsOf, WORKSHOP } from './testing/region-lifecycles.ts';
import { childrenOf, parseXml, type XmlElement } from './testing/xml-tree.ts';

/** Statuses to try one after the other; each is entered only where the machine allows it. */
const TRIES = fc.array(fc.nat(), { maxLength: 25 });

/** What Waybill's own machine takes of the statuses, and in which status each region is after each of them. */
function ownWalk(machine: Machine, tries: readonly string[]): (readonly string[])[] {
  const position = new Map<string | null, string>();
  return tries.map((status) => {
    if (mayEnter(machine, position, status)) position.set(machine.regionOf(status), status);
    return [...position.values()].sort();
  });
}

interface ExportedGuard {
  readonly type: string;
  readonly params: { readonly anyOf: readonly { readonly region: string; readonly states: readonly string[] }[] };
}

/** Puts XState's own `stateIn` for the references that the export can only name. */
function withGuards(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withGuards);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]: [string, unknown]) =>
      key === 'guard' ? [key, implemented(child as ExportedGuard)] : [key, withGuards(child)],
    ),
  );
}

function implemented({ type, params }: ExportedGuard): unknown {
  expect(type).toBe('requires');
  return and(params.anyOf.map(({ region, states }) => or(states.map((state) => stateIn({ [region]: state })))));
}

function xstateWalk(lifecycle: Lifecycle, tries: readonly string[]): (readonly string[])[] {
  const machine = createMachine(withGuards(JSON.parse(toXstate(lifecycle, 'en'))) as object);
  const statuses = new Set(lifecycle.statuses.map(({ id }) => id));
  let [snapshot]: [AnyMachineSnapshot, ...unknown[]] = initialTransition(machine);
  return tries.map((type) => {
    [snapshot] = transition(machine, snapshot, { type });
    const value = Object.values(snapshot.value as Readonly<Record<string, string>>);
    return value.filter((state) => statuses.has(state)).sort();
  });
}

/** Interprets the exported document; its conditions are only `In('x')`, `||`, `&&` and brackets. */
function scxmlWalk(lifecycle: Lifecycle, tries: readonly string[]): (readonly string[])[] {
  const parallel = childrenOf(parseXml(toScxml(lifecycle, 'en')), 'parallel')[0];
  const get = (element: XmlElement, name: string): string => element.attributes.get(name) ?? '';
  const regions = childrenOf(parallel, 'state');
  const current = regions.map((region) => get(region, 'initial'));
  const waiting = new Set(current);
  const isIn = (condition: string): boolean =>
    condition === '' ||
    condition
      .split(' && ')
      .every((group) => [...group.matchAll(/In\('([^']+)'\)/g)].some(([, id = '']) => current.includes(id)));
  return tries.map((event) => {
    for (const [index, region] of regions.entries()) {
      const state = region.children.find((each) => get(each, 'id') === current[index]);
      const taken = childrenOf(state, 'transition').find(
        (each) => get(each, 'event') === event && isIn(get(each, 'cond')),
      );
      if (taken !== undefined) current[index] = get(taken, 'target');
    }
    return current.filter((state) => !waiting.has(state)).sort();
  });
}

/** Plays the token game of the exported net: whether the statuses can be fired in turn, and `end` can then have the only token. */
function firesToEnd(lifecycle: Lifecycle, statuses: readonly string[]): { fires: boolean; ends: boolean } {
  const page = childrenOf(childrenOf(parseXml(toPnml(lifecycle, 'en')), 'net')[0], 'page')[0];
  const get = (element: XmlElement, name: string): string => element.attributes.get(name) ?? '';
  const arcs = childrenOf(page, 'arc').map((arc) => [get(arc, 'source'), get(arc, 'target')] as const);
  const transitions = childrenOf(page, 'transition').map((each) => ({
    name: childrenOf(each, 'toolspecific').length > 0 ? null : (each.children[0]?.children[0]?.text ?? ''),
    inputs: arcs.filter(([, target]) => target === get(each, 'id')).map(([source]) => source),
    outputs: arcs.filter(([source]) => source === get(each, 'id')).map(([, target]) => target),
  }));
  // The net is safe: no place ever has two tokens, so a marking is a set of places.
  const fire = (markings: ReadonlySet<string>, name: string | null): Set<string> => {
    const after = new Set<string>();
    for (const text of markings) {
      const marking = new Set(text.split(' '));
      for (const { inputs, outputs, name: own } of transitions) {
        if (own !== name || !inputs.every((place) => marking.has(place))) continue;
        after.add([...[...marking].filter((place) => !inputs.includes(place)), ...outputs].sort().join(' '));
      }
    }
    return after;
  };
  const silently = (markings: ReadonlySet<string>): Set<string> => {
    const all = new Set(markings);
    for (let size = -1; size !== all.size; ) {
      size = all.size;
      for (const marking of fire(all, null)) all.add(marking);
    }
    return all;
  };
  let markings = silently(new Set(['start']));
  for (const status of statuses) markings = silently(fire(markings, status));
  return { fires: markings.size > 0, ends: markings.has('end') };
}

describe('a lifecycle with regions in other notations', () => {
  test('walks in XState, in SCXML and here lead through the same statuses, guards included', () => {
    fc.assert(
      fc.property(regionLifecycles, TRIES, (lifecycle, tries) => {
        const machine = compileMachine(lifecycle);
        const statuses = tries.map((index) => lifecycle.statuses[index % lifecycle.statuses.length]?.id ?? '');
        const own = ownWalk(machine, statuses);
        expect(xstateWalk(lifecycle, statuses)).toEqual(own);
        expect(scxmlWalk(lifecycle, statuses)).toEqual(own);
      }),
      { numRuns: 150 },
    );
  });

  test('the net fires exactly what replay allows, to its end exactly where an order is complete', () => {
    fc.assert(
      fc.property(regionLifecycles, TRIES, fc.nat(), (lifecycle, tries, other) => {
        const machine = compileMachine(lifecycle);
        const ids = lifecycle.statuses.map(({ id }) => id);
        const position = new Map<string | null, string>();
        const way = tries.slice(0, 10).flatMap((index) => {
          const next = ids.filter((id) => mayEnter(machine, position, id));
          const chosen = next[index % Math.max(1, next.length)];
          if (chosen === undefined) return [];
          position.set(machine.regionOf(chosen), chosen);
          return [chosen];
        });
        for (const each of [way, [...way, ids[other % ids.length] ?? '']]) {
          const { kind } = replay(machine, each);
          expect(firesToEnd(lifecycle, each)).toEqual({ fires: kind !== 'deviates', ends: kind === 'fits' });
        }
      }),
      { numRuns: 100 },
    );
  });

  test('the net has one token a region and reads what a guard requires', () => {
    const text = toPnml(WORKSHOP, 'en');
    expect(text).toContain('<place id="begin1">');
    const way = ['TAKEN', 'MADE', 'PACKED', 'CHECKED', 'SENT'];
    expect(firesToEnd(WORKSHOP, way)).toEqual({ fires: true, ends: true });
    expect(firesToEnd(WORKSHOP, way.toSpliced(3, 1))).toEqual({ fires: false, ends: false });
  });

  test('Mermaid draws regions side by side in one composite state, with what they wait for', () => {
    const lines = toMermaid(WORKSHOP, 'en').split('\n');
    expect(lines).toContain('  state whole_order {');
    expect(lines.filter((line) => line === '    --')).toHaveLength(2);
    expect(lines).toContain('    state "а" as send {'.replace('а', 'a'));
    expect(lines).toContain('      [*] --> PACKED : while a or a');
    expect(lines).toContain('      PACKED --> SENT : while a');
    expect(lines).toContain('      SENT --> [*]');
    expect(lines.filter((line) => line.trim() === '}')).toHaveLength(4);
  });

  test('SCXML writes a guard over several regions as one condition', () => {
    const both = regionsOf(['a: A1 A2!', 'b: B1 B2!', 'c: C1 C2!'], ['A1>A2', 'B1>B2', 'C1>C2[A1 A2 B2]']);
    expect(toScxml(both, 'en')).toContain(
      `<transition event="C2" target="C2" cond="(In('A1') || In('A2')) &amp;&amp; (In('B2'))"/>`,
    );
  });
});
