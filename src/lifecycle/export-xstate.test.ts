import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnyMachineSnapshot, createMachine, getNextTransitions, initialTransition, transition } from 'xstate';
import type { Lifecycle } from './definition.ts';
import { toXstate } from './export-xstate.ts';
import { compileMachine } from './machine.ts';
import { requireLifecycle } from './parse.ts';
import { lifecycles, oddlyNamedLifecycles } from './testing/sound-lifecycles.ts';

const FILE = new URL('../../examples/jewelry/lifecycle.yaml', import.meta.url);
const JEWELRY = requireLifecycle(readFileSync(FILE, 'utf8'), 'lifecycle.yaml');

interface Exported {
  readonly states: Readonly<Record<string, { readonly meta: { readonly status: string } }>>;
}

/** Walks the exported machine in XState from status to status and compares every move with Waybill's own machine; returns how many it allows. */
function compareMoves(lifecycle: Lifecycle): number {
  const text = toXstate(lifecycle, 'en');
  const names = Object.entries((JSON.parse(text) as Exported).states).map(([name, { meta }]) => [meta.status, name]);
  const eventOf = new Map(names as [string, string][]);
  const statusOf = new Map([...eventOf].map(([status, name]) => [name, status]));
  const theirs = createMachine(JSON.parse(text) as object);
  const ours = compileMachine(lifecycle);
  const status = (snapshot: AnyMachineSnapshot): string => statusOf.get(String(snapshot.value)) ?? '';

  const [initial] = initialTransition(theirs);
  expect(status(initial)).toBe(lifecycle.initial);
  const seen = new Map<string, AnyMachineSnapshot>([[lifecycle.initial, initial]]);
  let moves = 0;
  for (const [from, snapshot] of seen) {
    expect(snapshot.hasTag('final')).toBe(ours.isFinal(from));
    expect(snapshot.status).toBe(ours.isFinal(from) && ours.successors(from).length === 0 ? 'done' : 'active');
    const offered = getNextTransitions(snapshot).map(({ eventType }) => statusOf.get(eventType));
    expect(new Set(offered)).toEqual(new Set(ours.successors(from)));
    for (const { id: to } of lifecycle.statuses) {
      const [next] = transition(theirs, snapshot, { type: eventOf.get(to) ?? '' });
      expect(snapshot.can({ type: eventOf.get(to) ?? '' })).toBe(ours.allows(from, to));
      expect(status(next)).toBe(ours.allows(from, to) ? to : from);
      if (snapshot.can({ type: eventOf.get(to) ?? '' })) moves += 1;
      if (!seen.has(status(next))) seen.set(status(next), next);
    }
  }
  expect(new Set(seen.keys())).toEqual(new Set(lifecycle.statuses.map(({ id }) => id)));
  return moves;
}

describe('toXstate', () => {
  test('writes the jewelry lifecycle with labels, systems and targets', () => {
    const machine = JSON.parse(toXstate(JEWELRY, 'ru')) as { readonly states: Record<string, unknown> };
    expect(machine).toMatchObject({ id: 'jewelry-order', version: '1', initial: 'INITIATED' });
    expect(machine.states['SHIPPED']).toEqual({
      description: 'Отправлен',
      meta: { status: 'SHIPPED', system: 'mes', targetMs: 25_000 },
      on: { CLOSED: { target: 'CLOSED' } },
    });
    expect(machine.states['CLOSED']).toEqual({
      type: 'final',
      tags: ['final'],
      description: 'Закрыт',
      meta: { status: 'CLOSED', system: 'crm' },
    });
  });

  test('lets XState leave a final status that may be reopened, and enter a status again', () => {
    const [label, common] = [
      { ru: 'а', en: 'a' },
      { system: 'x', target: null, reportedBy: [], region: null },
    ];
    const lifecycle: Lifecycle = {
      ...JEWELRY,
      initial: 'OPEN',
      statuses: [
        { ...common, id: 'OPEN', label, final: false },
        { ...common, id: 'SHUT', label, final: true },
      ],
      transitions: [
        { from: 'OPEN', to: 'OPEN', reopen: false, requires: [] },
        { from: 'OPEN', to: 'SHUT', reopen: false, requires: [] },
        { from: 'SHUT', to: 'OPEN', reopen: true, requires: [] },
      ],
    };
    expect(compareMoves(lifecycle)).toBe(3);
    expect(JSON.parse(toXstate(lifecycle, 'en'))).toMatchObject({
      states: {
        OPEN: { on: { OPEN: { target: 'OPEN', reenter: true } } },
        SHUT: { tags: ['final'], on: { OPEN: { target: 'OPEN', meta: { reopen: true } } } },
      },
    });
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
