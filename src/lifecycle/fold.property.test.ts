import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { FoldedOrder, StatusFact } from '../model/order.ts';
import type { Lifecycle } from './definition.ts';
import { foldOrder } from './fold.ts';
import { compileMachine } from './machine.ts';
import { parseLifecycle } from './parse.ts';
import { LABEL, lifecycles } from './testing/sound-lifecycles.ts';

const SOURCES = ['shop', 'crm', 'mes', 'bi'];

function fact(status: string, at: number, source: string, id: string | number, sequence = 0): StatusFact {
  return {
    order: { kind: 'trace' },
    status,
    occurredAt: BigInt(at),
    observedAt: BigInt(at) + 7n,
    source,
    evidenceKind: 'span_event',
    evidenceId: String(id),
    sequence,
    traceId: null,
    spanId: null,
  };
}

/** Any facts: few times, so that many are equal; known and unknown statuses; ids that sometimes clash with other content. */
const anyFacts: fc.Arbitrary<StatusFact[]> = fc.array(
  fc
    .record({
      status: fc.nat({ max: 10 }),
      at: fc.nat({ max: 12 }),
      source: fc.constantFrom(...SOURCES),
      id: fc.nat({ max: 200 }),
      sequence: fc.nat({ max: 2 }),
    })
    .map(({ status, at, source, id, sequence }) => fact(`S${status}`, at, source, id, sequence)),
  { maxLength: 40 },
);

/** A walk along the edges from the initial status, told by one source per step at growing times. */
function walk(lifecycle: Lifecycle, choices: readonly number[], loops: boolean): string[] {
  const machine = compileMachine(lifecycle);
  const way = [lifecycle.initial];
  for (const choice of choices) {
    const next = machine.successors(way.at(-1) ?? '').filter((status) => loops || !way.includes(status));
    const chosen = next[choice % Math.max(1, next.length)];
    if (chosen === undefined) break;
    way.push(chosen);
  }
  return way;
}

function statuses(order: FoldedOrder): string[] {
  return order.visits.map(({ status }) => status);
}

describe('for every sound lifecycle', () => {
  test('what was written as YAML is proved sound and read back the same', () => {
    fc.assert(
      fc.property(lifecycles, (lifecycle) => {
        const text = stringify({
          name: lifecycle.name,
          version: lifecycle.version,
          label: lifecycle.label,
          initial: lifecycle.initial,
          systems: { x: { label: LABEL } },
          statuses: lifecycle.statuses.map(({ id, system, label, final }) => ({ id, system, label, final })),
          transitions: lifecycle.transitions.map(({ from, to, reopen }) => ({ from, to: [to], reopen })),
        });
        expect(parseLifecycle(text, 'random.yaml')).toEqual({ kind: 'ok', lifecycle });
      }),
    );
  });

  test('a status ranks before every other that orders can only reach from it', () => {
    fc.assert(
      fc.property(lifecycles, (lifecycle) => {
        const onward = lifecycle.transitions.filter(({ from, to }) => from < to);
        const acyclic = { ...lifecycle, transitions: onward.map((each) => ({ ...each, reopen: false })) };
        const machine = compileMachine(acyclic);
        for (const { from, to } of acyclic.transitions) expect(machine.rank(from)).toBeLessThan(machine.rank(to));
        const ranks = lifecycle.statuses.map(({ id }) => compileMachine(lifecycle).rank(id));
        expect(ranks.toSorted((a, b) => a - b)).toEqual(ranks.map((_, index) => index));
        expect(compileMachine(lifecycle).rank(lifecycle.initial)).toBe(0);
      }),
    );
  });
});

