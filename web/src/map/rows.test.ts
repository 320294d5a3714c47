import { describe, expect, it } from 'vitest';
import type { Statuses } from '../../../src/api/contract/index.ts';
import { targetHealth } from './health.ts';
import type { MapLayout } from './layout.ts';
import { drawnEdges, overTargetNow, statusRows } from './rows.ts';

const label = { ru: '', en: '' };
const figures = (status: string, targetMs: number | null, p95Ms: number | null, overTarget: number) => ({
  status,
  system: 'shop',
  label,
  targetMs,
  final: false,
  completed: { count: 1, meanMs: null, medianMs: null, p95Ms },
  estimated: { meanMs: null, medianMs: null, p95Ms: null, p95LowMs: null, p95HighMs: null, p95AtLeastMs: null },
  open: { count: 1, p50AgeMs: null, p95AgeMs: null, maxAgeMs: null, overTarget },
});
const statuses: Statuses = {
  lifecycle: { name: 'jewelry', version: '1' },
  quantile: 'type7',
  exact: true,
  statuses: [figures('A', 100, 250, 2), figures('B', 100, null, 1), figures('C', null, 10, 0)],
  edges: [],
  orders: { total: 3, open: 3, closed: 0, deviating: 0 },
};
const rect = { x: 0, y: 0, width: 10, height: 10 };
const layout: MapLayout = {
  orientation: 'rows',
  width: 100,
  height: 100,
  lanes: [],
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
