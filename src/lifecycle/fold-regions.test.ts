import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { EvidenceKind, FoldedOrder, StatusFact } from '../model/order.ts';
import { MAX_CLOCK_ANOMALIES } from './clock-anomalies.ts';
import type { Lifecycle } from './definition.ts';
import { foldOrder } from './fold.ts';
import { compileMachine } from './machine.ts';
import { requireLifecycle } from './parse.ts';
import { machineOf } from './testing/reference-machines.ts';
import { regionsOf, WORKSHOP } from './testing/region-lifecycles.ts';

const MACHINE = compileMachine(WORKSHOP);

const JEWELRY = requireLifecycle(
  readFileSync(new URL('../../examples/jewelry/lifecycle.yaml', import.meta.url), 'utf8'),
  'lifecycle.yaml',
);

/** `A@1 B@2/crm-api`: status, time and source (default one that no system lists). */
function facts(text: string, changes: Partial<StatusFact> = {}): StatusFact[] {
  return text.split(' ').map((each) => {
    const [status = '', at = '', source = 'unlisted'] = each.split(/[@/]/);
    return {
      order: { kind: 'trace' },
      status,
      occurredAt: BigInt(at),
      observedAt: BigInt(at) + 5n,
      source,
      evidenceKind: 'span_event',
      evidenceId: each,
      sequence: 0,
      traceId: null,
      spanId: null,
      ...changes,
    };
  });
}

function kinds({ deviations }: FoldedOrder): [string, string, string | null, string | null][] {
  return deviations.map(({ kind, status, fromStatus, otherStatus }) => [kind, status, fromStatus, otherStatus]);
}

describe('the visits of parallel regions', () => {
  test('are listed by entry, and each ends where the next of its region begins', () => {
    const order = foldOrder(MACHINE, facts('TAKEN@1 MADE@2 PACKED@3 CHECKED@5 SENT@6'));
    expect(order.visits.map(({ status, region, from, leftAt }) => [status, region, from, leftAt])).toEqual([
      ['TAKEN', 'make', null, 2n],
      ['MADE', 'make', 'TAKEN', 5n],
      ['PACKED', 'send', null, 6n],
      ['CHECKED', 'make', 'MADE', null],
      ['SENT', 'send', 'PACKED', null],
    ]);
    expect(order.deviations).toEqual([]);
  });

  test('make the order complete when every region that is required is final, at the last of these entries', () => {
    expect(foldOrder(MACHINE, facts('TAKEN@1 MADE@2 PACKED@3 CHECKED@5'))).toMatchObject({ closedAt: null });
    expect(foldOrder(MACHINE, facts('TAKEN@1 MADE@2 CHECKED@5'))).toMatchObject({ closedAt: null, status: 'CHECKED' });
    expect(foldOrder(MACHINE, facts('TAKEN@1 MADE@2 PACKED@3 CHECKED@5 SENT@6'))).toMatchObject({
      closedAt: 6n,
      status: 'SENT',
      since: 6n,
    });
  });

  test('of an optional region that has begun hold the order open until it is final', () => {
    const open = foldOrder(MACHINE, facts('TAKEN@1 MADE@2 PACKED@3 ASKED@4 CHECKED@5 SENT@6'));
    expect(open).toMatchObject({ closedAt: null, status: 'ASKED', since: 4n });
    const closed = foldOrder(MACHINE, facts('TAKEN@1 MADE@2 PACKED@3 ASKED@4 CHECKED@5 SENT@6 ENGRAVED@9'));
    expect(closed).toMatchObject({ closedAt: 9n, status: 'ENGRAVED', deviations: [] });
  });

  test('give the current status of each region in the order of the definition, and one of those not final for the whole', () => {
    const order = foldOrder(MACHINE, facts('TAKEN@1 MADE@2 PACKED@3 CHECKED@5'));
    expect(order.current).toEqual([
      { region: 'make', status: 'CHECKED', since: 5n },
      { region: 'send', status: 'PACKED', since: 3n },
    ]);
    expect(order).toMatchObject({ status: 'PACKED', since: 3n });
  });

  test('that the lifecycle does not know belong to the region of the reporting system, else to the first', () => {
    const order = foldOrder(
      MACHINE,
      facts('TAKEN@1/make-api MADE@2/make-api LOST@3/send-api ODD@4/bank LOST@5/engrave-api'),
    );
    expect(order.visits.map(({ status, region }) => [status, region])).toEqual([
      ['TAKEN', 'make'],
      ['MADE', 'make'],
      ['LOST', 'send'],
      ['ODD', 'make'],
      ['LOST', 'engrave'],
    ]);
    expect(order.visits[1]?.leftAt).toBe(4n);
  });
});