describe('for every set of facts', () => {
  test('any order of arrival and any copies give the same result', () => {
    const cases = fc
      .tuple(lifecycles, anyFacts)
      .chain(([lifecycle, facts]) =>
        fc.tuple(
          fc.constant(lifecycle),
          fc.constant(facts),
          fc.array(fc.nat({ max: Math.max(0, facts.length - 1) }), { maxLength: 20 }),
          fc.array(fc.nat(), { minLength: facts.length + 20, maxLength: facts.length + 20 }),
        ),
      );
    fc.assert(
      fc.property(cases, ([lifecycle, facts, copies, keys]) => {
        const machine = compileMachine(lifecycle);
        const copied = [...facts, ...copies.flatMap((index) => facts.slice(index, index + 1))];
        const shuffled = copied
          .map((each, index) => ({ each, key: keys[index] ?? 0 }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ each }) => each);
        expect(foldOrder(machine, shuffled)).toEqual(foldOrder(machine, facts));
      }),
      { numRuns: 500 },
    );
  });

  test('visits chain without gaps and without negative dwells, and every piece of evidence is kept once', () => {
    fc.assert(
      fc.property(lifecycles, anyFacts, (lifecycle, facts) => {
        const machine = compileMachine(lifecycle);
        const order = foldOrder(machine, facts);
        for (const [index, visit] of order.visits.entries()) {
          const next = order.visits[index + 1];
          expect(visit.leftAt).toBe(next?.enteredAt ?? null);
          expect(visit.dwell === null || visit.dwell >= 0n).toBe(true);
          expect(visit.evidence[0]?.occurredAt).toBe(visit.enteredAt);
          expect(visit.evidence.every(({ occurredAt }) => occurredAt >= visit.enteredAt)).toBe(true);
          expect(next?.status !== visit.status || machine.allows(visit.status, visit.status)).toBe(true);
        }
        const kept = order.visits.flatMap(({ evidence }) => evidence.map(({ evidenceId }) => evidenceId));
        expect(kept.toSorted()).toEqual([...new Set(facts.map(({ evidenceId }) => evidenceId))].toSorted());
      }),
    );
  });

  test('folding what the visits kept gives the same visits', () => {
    fc.assert(
      fc.property(lifecycles, anyFacts, (lifecycle, facts) => {
        const machine = compileMachine(lifecycle);
        const once = foldOrder(machine, facts);
        const sequences = new Map(facts.map((each) => [each.evidenceId, each.sequence]));
        fc.pre(sequences.size === facts.length);
        const kept = once.visits.flatMap(({ status, evidence }) =>
          evidence.map((each): StatusFact => {
            const sequence = sequences.get(each.evidenceId) ?? 0;
            return { ...each, status, order: { kind: 'trace' }, sequence };
          }),
        );
        expect(foldOrder(machine, kept)).toEqual(once);
      }),
    );
  });
});

describe('for every walk along the edges', () => {
  const steps = fc.array(fc.nat(), { maxLength: 20 });

  test('without loops, told by any sources with late witnesses by others, the fold is the walk', () => {
    const witnesses = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...SOURCES), fc.nat({ max: 200 })), {
      maxLength: 30,
    });
    const tellers = fc.array(fc.constantFrom(...SOURCES), { minLength: 21, maxLength: 21 });
    fc.assert(
      fc.property(lifecycles, steps, tellers, witnesses, (lifecycle, choices, sources, late) => {
        const way = walk(lifecycle, choices, false);
        const told = new Map(
          way.map((status, index) => {
            const source = sources[index] ?? 'mes';
            return [`${status}/${source}`, fact(status, index * 10, source, `${status}/${source}`)];
          }),
        );
        for (const [step, source, delay] of late) {
          const index = step % way.length;
          const key = `${way[index]}/${source}`;
          if (!told.has(key)) told.set(key, fact(way[index] ?? '', index * 10 + delay, source, key));
        }
        const order = foldOrder(compileMachine(lifecycle), [...told.values()]);
        expect(statuses(order)).toEqual(way);
        expect(order.visits.map(({ enteredAt }) => enteredAt)).toEqual(way.map((_, index) => BigInt(index * 10)));
        expect(order.deviations).toEqual([]);
        const last = lifecycle.statuses.find(({ id }) => id === way.at(-1));
        expect(order.closedAt).toBe(last?.final === true ? order.since : null);
      }),
      { numRuns: 500 },
    );
  });

  test('with loops, self-edges and reopening, told by one source and late by another, the fold is the walk', () => {
    fc.assert(
      fc.property(lifecycles, steps, fc.nat({ max: 500 }), (lifecycle, choices, delay) => {
        const way = walk(lifecycle, choices, true);
        const facts = way.flatMap((status, index) => [
          fact(status, index * 10, 'mes', `mes/${index}`),
          fact(status, index * 10 + delay, 'crm', `crm/${index}`),
        ]);
        const order = foldOrder(compileMachine(lifecycle), facts);
        expect(statuses(order)).toEqual(way);
        expect(order.deviations).toEqual([]);
        expect(order.visits.every(({ evidence }) => evidence.length === 2)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
