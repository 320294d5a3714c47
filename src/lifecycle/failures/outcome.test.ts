import { describe, expect, test } from 'vitest';
import type { StatusFact, Visit } from '../../model/order.ts';
import { foldOrder } from '../fold.ts';
import { compileMachine, type Machine } from '../machine.ts';
import { machineOf } from '../testing/reference-machines.ts';
import { WORKSHOP } from '../testing/region-lifecycles.ts';
import { placeFailure } from './outcome.ts';

/** `A@1 B@2`: visits by status and entry. */
function visitsOf(machine: Machine, text: string): readonly Visit[] {
  const facts = text.split(' ').map((each): StatusFact => {
    const [status = '', at = ''] = each.split('@');
    return {
      order: { kind: 'trace' },
      status,
      occurredAt: BigInt(at),
      observedAt: BigInt(at),
      source: 'one',
      evidenceKind: 'api',
      evidenceId: each,
      sequence: 0,
      traceId: null,
      spanId: null,
    };
  });
  return foldOrder(machine, facts).visits;
}

describe('the place of a failure', () => {
  test('is the status of the order then, and the first status further on ends it; a way back does not', () => {
    const machine = machineOf('A B C!', 'A>B B>A B>C');
    const visits = visitsOf(machine, 'A@1 B@3 A@5 B@7 C@9');
    expect(placeFailure(machine, visits, 0n)).toEqual({ status: null, movedOnAt: 1n });
    expect(placeFailure(machine, visits, 2n)).toEqual({ status: 'A', movedOnAt: 3n });
    expect(placeFailure(machine, visits, 4n)).toEqual({ status: 'B', movedOnAt: 9n });
    expect(placeFailure(machine, visits, 9n)).toEqual({ status: 'C', movedOnAt: null });
  });

  test('with regions, each is further on by its own way only', () => {
    const machine = compileMachine(WORKSHOP);
    const visits = visitsOf(machine, 'TAKEN@1 MADE@2 PACKED@3 CHECKED@7 SENT@9');
    expect(placeFailure(machine, visits, 4n)).toEqual({ status: 'PACKED', movedOnAt: 7n });
    expect(placeFailure(machine, visits, 8n)).toEqual({ status: 'PACKED', movedOnAt: 9n });
  });
});