describe('deviations across regions', () => {
  test('out_of_step is a move before another region is where the move requires it, and names where that is', () => {
    expect(kinds(foldOrder(MACHINE, facts('TAKEN@1 MADE@2 PACKED@3 SENT@4 CHECKED@5')))).toEqual([
      ['out_of_step', 'SENT', 'PACKED', 'MADE'],
    ]);
  });

  test('out_of_step is a region that begins too early or too late', () => {
    expect(kinds(foldOrder(MACHINE, facts('PACKED@1 TAKEN@2 MADE@3')))).toEqual([
      ['out_of_step', 'PACKED', null, null],
    ]);
    expect(kinds(foldOrder(MACHINE, facts('TAKEN@1 MADE@2 CHECKED@3 ASKED@4')))).toEqual([
      ['out_of_step', 'ASKED', null, 'CHECKED'],
    ]);
  });

  test('moves of the same moment get the benefit of the doubt', () => {
    expect(kinds(foldOrder(MACHINE, facts('TAKEN@1 MADE@2 PACKED@3 SENT@5 CHECKED@5')))).toEqual([]);
    expect(kinds(foldOrder(MACHINE, facts('TAKEN@1 MADE@2 CHECKED@5 ASKED@5')))).toEqual([]);
  });

  test('what is wrong within the region is named before the guard is asked', () => {
    expect(kinds(foldOrder(MACHINE, facts('TAKEN@1 SENT@2')))).toEqual([['skipped', 'SENT', null, null]]);
    expect(kinds(foldOrder(MACHINE, facts('TAKEN@1 MADE@2 PACKED@3 LOST@4/make-api CHECKED@5 SENT@6')))).toEqual([
      ['unknown_status', 'LOST', 'MADE', null],
    ]);
  });

  test('every region named must be where it is required, in any of the statuses listed for it', () => {
    const machine = compileMachine(
      regionsOf(['a: A1 A2 A3!', 'b: B1 B2!', 'c: C1 C2!'], ['A1>A2', 'A2>A3', 'B1>B2', 'C1>C2[A2 A3 B2]']),
    );
    expect(kinds(foldOrder(machine, facts('A1@1 B1@2 C1@3 A2@4 C2@5')))).toEqual([['out_of_step', 'C2', 'C1', 'B1']]);
    expect(kinds(foldOrder(machine, facts('A1@1 B1@2 C1@3 A2@4 A3@5 B2@6 C2@7')))).toEqual([]);
  });
});

describe('wrong_order', () => {
  const row = machineOf('A B C D!', 'A>B B>C C>D');

  test('is the first entry into a status that lies behind on the allowed way', () => {
    const found = kinds(foldOrder(row, facts('A@1 C@2 B@3 C@4 D@5')));
    expect(found).toEqual([
      ['skipped', 'C', 'A', null],
      ['wrong_order', 'B', 'C', null],
    ]);
  });

  test('is repeated where the status was visited, and unexpected where no way leads either way', () => {
    expect(kinds(foldOrder(row, facts('A@1 B@2 A@3')))).toEqual([['repeated', 'A', 'B', null]]);
    const branches = machineOf('A B C D!', 'A>B A>C B>D C>D');
    expect(kinds(foldOrder(branches, facts('A@1 B@2 C@3 D@4')))).toEqual([['unexpected', 'C', 'B', null]]);
  });
});

