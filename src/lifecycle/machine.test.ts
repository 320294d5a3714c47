import { describe, expect, test } from 'vitest';
import { WaybillError } from '../model/errors.ts';
import type { Lifecycle } from './definition.ts';
import { compileMachine, type Machine } from './machine.ts';

/** `A>B` is an edge, `A~B` a reopen edge, `A!` a final status; the first status is initial. */
function lifecycleOf(statuses: string, edges: string): Lifecycle {
  const label = { ru: 'а', en: 'a' };
  const listed = statuses.split(' ').map((text) => ({ id: text.replace('!', ''), final: text.endsWith('!') }));
  return {
    name: 'test',
    version: '1',
    label,
    initial: listed[0]?.id ?? '',
    target: null,
    calendar: null,
    regions: [],
    systems: [{ id: 'x', label, services: [] }],
    statuses: listed.map((each) => ({ ...each, system: 'x', reportedBy: [], region: null, label, target: null })),
    transitions: edges.split(' ').map((edge) => {
      const [from = '', to = ''] = edge.split(/[>~]/);
      return { from, to, reopen: edge.includes('~'), requires: [] };
    }),
  };
}

function machineOf(statuses: string, edges: string): Machine {
  return compileMachine(lifecycleOf(statuses, edges));
}

function ranked(machine: Machine): string {
  const ids = machine.lifecycle.statuses.map(({ id }) => id);
  return ids.toSorted((a, b) => machine.rank(a) - machine.rank(b)).join(' ');
}

describe('compileMachine', () => {
  const machine = machineOf('A B C D!', 'A>C A>B B>D C>D C>C D~B');

  test('answers what the definition says', () => {
    expect(machine.allows('A', 'B')).toBe(true);
    expect(machine.allows('B', 'A')).toBe(false);
    expect(machine.allows('C', 'C')).toBe(true);
    expect(machine.allows('D', 'B')).toBe(true);
    expect(machine.successors('A')).toEqual(['B', 'C']);
    expect(machine.isFinal('D')).toBe(true);
    expect(machine.isFinal('A')).toBe(false);
    expect(machine.systemOf('A')).toBe('x');
  });

  test('knows nothing about unknown statuses, whatever they are called', () => {
    for (const name of ['nope', '', '__proto__', 'constructor', 'a']) {
      expect(machine.knows(name)).toBe(false);
      expect(machine.systemOf(name)).toBeNull();
      expect(machine.isFinal(name)).toBe(false);
      expect(machine.allows('A', name)).toBe(false);
      expect(machine.allows(name, name)).toBe(false);
      expect(machine.successors(name)).toEqual([]);
      expect(machine.rank(name)).toBe(Number.POSITIVE_INFINITY);
      expect(machine.shortestPath('A', name)).toBeUndefined();
    }
  });

  test('refuses a lifecycle that refers to what it does not define', () => {
    expect(() => machineOf('A B!', 'A>B A>X')).toThrow(WaybillError);
    expect(() => compileMachine({ ...lifecycleOf('A B!', 'A>B'), initial: 'X' })).toThrow(/`X`/);
  });
});

describe('shortestPath', () => {
  test('names the statuses in between, none for an edge, and undefined where no way leads', () => {
    const machine = machineOf('A B C D!', 'A>B B>C C>D');
    expect(machine.shortestPath('A', 'D')).toEqual(['B', 'C']);
    expect(machine.shortestPath('A', 'B')).toEqual([]);
    expect(machine.shortestPath('D', 'A')).toBeUndefined();
    expect(machine.shortestPath('A', 'A')).toBeUndefined();
  });

  test('takes the way whose statuses come first in the definition, however the transitions are listed', () => {
    expect(machineOf('A B C D!', 'A>C C>D A>B B>D').shortestPath('A', 'D')).toEqual(['B']);
    expect(machineOf('A C B D!', 'A>B A>C B>D C>D').shortestPath('A', 'D')).toEqual(['C']);
  });

  test('goes round a loop back to its start', () => {
    expect(machineOf('A B C!', 'A>B B>A B>C').shortestPath('A', 'A')).toEqual(['B']);
    expect(machineOf('A B!', 'A>A A>B').shortestPath('A', 'A')).toEqual([]);
  });
});

describe('rank', () => {
  test('follows the line', () => {
    expect(ranked(machineOf('A D! C B', 'A>B B>C C>D'))).toBe('A B C D');
  });

  test('puts a status after all that lead to it, though a shortcut leads there too', () => {
    expect(ranked(machineOf('A D! B C', 'A>D A>B B>C C>D'))).toBe('A B C D');
  });

  test('puts a loop in the order in which it is entered, and before what follows it', () => {
    expect(ranked(machineOf('A E! D C B', 'A>B B>C C>D D>B D>E A>E'))).toBe('A B C D E');
  });

  test('puts branches in the order of the definition', () => {
    expect(ranked(machineOf('A C B D!', 'A>B A>C B>D C>D'))).toBe('A C B D');
  });

  test('is not turned round by reopening', () => {
    expect(ranked(machineOf('A B C! R', 'A>B B>C C~B C~R R>A'))).toBe('A B C R');
    expect(ranked(machineOf('A D! B C', 'A>D A>B B>C C>D D~A'))).toBe('A B C D');
  });

  test('is a number of its own for every status, from 0 for the initial one', () => {
    const machine = machineOf('A B C D!', 'A>B A>C B>D C>D B>C C>B D~A');
    expect(machine.lifecycle.statuses.map(({ id }) => machine.rank(id)).toSorted((a, b) => a - b)).toEqual([
      0, 1, 2, 3,
    ]);
    expect(machine.rank('A')).toBe(0);
  });
});
