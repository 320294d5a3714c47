import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Lifecycle } from './definition.ts';
import { toScxml } from './export-scxml.ts';
import { compileMachine } from './machine.ts';
import { requireLifecycle } from './parse.ts';
import { lifecycles, oddlyNamedLifecycles } from './testing/sound-lifecycles.ts';
import { childrenOf, parseXml, type XmlElement } from './testing/xml-tree.ts';

const FILE = new URL('../../examples/jewelry/lifecycle.yaml', import.meta.url);
const JEWELRY = requireLifecycle(readFileSync(FILE, 'utf8'), 'lifecycle.yaml');

/** What remains of text in a document: XML has no lone surrogates, no U+FFFE or U+FFFF, and of controls only these three. */
function inXml(text: string): string {
  const has = (character: string): boolean => character >= ' ' || '\t\n\r'.includes(character);
  return Array.from(text.toWellFormed(), (each) => (has(each) && !/[\ufffe\uffff]/.test(each) ? each : '\ufffd')).join(
    '',
  );
}

/** Whether one of the descriptors matches the event: the same, `*`, or a prefix of whole tokens (SCXML 3.12.1). */
function matches(descriptors: string, event: string): boolean {
  return descriptors
    .split(/\s+/)
    .map((each) => each.replace(/\.?\*$/, ''))
    .some((each) => each === '' || event === each || event.startsWith(`${each}.`));
}

/** Reads the document back as an interpreter would, and compares every move with Waybill's own machine; returns how many it allows. */
function compareMoves(lifecycle: Lifecycle): number {
  const root = parseXml(toScxml(lifecycle, 'en'));
  const machine = compileMachine(lifecycle);
  const states = root.children;
  const get = (element: XmlElement | undefined, name: string): string => element?.attributes.get(name) ?? '';
  const ids = states.map((state) => get(state, 'id'));
  for (const id of ids) expect(id).toMatch(/^[A-Za-zА-Яа-яЁё_][A-Za-zА-Яа-яЁё0-9_-]*$/);
  expect(new Set(ids).size).toBe(lifecycle.statuses.length);
  expect(get(root, 'initial')).toBe(ids[lifecycle.statuses.findIndex(({ id }) => id === lifecycle.initial)]);
  expect(get(root, 'waybill:name')).toBe(inXml(lifecycle.name));

  let moves = 0;
  for (const [index, state] of states.entries()) {
    const from = lifecycle.statuses[index]?.id ?? '';
    expect(get(state, 'waybill:status')).toBe(inXml(from));
    expect(get(state, 'waybill:final') === 'true').toBe(machine.isFinal(from));
    const transitions = childrenOf(state, 'transition');
    moves += transitions.length;
    expect(state.name).toBe(machine.isFinal(from) && transitions.length === 0 ? 'final' : 'state');
    for (const [position, { id: to }] of lifecycle.statuses.entries()) {
      const event = ids[position] ?? '';
      const taken = transitions.filter((each) => matches(get(each, 'event'), event));
      expect(taken.map((each) => get(each, 'target'))).toEqual(machine.allows(from, to) ? [event] : []);
    }
    for (const event of ['done.state.x', 'error.execution']) {
      expect(transitions.some((each) => matches(get(each, 'event'), event))).toBe(false);
    }
  }
  return moves;
}

describe('toScxml', () => {
  test('writes the jewelry lifecycle with labels, systems and targets', () => {
    const lines = toScxml(JEWELRY, 'ru').split('\n');
    expect(lines[1]).toContain('<scxml xmlns="http://www.w3.org/2005/07/scxml"');
    expect(lines[1]).toContain(' version="1.0" datamodel="null" initial="INITIATED"');
    expect(lines).toContain(
      '  <state id="SHIPPED" waybill:status="SHIPPED" waybill:label="Отправлен" waybill:system="mes" waybill:target="25000000000">',
    );
    expect(lines).toContain('    <transition event="CLOSED" target="CLOSED"/>');
    expect(lines).toContain(
      '  <final id="CLOSED" waybill:status="CLOSED" waybill:label="Закрыт" waybill:system="crm" waybill:final="true"/>',
    );
  });

  test('allows exactly the moves of the jewelry lifecycle', () => {
    expect(compareMoves(JEWELRY)).toBe(9);
  });

  test('allows exactly the moves of every sound lifecycle, whatever its statuses are called', () => {
    const any = fc.oneof(lifecycles, oddlyNamedLifecycles);
    fc.assert(
      fc.property(any, (lifecycle) => {
        expect(compareMoves(lifecycle)).toBe(lifecycle.transitions.length);
      }),
      { numRuns: 400 },
    );
  });
});
