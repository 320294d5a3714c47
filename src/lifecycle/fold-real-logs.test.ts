import { beforeAll, describe, expect, test } from 'vitest';
import type { FoldedOrder, StatusFact } from '../model/order.ts';
import { collectVariants, lifecycleFromVariants, machineFromVariants } from './conformance/variants.ts';
import { foldOrder } from './fold.ts';
import { compileMachine, type Machine } from './machine.ts';
import { hasRealLogs, type Log, loanApplications, orderToCash } from './testing/real-logs.ts';
import { loanMachine } from './testing/reference-machines.ts';

/** Orders of each log that are folded; the first by case. */
const SAMPLE = 2_000;

const HOUR = 3_600_000_000_000n;

/** Repeatable random numbers from 0 to below 1 (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** The events of an order as services would have told them: each status by the service that owns it, seen a little later. */
function told(key: string, events: Log extends ReadonlyMap<string, infer Events> ? Events : never): StatusFact[] {
  return events.map(({ at, status }, sequence) => {
    const occurredAt = BigInt(at) * 1_000_000n;
    return {
      order: { kind: 'order', orderId: key },
      status,
      occurredAt,
      observedAt: occurredAt + 2_000_000_000n,
      source: `service of ${status}`,
      evidenceKind: 'span_event',
      evidenceId: `${key}/${sequence}`,
      sequence,
      traceId: null,
      spanId: null,
    };
  });
}

function statusesOf({ visits }: FoldedOrder): string[] {
  return visits.map(({ status }) => status).sort();
}

function topTen(log: Log): Machine {
  const { variants } = collectVariants([...log.values()].map((events) => events.map(({ status }) => status)));
  const lifecycle = lifecycleFromVariants('order to cash', machineFromVariants(variants.slice(0, 10)));
  if (lifecycle === undefined) throw new Error('the ten most frequent variants do not start alike');
  return compileMachine(lifecycle);
}

const LOGS = [
  ['the order-to-cash log', orderToCash, topTen],
  ['the log of loan applications', loanApplications, loanMachine],
] as const;

describe.skipIf(!hasRealLogs).each(LOGS)('%s (real logs needed)', (_name, read, machineFor) => {
  let orders: readonly (readonly StatusFact[])[] = [];
  let machine = loanMachine();
  beforeAll(() => {
    const log = read();
    machine = machineFor(log);
    orders = [...log].slice(0, SAMPLE).map(([key, events]) => told(key, events));
  });

  test('folds to the same visits in whatever order its reports arrive, and however often', () => {
    const random = randomOf(1);
    for (const facts of orders) {
      const once = foldOrder(machine, facts);
      expect(foldOrder(machine, shuffled(facts, random))).toEqual(once);
      const copies = facts.filter(() => random() < 0.5);
      expect(foldOrder(machine, shuffled([...facts, ...copies, ...copies], random))).toEqual(once);
    }
  });

  test('folds to the same visits when reports come late: after the last batch nothing is left of what came before', () => {
    const random = randomOf(2);
    for (const facts of orders) {
      const arriving = shuffled(facts, random);
      const known: StatusFact[] = [];
      let folded = foldOrder(machine, []);
      while (arriving.length > 0) {
        known.push(...arriving.splice(0, 1 + Math.floor(random() * 3)));
        folded = foldOrder(machine, known);
        expect(folded.visits.every(({ dwell }) => dwell === null || dwell >= 0n)).toBe(true);
      }
      expect(folded).toEqual(foldOrder(machine, facts));
    }
  });

  test('keeps every imported event when one clock is wrong, shifts what that clock told, and no dwell is negative', () => {
    for (const [index, facts] of orders.entries()) {
      const imported = facts.map((fact): StatusFact => ({ ...fact, evidenceKind: 'import' }));
      const { source } = imported[index % imported.length] ?? { source: '' };
      const offset = index % 2 === 0 ? HOUR : -HOUR;
      const skewed = imported.map((fact) => {
        return fact.source === source ? { ...fact, occurredAt: fact.occurredAt + offset } : fact;
      });
      const [before, after] = [foldOrder(machine, imported), foldOrder(machine, skewed)];
      expect(statusesOf(after)).toEqual(statusesOf(before));
      expect(after.visits.every(({ dwell }) => dwell === null || dwell >= 0n)).toBe(true);
      const entries = (order: FoldedOrder): bigint[] =>
        order.visits.filter(({ evidence }) => evidence[0]?.source === source).map(({ enteredAt }) => enteredAt);
      expect(entries(after)).toEqual(entries(before).map((at) => at + offset));
    }
  });

  test('counts what a clock that is fast tells from the future, and shows a clock that is slow where the way contradicts it', () => {
    let inverted = 0;
    for (const facts of orders) {
      const [first] = facts;
      const fast = facts.map((fact) => ({ ...fact, occurredAt: fact.occurredAt + (fact === first ? HOUR : 0n) }));
      expect(foldOrder(machine, fast).clockAnomalies).toContainEqual(
        expect.objectContaining({ kind: 'future', source: first?.source, skewNano: HOUR - 2_000_000_000n }),
      );
      const last = facts.at(-1);
      const slow = facts.map((fact) => ({
        ...fact,
        occurredAt: fact.occurredAt - (fact === last ? 8_760n * HOUR : 0n),
      }));
      inverted += foldOrder(machine, slow).clockAnomalies.filter(({ kind }) => kind === 'inverted').length;
      expect(foldOrder(machine, facts).clockAnomalies.filter(({ kind }) => kind === 'future')).toEqual([]);
    }
    expect(inverted).toBeGreaterThan(orders.length / 2);
  });
});
