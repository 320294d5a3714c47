import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Deviation, FoldedOrder, StatusFact } from '../model/order.ts';
import type { Lifecycle } from './definition.ts';
import { foldOrder } from './fold.ts';
import { compileMachine, type Machine } from './machine.ts';
import { requireLifecycle } from './parse.ts';

const JEWELRY = compileMachine(
  requireLifecycle(
    readFileSync(new URL('../../examples/jewelry/lifecycle.yaml', import.meta.url), 'utf8'),
    'lifecycle.yaml',
  ),
);

/** A small workshop with rework (C > B), a repeated step (B > B), a branch (D | E) and reopening (F ~ B). */
const WORKSHOP = machineOf('A B C D E F!', 'A>B B>B B>C C>B C>D C>E D>F E>F F~B');

/** Rework only: C > B. */
const WORKSHOP_LOOP = machineOf('A B C D!', 'A>B B>C C>B C>D');

/** `A>B` is an edge, `A~B` a reopen edge, `A!` a final status; the first status is initial. */
function machineOf(statuses: string, edges: string): Machine {
  const label = { ru: 'а', en: 'a' };
  const listed = statuses.split(' ').map((text) => ({ id: text.replace('!', ''), final: text.endsWith('!') }));
  const lifecycle: Lifecycle = {
    name: 'test',
    version: '7',
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
  return compileMachine(lifecycle);
}

function fact(status: string, at: number, source = 'mes', changes: Partial<StatusFact> = {}): StatusFact {
  return {
    order: { kind: 'order', orderId: 'o-1' },
    status,
    occurredAt: BigInt(at),
    observedAt: BigInt(at + 1_000),
    source,
    evidenceKind: 'span_event',
    evidenceId: `${source}/${status}/${at}`,
    sequence: 0,
    traceId: null,
    spanId: null,
    ...changes,
  };
}

/** `A@1 B@2/crm`: status, time and source (default mes). */
function facts(text: string): StatusFact[] {
  return text.split(' ').map((each) => {
    const [status = '', at = '', source = 'mes'] = each.split(/[@/]/);
    return fact(status, Number(at), source);
  });
}

/** `A@1×2 B@2`: visits by status and entry, with the number of witnesses where there are several. */
function visits(order: FoldedOrder): string {
  return order.visits
    .map(
      ({ status, enteredAt, evidence }) => `${status}@${enteredAt}${evidence.length > 1 ? `×${evidence.length}` : ''}`,
    )
    .join(' ');
}

function deviations(order: FoldedOrder): [Deviation['kind'], string, string | null, readonly string[]][] {
  return order.deviations.map(({ kind, status, fromStatus, skipped }) => [kind, status, fromStatus, skipped]);
}

describe('visits', () => {
  test('an order that was never reported has no status and no visits', () => {
    expect(foldOrder(WORKSHOP, [])).toEqual({
      lifecycle: { name: 'test', version: '7' },
      status: null,
      since: null,
      openedAt: null,
      closedAt: null,
      current: [],
      visits: [],
      deviations: [],
      clockAnomalies: [],
    });
  });

  test('a normal order visits its statuses in order and is closed on entering the final one', () => {
    const ids = JEWELRY.lifecycle.statuses.map(({ id }) => id);
    const order = foldOrder(JEWELRY, ids.map((id, index) => fact(id, 100 * index)).toReversed());
    expect(order.visits.map(({ status }) => status)).toEqual(ids);
    expect(order.visits.map(({ system }) => system)).toEqual([
      'shop',
      'shop',
      'shop',
      'mes',
      'crm',
      'mes',
      'mes',
      'mes',
      'mes',
      'crm',
    ]);
    expect(order.visits.map(({ dwell }) => dwell)).toEqual([...Array(9).fill(100n), null]);
    expect(order).toMatchObject({
      lifecycle: { name: 'jewelry-order', version: '1' },
      status: 'CLOSED',
      since: 900n,
      openedAt: 0n,
      closedAt: 900n,
      deviations: [],
    });
  });

  test('an open order has an open last visit, is not closed and does not deviate', () => {
    const order = foldOrder(WORKSHOP, facts('A@10 B@30'));
    expect(order).toMatchObject({ status: 'B', since: 30n, openedAt: 10n, closedAt: null, deviations: [] });
    expect(order.visits).toMatchObject([
      { status: 'A', enteredAt: 10n, leftAt: 30n, dwell: 20n },
      { status: 'B', enteredAt: 30n, leftAt: null, dwell: null },
    ]);
  });

  test('evidence keeps both clocks, the source and the span, earliest first', () => {
    const witness = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), observedAt: 5n };
    const order = foldOrder(WORKSHOP, [fact('A', 9, 'crm'), fact('A', 2, 'mes', witness)]);
    expect(order.visits[0]?.evidence).toEqual([
      { evidenceKind: 'span_event', evidenceId: 'mes/A/2', source: 'mes', occurredAt: 2n, sequence: 0, ...witness },
      {
        evidenceKind: 'span_event',
        evidenceId: 'crm/A/9',
        source: 'crm',
        occurredAt: 9n,
        observedAt: 1_009n,
        sequence: 0,
        traceId: null,
        spanId: null,
      },
    ]);
  });

  test('the same evidence counts once, as it was observed first', () => {
    const first = fact('A', 1, 'mes', { observedAt: 5n });
    const again = fact('A', 1, 'mes', { observedAt: 6n });
    for (const copies of [
      [first, again, again],
      [again, first],
    ]) {
      expect(foldOrder(WORKSHOP, copies).visits.map(({ evidence }) => evidence.map((each) => each.observedAt))).toEqual(
        [[5n]],
      );
    }
  });
});

