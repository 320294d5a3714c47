import { describe, expect, it } from 'vitest';
import type { Failures, Statuses } from '../../../src/api/contract/index.ts';
import { targetHealth } from './health.ts';
import type { MapLayout } from './layout.ts';
import { drawnEdges, overTargetNow, statusRow, statusRows } from './rows.ts';

const label = { ru: '', en: '' };
const figures = (status: string, targetMs: number | null, p95Ms: number | null, overTarget: number) => ({
  status,
  system: 'shop',
  label,
  targetMs,
  final: false,
  completed: { count: 1, meanMs: null, medianMs: null, p95Ms: 1 },
  estimated: { meanMs: null, medianMs: null, p95Ms, p95LowMs: p95Ms, p95HighMs: null, p95AtLeastMs: null },
  open: { count: 1, p50AgeMs: null, p95AgeMs: null, maxAgeMs: null, overTarget },
  deadLetterOrders: 0,
  clockAnomalies: 0,
  breakdown: null,
});
const statuses: Statuses = {
  lifecycle: { name: 'jewelry', version: '1' },
  quantile: 'type7',
  time: 'wall',
  exact: true,
  statuses: [figures('A', 100, 250, 2), figures('B', 100, null, 1), figures('C', null, 10, 0)],
  edges: [],
  leadTime: {
    completed: { count: 0, meanMs: null, medianMs: null, p95Ms: null },
    estimated: { meanMs: null, medianMs: null, p95Ms: null, p95LowMs: null, p95HighMs: null, p95AtLeastMs: null },
    outcomes: [],
    targetMs: null,
  },
  orders: { total: 3, open: 3, closed: 0, deviating: 0 },
};
const rect = { x: 0, y: 0, width: 10, height: 10 };
const layout: MapLayout = {
  orientation: 'rows',
  width: 100,
  height: 100,
  lanes: [],
  regions: [],
  nodes: new Map([
    ['A', rect],
    ['B', { ...rect, x: 50 }],
  ]),
};

describe('targetHealth', () => {
  it.each([
    [50, 100, 'ok'],
    [80, 100, 'near'],
    [100, 100, 'near'],
    [101, 100, 'over'],
    [null, 100, 'noData'],
    [50, null, 'none'],
  ] as const)('judges p95 %s against target %s as %s', (p95, target, health) => {
    expect(targetHealth(p95, target)).toBe(health);
  });
});

describe('statusRows', () => {
  it('gives the share of the target only where both are known', () => {
    expect(statusRows(statuses).map((row) => row.share)).toEqual([2.5, null, null]);
  });

  it('gives a lower bound of the share where only a lower bound of the p95 is known', () => {
    const known = figures('D', 100, null, 0);
    const bound = { ...known, estimated: { ...known.estimated, p95AtLeastMs: 150 } };
    expect(statusRow(bound, null)).toMatchObject({ share: 1.5, interval: null, health: 'over' });
  });

  it('gives the interval of the share, open above while no upper bound is known', () => {
    expect(statusRows(statuses)[0]?.interval).toEqual({ low: 2.5, high: null });
  });

  it('adds up the failures of a status over all groups, and knows none without an answer', () => {
    const group = (status: string | null, count: number): Failures['groups'][number] => ({
      class: 'timeout',
      status,
      service: 'mes-api',
      operation: 'GET',
      failures: count,
      orders: 1,
      failedOrders: 0,
      recoveredOrders: 0,
      lastAt: '2026-11-22T12:00:00Z',
      example: { orderId: 'A', traceId: 'a'.repeat(32), spanId: 'a'.repeat(16) },
    });
    const failures: Failures = {
      since: '2026-11-22T00:00:00Z',
      recoveryTimeMs: 1,
      totals: [],
      groups: [group('A', 2), group('A', 1), group(null, 5)],
      series: { bucketMs: 1, points: [] },
    };
    expect(statusRows(statuses, failures).map((row) => row.failures)).toEqual([3, 0, 0]);
    expect(statusRows(statuses).map((row) => row.failures)).toEqual([null, null, null]);
  });
});

describe('overTargetNow', () => {
  it('adds up the open visits over their target', () => {
    expect(overTargetNow(statuses)).toBe(3);
  });
});

describe('drawnEdges', () => {
  it('leaves out starts and unknown places, and keeps edges of the lifecycle without traffic', () => {
    const edges = [
      { from: null, to: 'A', count: 3, allowed: true },
      { from: 'A', to: 'X', count: 1, allowed: false },
    ];
    const drawn = drawnEdges(layout, edges, [{ from: 'A', to: 'B' }]);
    expect(drawn.map((edge) => [edge.figures.from, edge.figures.to, edge.figures.count])).toEqual([['A', 'B', 0]]);
  });
});
