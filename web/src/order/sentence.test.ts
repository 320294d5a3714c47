import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/api/contract/index.ts';
import { orderFacts, type SentenceOrder } from './sentence.ts';

const failed = (outcome: Failure['outcome']): Failure => ({
  at: '2026-11-22T12:01:00Z',
  class: 'timeout',
  service: 'mes-api',
  operation: 'GET',
  status: 'SUBMITTED',
  movedOnAt: null,
  outcome,
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
});
const waiting: SentenceOrder = {
  status: 'SUBMITTED',
  since: '2026-11-22T12:00:00Z',
  current: [{ region: null, status: 'SUBMITTED', since: '2026-11-22T12:00:00Z' }],
  openedAt: '2026-11-22T11:00:00Z',
  closedAt: null,
  deviations: [],
  failures: [],
  failuresLeftOut: 0,
};
const label = { ru: '', en: '' };
const lifecycle = {
  name: 'jewelry',
  version: '1',
  label,
  calendar: null,
  initial: 'SUBMITTED',
  targetMs: null,
  regions: [],
  systems: [],
  statuses: [{ id: 'SUBMITTED', system: 'shop', region: null, label, targetMs: 300_000, final: false }],
  transitions: [],
};
const now = Date.UTC(2026, 10, 22, 12, 10);

describe('orderFacts', () => {
  it('counts the time in the status and past its target', () => {
    expect(orderFacts(waiting, lifecycle, now)).toMatchObject({ kind: 'waiting', ageMs: 600_000, overMs: 300_000 });
  });

  it('names where other regions wait, but not where they are done', () => {
    const since = '2026-11-22T12:00:00Z';
    const statuses = ['SUBMITTED', 'BILLED', 'MADE'].map((id) => ({
      id,
      system: 'shop',
      region: id,
      label,
      targetMs: null,
      final: id === 'MADE',
    }));
    const current = statuses.map(({ id }) => ({ region: id, status: id, since }));
    expect(orderFacts({ ...waiting, current }, { ...lifecycle, statuses }, now).also).toEqual(['BILLED']);
    expect(orderFacts({ ...waiting, current, closedAt: since }, { ...lifecycle, statuses }, now).also).toEqual([]);
  });

  it.each(['pending', 'failed'] as const)('names the last work as failed while its outcome is "%s"', (outcome) => {
    const last = failed(outcome);
    const facts = orderFacts({ ...waiting, failures: [failed('overcome'), last] }, lifecycle, now);
    expect(facts).toMatchObject({ lastFailed: last, leftBehind: undefined });
  });

  it('counts the failures that the order left behind, also those that are not listed', () => {
    const order = { ...waiting, failures: [failed('overcome'), failed('overcome')], failuresLeftOut: 3 };
    expect(orderFacts(order, lifecycle, now)).toMatchObject({
      lastFailed: undefined,
      leftBehind: { count: 5, how: 'overcome' },
    });
  });

  it('says that the order recovered when it moved on too late after one of them', () => {
    const order = { ...waiting, failures: [failed('recovered'), failed('overcome')] };
    expect(orderFacts(order, lifecycle, now).leftBehind).toEqual({ count: 2, how: 'recovered' });
    expect(orderFacts(waiting, lifecycle, now).leftBehind).toBeUndefined();
  });

  it('measures a closed order from opening to closing', () => {
    const closed = { ...waiting, closedAt: '2026-11-22T12:05:00Z' };
    expect(orderFacts(closed, lifecycle, now)).toMatchObject({ kind: 'closed', lengthMs: 65 * 60_000 });
  });

  it('says when no status is known', () => {
    const unknown = { ...waiting, status: null, since: null, openedAt: null };
    expect(orderFacts(unknown, lifecycle, now)).toMatchObject({ kind: 'unknown', ageMs: 0 });
  });

  it('does not go below zero when the clock of the sender is ahead', () => {
    expect(orderFacts({ ...waiting, since: '2026-11-22T13:00:00Z' }, lifecycle, now).ageMs).toBe(0);
  });
});