describe('reports of the same time', () => {
  test('read in the order that the machine allows', () => {
    expect(visits(foldOrder(WORKSHOP, facts('F@5 D@5 B@5 C@5 A@5')))).toBe('A@5 B@5 C@5 D@5 F@5');
    expect(foldOrder(WORKSHOP, facts('F@5 D@5 B@5 C@5 A@5')).deviations).toEqual([]);
  });

  test('read in that order whatever the names of the statuses', () => {
    const backwards = machineOf('Z Y X!', 'Z>Y Y>X');
    expect(visits(foldOrder(backwards, facts('X@1 Y@1 Z@1')))).toBe('Z@1 Y@1 X@1');
  });

  test('read in that order though a shortcut leads past a status', () => {
    const shortcut = machineOf('A D! B C', 'A>D A>B B>C C>D');
    expect(deviations(foldOrder(shortcut, facts('A@1 D@2 C@2 B@2')))).toEqual([]);
  });

  test('put unknown statuses last, by their text', () => {
    expect(visits(foldOrder(WORKSHOP, facts('Z@1 Y@1 B@1 A@1')))).toBe('A@1 B@1 Y@1 Z@1');
  });

  test('of the same status and source go by their sequence, then by their id', () => {
    const three = [
      fact('A', 1, 'mes', { sequence: 1, evidenceId: 'x' }),
      fact('A', 1, 'mes', { sequence: 0, evidenceId: 'z' }),
      fact('A', 1, 'mes', { sequence: 0, evidenceId: 'y' }),
    ];
    expect(foldOrder(WORKSHOP, three).visits[0]?.evidence.map(({ evidenceId }) => evidenceId)).toEqual(['y', 'z', 'x']);
  });
});

