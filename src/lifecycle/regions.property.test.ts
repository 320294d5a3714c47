import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { StatusFact } from '../model/order.ts';
import { openAligner } from './conformance/alignment.ts';
import { replay } from './conformance/replay.ts';
import type { Lifecycle } from './definition.ts';
import { foldOrder } from './fold.ts';
import { reach } from './graph.ts';
import { compileMachine, type Machine } from './machine.ts';
import { parseLifecycle } from './parse.ts';
import { isComplete, mayEnter, type Position } from './position.ts';
import { explore } from './product.ts';
import { regionLifecycles } from './testing/region-lifecycles.ts';
import { LABEL } from './testing/sound-lifecycles.ts';

const CHOICES = fc.array(fc.nat(), { maxLength: 16 });

/** A way through the machine: each number chooses one of the moves that are allowed then. */
function walk(machine: Machine, choices: readonly number[]): string[] {
  const position = new Map<string | null, string>();
  const way: string[] = [];
  for (const choice of choices) {
    const next = machine.lifecycle.statuses.filter(({ id }) => mayEnter(machine, position, id));
    const chosen = next[choice % Math.max(1, next.length)];
    if (chosen === undefined) break;
    position.set(chosen.region, chosen.id);
    way.push(chosen.id);
  }
  return way;
}

function toYaml(lifecycle: Lifecycle): string {
  return stringify({
    name: lifecycle.name,
    version: lifecycle.version,
    label: lifecycle.label,
    regions: lifecycle.regions.map(({ startsWhen, ...region }) =>
      startsWhen.length === 0 ? region : { ...region, startsWhen },
    ),
    systems: { x: { label: LABEL } },
    statuses: lifecycle.statuses.map(({ id, system, region, label, final }) => ({ id, system, region, label, final })),
    transitions: lifecycle.transitions.map(({ from, to, reopen, requires }) =>
      requires.length === 0 ? { from, to: [to], reopen } : { from, to: [to], reopen, requires },
    ),
  });
}

function fact(status: string, at: number, id: string | number): StatusFact {
  return {
    order: { kind: 'trace' },
    status,
    occurredAt: BigInt(at),
    observedAt: BigInt(at) + 7n,
    source: 'one',
    evidenceKind: 'span_event',
    evidenceId: String(id),
    sequence: 0,
    traceId: null,
    spanId: null,
  };
}

