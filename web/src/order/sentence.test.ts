import { describe, expect, it } from 'vitest';
import type { OrderTrace } from '../../../src/api/contract/index.ts';
import { orderFacts, type SentenceOrder } from './sentence.ts';

const trace = (startedAt: string, errorCount: number): OrderTrace => ({
  traceId: 'a'.repeat(32),
  rootService: 'mes-api',
  rootName: 'price',
  startedAt,
  durationMs: 1,
  spanCount: 1,
  errorCount,
  services: [],
});
const waiting: SentenceOrder = {
  status: 'SUBMITTED',
  since: '2026-11-22T12:00:00Z',
  openedAt: '2026-11-22T11:00:00Z',
  closedAt: null,
  deviations: [],
  traces: [],
};
const label = { ru: '', en: '' };
const lifecycle = {
  name: 'jewelry',
  version: '1',
  label,
  initial: 'SUBMITTED',
  systems: [],
  statuses: [{ id: 'SUBMITTED', system: 'shop', label, targetMs: 300_000, final: false }],
  transitions: [],
};
const now = Date.UTC(2026, 10, 22, 12, 10);

describe('orderFacts', () => {
  it('counts the time in the status and past its target', () => {
    expect(orderFacts(waiting, lifecycle, now)).toMatchObject({ kind: 'waiting', ageMs: 600_000, overMs: 300_000 });
  });

  it('names the last work as failed only when the newest trace has errors', () => {
    const early = trace('2026-11-22T12:01:00Z', 1);
    const late = trace('2026-11-22T12:02:00Z', 0);
    expect(orderFacts({ ...waiting, traces: [late, early] }, lifecycle, now)).toMatchObject({
      lastFailed: undefined,
      failedTraces: 1,
    });
    expect(orderFacts({ ...waiting, traces: [early] }, lifecycle, now).lastFailed).toBe(early);
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