describe('one visit, many witnesses', () => {
  test('a late witness by another source is evidence of the earlier visit, never a step back', () => {
    const order = foldOrder(
      JEWELRY,
      facts('INITIATED@1/shop FILE_UPLOADED@2/shop SUBMITTED@3/shop PRICE_CALCULATED@10/mes SUBMITTED@12/crm'),
    );
    expect(visits(order)).toBe('INITIATED@1 FILE_UPLOADED@2 SUBMITTED@3×2 PRICE_CALCULATED@10');
    expect(order).toMatchObject({ status: 'PRICE_CALCULATED', since: 10n, deviations: [] });
  });

  test('the earliest witness decides the entry, whoever it is', () => {
    expect(visits(foldOrder(WORKSHOP, facts('A@1 C@8/crm B@5/shop B@3/crm B@4 C@7')))).toBe('A@1 B@3×3 C@7×2');
  });

  test('a source that repeats itself without anything in between is one witness more', () => {
    expect(visits(foldOrder(JEWELRY, facts('INITIATED@1 INITIATED@2 INITIATED@3 FILE_UPLOADED@4')))).toBe(
      'INITIATED@1×3 FILE_UPLOADED@4',
    );
  });

  test('a late witness of another status does not make two visits out of a repeated report', () => {
    const order = foldOrder(
      JEWELRY,
      facts('INITIATED@1/shop FILE_UPLOADED@2/shop INITIATED@3/crm FILE_UPLOADED@4/shop'),
    );
    expect(visits(order)).toBe('INITIATED@1×2 FILE_UPLOADED@2×2');
    expect(order.deviations).toEqual([]);
  });

  test('rework: a source that reports a status again after another one tells of a new visit', () => {
    const order = foldOrder(WORKSHOP, facts('A@1 B@2 C@3 B@4 C@5 D@6 F@7'));
    expect(visits(order)).toBe('A@1 B@2 C@3 B@4 C@5 D@6 F@7');
    expect(order).toMatchObject({ status: 'F', closedAt: 7n, deviations: [] });
  });

  test('rework: the second report of a source is of the second visit, though all that it tells comes late', () => {
    const order = foldOrder(WORKSHOP_LOOP, facts('A@1 B@2 C@3 B@4 C@5 D@9 B@6/crm C@7/crm B@8/crm C@10/crm'));
    expect(visits(order)).toBe('A@1 B@2×2 C@3×2 B@4×2 C@5×2 D@9');
    expect(order.deviations).toEqual([]);
  });

  test('rework: a source that tells only of one status tells again when others moved the order on in between', () => {
    const order = foldOrder(WORKSHOP_LOOP, facts('A@1 B@2/shop C@3 B@4/shop C@5'));
    expect(visits(order)).toBe('A@1 B@2 C@3 B@4 C@5');
  });

  test('rework: a source that alone tells of the return is believed', () => {
    const order = foldOrder(WORKSHOP_LOOP, facts('A@1 B@2 C@3 B@6/crm C@7/crm B@8/crm'));
    expect(visits(order)).toBe('A@1 B@2×2 C@3×2 B@8');
    expect(order.deviations).toEqual([]);
  });

  test('late witnesses that repeat themselves across each other are no steps back', () => {
    const order = foldOrder(WORKSHOP_LOOP, facts('A@1 B@2 C@3 A@4/crm B@5/shop A@6/crm B@7/shop'));
    expect(visits(order)).toBe('A@1×3 B@2×3 C@3');
  });

  test('a status is never entered from itself without a self-edge, though a source told of another one in between', () => {
    const order = foldOrder(WORKSHOP_LOOP, facts('A@0 B@1 C@2/shop B@3/shop C@4/shop C@5/shop'));
    expect(visits(order)).toBe('A@0 B@1×2 C@2×3');
  });

  test('a self-edge makes a visit of every report by one source, and the k-th reports of all sources are one', () => {
    const order = foldOrder(WORKSHOP, facts('A@1 B@2 B@3 B@4 B@5/crm B@6/crm C@7'));
    expect(visits(order)).toBe('A@1 B@2×2 B@3×2 B@4 C@7');
    expect(order.deviations).toEqual([]);
  });

  test('a self-edge makes no visits out of single reports by several sources', () => {
    expect(visits(foldOrder(WORKSHOP, facts('A@1 B@2 B@3/crm B@4/shop')))).toBe('A@1 B@2×3');
  });
});

