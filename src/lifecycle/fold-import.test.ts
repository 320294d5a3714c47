import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { StatusFact } from '../model/order.ts';
import { foldOrder } from './fold.ts';
import { compileMachine } from './machine.ts';
import { requireLifecycle } from './parse.ts';

const machine = compileMachine(
  requireLifecycle(
    readFileSync(new URL('../../examples/jewelry/lifecycle.yaml', import.meta.url), 'utf8'),
    'lifecycle.yaml',
  ),
);

function event(status: string, at: number, sequence: number, changes: Partial<StatusFact> = {}): StatusFact {
  return {
    order: { kind: 'order', orderId: 'o-1' },
    status,
    occurredAt: BigInt(at),
    observedAt: 0n,
    source: 'log',
    evidenceKind: 'import',
    evidenceId: `log/${sequence}`,
    sequence,
    traceId: null,
    spanId: null,
    ...changes,
  };
}

describe('events of an imported log', () => {
  it('keep the order of the log on equal time, also against the machine', () => {
    const order = foldOrder(machine, [
      event('SUBMITTED', 5, 1),
      event('INITIATED', 5, 0),
      event('FILE_UPLOADED', 5, 2),
    ]);
    expect(order.visits.map(({ status }) => status)).toEqual(['INITIATED', 'SUBMITTED', 'FILE_UPLOADED']);
  });

  it('are entries each, so that an activity twice in a row is two visits and deviates without a self-edge', () => {
    const order = foldOrder(machine, [
      event('INITIATED', 1, 0),
      event('INITIATED', 4, 1),
      event('FILE_UPLOADED', 9, 2),
    ]);
    expect(order.visits.map(({ status, dwell }) => [status, dwell])).toEqual([
      ['INITIATED', 3n],
      ['INITIATED', 5n],
      ['FILE_UPLOADED', null],
    ]);
    expect(order.deviations.map(({ kind }) => kind)).toEqual(['repeated']);
  });

  it('count once however often they are imported', () => {
    const events = [event('INITIATED', 1, 0), event('INITIATED', 4, 1)];
    expect(foldOrder(machine, [...events, ...events])).toEqual(foldOrder(machine, events));
  });

  it('are one visit together with what a service reported of the same entry', () => {
    const span = event('INITIATED', 2, 0, { evidenceKind: 'span_event', source: 'shop-api', evidenceId: 'span' });
    const order = foldOrder(machine, [event('INITIATED', 1, 0), span]);
    expect(order.visits.map(({ evidence }) => evidence.length)).toEqual([2]);
  });
});