describe('wrong_system', () => {
  const machine = compileMachine(JEWELRY);
  const way = 'INITIATED@1/shop-api FILE_UPLOADED@2/shop-api SUBMITTED@3/shop-api PRICE_CALCULATED@4';

  test('is a visit that only services of other systems reported', () => {
    expect(kinds(foldOrder(machine, facts(`${way}/crm-api`)))).toEqual([
      ['wrong_system', 'PRICE_CALCULATED', 'SUBMITTED', null],
    ]);
  });

  test('is none where the owner witnesses it too, however late, or a service that no system lists', () => {
    expect(kinds(foldOrder(machine, facts(`${way}/crm-api PRICE_CALCULATED@9/mes-api`)))).toEqual([]);
    expect(kinds(foldOrder(machine, facts(`${way}/bank`)))).toEqual([]);
  });

  test.each<EvidenceKind>(['api', 'import', 'message'])('is none for evidence of kind %s', (evidenceKind) => {
    expect(kinds(foldOrder(machine, facts(`${way}/crm-api`, { evidenceKind })))).toEqual([]);
  });

  test('is none where the status says that the system may report it, or the service belongs to several', () => {
    const reported = JEWELRY.statuses.map((status) => ({ ...status, reportedBy: ['crm'] }));
    expect(kinds(foldOrder(compileMachine({ ...JEWELRY, statuses: reported }), facts(`${way}/crm-api`)))).toEqual([]);
    const shared: Lifecycle = {
      ...JEWELRY,
      systems: JEWELRY.systems.map((each) => ({ ...each, services: [...each.services, 'gateway'] })),
    };
    expect(kinds(foldOrder(compileMachine(shared), facts(`${way}/gateway`)))).toEqual([]);
  });

  test('stands behind another deviation of the same visit', () => {
    expect(kinds(foldOrder(machine, facts('INITIATED@1/shop-api SUBMITTED@2/mes-api')))).toEqual([
      ['skipped', 'SUBMITTED', 'INITIATED', null],
      ['wrong_system', 'SUBMITTED', 'INITIATED', null],
    ]);
  });

  test('does not occur in the demo: each of its services reports the statuses of its own system', () => {
    const all = JEWELRY.statuses.map(({ id, system }, index) => `${id}@${index}/${system}-api`).join(' ');
    expect(foldOrder(machine, facts(all))).toMatchObject({ status: 'CLOSED', closedAt: 9n, deviations: [] });
  });
});

describe('clock anomalies', () => {
  const SECOND = 1_000_000_000n;
  const machine = machineOf('A B C D!', 'A>B B>C B>B C>D');
  const fact = (status: string, occurred: number, observed: number, source = 's'): StatusFact[] =>
    facts(`${status}@0/${source}`, {
      occurredAt: BigInt(occurred) * SECOND,
      observedAt: BigInt(observed) * SECOND,
      evidenceId: `${status}/${source}/${occurred}`,
    });

  test('a report from the future counts, by the witness that is furthest ahead, from more than a second on', () => {
    const order = foldOrder(machine, [...fact('A', 10, 9), ...fact('B', 20, 15, 'x'), ...fact('B', 21, 14, 'y')]);
    expect(order.clockAnomalies).toEqual([{ kind: 'future', visitIndex: 1, skewNano: 7n * SECOND, source: 'y' }]);
    expect(order.visits.map(({ enteredAt }) => enteredAt)).toEqual([10n * SECOND, 20n * SECOND]);
  });

  test('a status that came late by our clock too is wrong, but no anomaly', () => {
    const order = foldOrder(machine, [...fact('A', 1, 2), ...fact('C', 5, 6), ...fact('B', 9, 10)]);
    expect(kinds(order).map(([kind]) => kind)).toEqual(['skipped', 'wrong_order']);
    expect(order.clockAnomalies).toEqual([]);
  });

  test('an inversion names the visit that came too early and who reported it', () => {
    const order = foldOrder(machine, [...fact('A', 100, 101), ...fact('B', 110, 111), ...fact('C', 104, 112, 'slow')]);
    expect(order.visits.map(({ status }) => status)).toEqual(['A', 'C', 'B']);
    expect(order.clockAnomalies).toEqual([{ kind: 'inverted', visitIndex: 1, skewNano: 6n * SECOND, source: 'slow' }]);
    expect(kinds(order).map(([kind]) => kind)).toEqual(['skipped', 'wrong_order']);
  });

  test('imported events and statuses without one order are no inversion', () => {
    const imported = [...fact('B', 110, 111), ...fact('C', 104, 112)].map(
      (each): StatusFact => ({ ...each, evidenceKind: 'import' }),
    );
    expect(foldOrder(machine, imported).clockAnomalies).toEqual([]);
    const loop = machineOf('A B C!', 'A>B B>A B>C');
    expect(foldOrder(loop, [...fact('A', 5, 6), ...fact('B', 4, 7)]).clockAnomalies).toEqual([]);
  });

  test('at most the first hundred are kept', () => {
    const many = Array.from({ length: 150 }, (_, index) => fact('B', 1_000 + index, index)).flat();
    expect(foldOrder(machine, many).clockAnomalies).toHaveLength(MAX_CLOCK_ANOMALIES);
  });
});