describe('deviations', () => {
  test('skipped names the statuses on the shortest allowed way that were jumped over', () => {
    const order = foldOrder(
      JEWELRY,
      facts('INITIATED@1 FILE_UPLOADED@2 MANUFACTURING_APPROVED@3 MANUFACTURING_STARTED@4'),
    );
    expect(order.deviations).toEqual([
      {
        kind: 'skipped',
        status: 'MANUFACTURING_APPROVED',
        fromStatus: 'FILE_UPLOADED',
        skipped: ['SUBMITTED', 'PRICE_CALCULATED'],
        otherStatus: null,
        at: 3n,
        visitIndex: 2,
      },
    ]);
  });

  test('an order that is first seen after the initial status skipped that too', () => {
    expect(deviations(foldOrder(JEWELRY, facts('SUBMITTED@1')))).toEqual([
      ['skipped', 'SUBMITTED', null, ['INITIATED', 'FILE_UPLOADED']],
    ]);
  });

  test('repeated is a return to a visited status by no edge', () => {
    const order = foldOrder(JEWELRY, facts('INITIATED@1 FILE_UPLOADED@2 SUBMITTED@3 FILE_UPLOADED@4 SUBMITTED@5'));
    expect(visits(order)).toBe('INITIATED@1 FILE_UPLOADED@2 SUBMITTED@3 FILE_UPLOADED@4 SUBMITTED@5');
    expect(deviations(order)).toEqual([['repeated', 'FILE_UPLOADED', 'SUBMITTED', []]]);
  });

  test('repeated goes before skipped where a loop would lead round to the visited status', () => {
    const ring = machineOf('A B C D!', 'A>B B>C C>A C>D');
    expect(deviations(foldOrder(ring, facts('A@1 B@2 A@3')))).toEqual([['repeated', 'A', 'B', []]]);
  });

  test('unexpected is a status to which no way leads and that was not visited', () => {
    expect(deviations(foldOrder(WORKSHOP, facts('A@1 B@2 C@3 D@4 E@5')))).toEqual([
      ['skipped', 'E', 'D', ['F', 'B', 'C']],
    ]);
    const branches = machineOf('A B C D!', 'A>B A>C B>D C>D');
    expect(deviations(foldOrder(branches, facts('A@1 B@2 C@3 D@4')))).toEqual([['unexpected', 'C', 'B', []]]);
  });

  test('unknown_status is reported with no system, and checking goes on from the last known status', () => {
    const order = foldOrder(WORKSHOP, facts('A@1 LOST@2 B@3 LOST@4 ODD@5 D@6'));
    expect(deviations(order)).toEqual([
      ['unknown_status', 'LOST', 'A', []],
      ['unknown_status', 'LOST', 'B', []],
      ['unknown_status', 'ODD', 'LOST', []],
      ['skipped', 'D', 'ODD', ['C']],
    ]);
    expect(order.visits[1]).toMatchObject({ status: 'LOST', system: null, dwell: 1n });
  });

  test('an unknown status at the start leaves the initial status in its right', () => {
    expect(deviations(foldOrder(WORKSHOP, facts('LOST@1 A@2 B@3')))).toEqual([['unknown_status', 'LOST', null, []]]);
    expect(deviations(foldOrder(WORKSHOP, facts('LOST@1 B@3')))).toEqual([
      ['unknown_status', 'LOST', null, []],
      ['skipped', 'B', 'LOST', ['A']],
    ]);
  });

  test('left_final is every exit from a final status but by reopening, and the order is open again', () => {
    const order = foldOrder(WORKSHOP, facts('A@1 B@2 C@3 D@4 F@5 C@6'));
    expect(deviations(order)).toEqual([['left_final', 'C', 'F', []]]);
    expect(order).toMatchObject({ status: 'C', closedAt: null });
    expect(deviations(foldOrder(WORKSHOP, facts('A@1 B@2 C@3 D@4 F@5 E@6')))).toEqual([['left_final', 'E', 'F', []]]);
  });

  test('reopening is no deviation, and the order closes again at its last entry into a final status', () => {
    const open = foldOrder(WORKSHOP, facts('A@1 B@2 C@3 D@4 F@5 B@6'));
    expect(open).toMatchObject({ status: 'B', closedAt: null, deviations: [] });
    const closed = foldOrder(WORKSHOP, facts('A@1 B@2 C@3 D@4 F@5 B@6 C@7 E@8 F@9'));
    expect(visits(closed)).toBe('A@1 B@2 C@3 D@4 F@5 B@6 C@7 E@8 F@9');
    expect(closed).toMatchObject({ status: 'F', closedAt: 9n, deviations: [] });
  });

  test('an unknown status after the final one opens the order; the final status after it is repeated, not left', () => {
    expect(foldOrder(WORKSHOP, facts('A@1 B@2 C@3 D@4 F@5 LOST@6'))).toMatchObject({ status: 'LOST', closedAt: null });
    const order = foldOrder(WORKSHOP, facts('A@1 B@2 C@3 D@4 F@5 LOST@6 F@7'));
    expect(deviations(order)).toEqual([
      ['unknown_status', 'LOST', 'F', []],
      ['repeated', 'F', 'LOST', []],
    ]);
    expect(order.closedAt).toBe(7n);
  });
});