describe('for every sound lifecycle with regions', () => {
  test('what was written as YAML is proved sound and read back the same', () => {
    fc.assert(
      fc.property(regionLifecycles, (lifecycle) => {
        expect(parseLifecycle(toYaml(lifecycle), 'random.yaml')).toEqual({ kind: 'ok', lifecycle });
      }),
    );
  });

  test('an order can be complete from wherever it is', () => {
    fc.assert(
      fc.property(regionLifecycles, CHOICES, (lifecycle, choices) => {
        const machine = compileMachine(lifecycle);
        const start = positionOf(machine, walk(machine, choices));
        const next = (text: string): readonly string[] => {
          const position = toPosition(machine, text);
          return lifecycle.statuses
            .filter(({ id }) => mayEnter(machine, position, id))
            .map(({ id, region }) => toText(machine, new Map([...position, [region, id]])));
        };
        const ends = [...reach([start], next)].filter((text) => isComplete(machine, toPosition(machine, text)));
        expect(ends.length).toBeGreaterThan(0);
      }),
    );
  });

  test('replay, prefix replay and alignment agree, on ways that fit and on any statuses', () => {
    const mixed = fc.tuple(regionLifecycles, CHOICES, fc.array(fc.nat(), { maxLength: 4 }));
    fc.assert(
      fc.property(mixed, ([lifecycle, choices, others]) => {
        const machine = compileMachine(lifecycle);
        const aligner = openAligner(machine);
        const way = walk(machine, choices);
        expect(replay(machine, way).kind).not.toBe('deviates');
        const { statuses } = lifecycle;
        for (const each of [way, [...way, ...others.map((index) => statuses[index % statuses.length]?.id ?? '')]]) {
          const { kind } = replay(machine, each);
          expect(aligner.align(each, 'complete')?.cost === 0).toBe(kind === 'fits');
          expect(aligner.align(each, 'open')?.cost === 0).toBe(kind !== 'deviates');
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a walk folds to itself without deviations, complete exactly where it fits', () => {
    fc.assert(
      fc.property(regionLifecycles, CHOICES, (lifecycle, choices) => {
        const machine = compileMachine(lifecycle);
        const way = walk(machine, choices);
        const order = foldOrder(
          machine,
          way.map((status, index) => fact(status, index * 10, index)),
        );
        expect(order.visits.map(({ status }) => status)).toEqual(way);
        expect(order.deviations).toEqual([]);
        expect(order.closedAt !== null).toBe(replay(machine, way).kind === 'fits');
        for (const [index, visit] of order.visits.entries()) {
          const own = (other: { readonly region: string | null }): boolean => other.region === visit.region;
          expect(visit.leftAt).toBe(order.visits.slice(index + 1).find(own)?.enteredAt ?? null);
          expect(visit.from).toBe(order.visits.slice(0, index).findLast(own)?.status ?? null);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('any order of arrival and any copies of any facts give the same result', () => {
    const facts = fc.array(
      fc
        .record({
          region: fc.nat({ max: 3 }),
          status: fc.nat({ max: 4 }),
          at: fc.nat({ max: 12 }),
          id: fc.nat({ max: 99 }),
        })
        .map(({ region, status, at, id }) => fact(`R${region}S${status}`, at, id)),
      { maxLength: 30 },
    );
    const cases = fc
      .tuple(regionLifecycles, facts)
      .chain(([lifecycle, all]) =>
        fc.tuple(
          fc.constant(lifecycle),
          fc.constant(all),
          fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }),
        ),
      );
    fc.assert(
      fc.property(cases, ([lifecycle, all, shuffled]) => {
        const machine = compileMachine(lifecycle);
        const order = foldOrder(machine, all);
        expect(foldOrder(machine, shuffled)).toEqual(order);
        const times = order.visits.map(({ enteredAt }) => enteredAt);
        expect(times).toEqual(times.toSorted((a, b) => Number(a - b)));
        expect(order.visits.every(({ dwell }) => dwell === null || dwell >= 0n)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('the combinations found are exactly those that walks can reach', () => {
    fc.assert(
      fc.property(regionLifecycles, fc.array(CHOICES, { maxLength: 8 }), (lifecycle, walks) => {
        const machine = compileMachine(lifecycle);
        const ids = lifecycle.regions.map(({ id }) => id);
        const product = explore(lifecycle, ids, 1_000);
        if (product === undefined) throw new Error('too many combinations for a small lifecycle');
        const texts = new Set<string>();
        for (let at = 0; at < product.size; at += 1) {
          const way = product.wayTo(at);
          expect(replay(machine, way).kind).not.toBe('deviates');
          texts.add(positionOf(machine, way));
        }
        expect(texts.size).toBe(product.size);
        for (const choices of walks) expect(texts).toContain(positionOf(machine, walk(machine, choices)));
      }),
      { numRuns: 60 },
    );
  });
});

function positionOf(machine: Machine, way: readonly string[]): string {
  return toText(machine, new Map(way.map((status) => [machine.regionOf(status), status])));
}

function toText({ regions }: Machine, position: Position): string {
  return regions.map(({ id }) => position.get(id) ?? '-').join(' ');
}

function toPosition({ regions }: Machine, text: string): Position {
  const statuses = text.split(' ');
  return new Map(
    regions.flatMap(({ id }, index) => (statuses[index] === '-' ? [] : [[id, statuses[index] ?? ''] as const])),
  );
}
