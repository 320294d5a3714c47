import { describe, expect, it } from 'vitest';
import type { Metric } from '../../../src/api/contract/index.ts';
import { linesOf, unitOf } from './chart-data.ts';

const EMPTY = {
  value: null,
  min: null,
  max: null,
  rate: null,
  count: null,
  mean: null,
  p50: null,
  p95: null,
  quantiles: [],
};

function metric(figure: Metric['figure'], groups: Metric['groups']): Metric {
  return {
    name: 'm',
    type: 'histogram',
    unit: 'ms',
    description: '',
    temporality: 'delta',
    figure,
    since: '2026-01-01T00:00:00Z',
    until: '2026-01-01T00:00:30Z',
    stepMs: 10_000,
    groups,
    groupsLeftOut: 0,
    truncated: false,
    exemplars: [],
  };
}

describe('lines of a metric', () => {
  it('have a row for every step, and gaps where nothing was measured', () => {
    const points = [{ ...EMPTY, at: '2026-01-01T00:00:10Z', p95: 7, rate: 2 }];
    const found = linesOf(metric('distribution', [{ group: 'shop', points }]), 'p95');
    expect(found.names).toEqual(['shop']);
    expect(found.rows.map((row) => row['shop'])).toEqual([null, 7, null]);
  });

  it('are one for each quantile of a summary', () => {
    const quantiles = [
      { quantile: 0.5, value: 1 },
      { quantile: 0.99, value: 9 },
    ];
    const points = [{ ...EMPTY, at: '2026-01-01T00:00:00Z', quantiles }];
    expect(linesOf(metric('quantiles', [{ group: 'a', points }]), 'p95').names).toEqual(['a · 0.5', 'a · 0.99']);
  });

  it('carry units as people write them', () => {
    expect(unitOf({ unit: '{order}', figure: 'rate' }, 'p95')).toBe('order/s');
    expect(unitOf({ unit: '1', figure: 'rate' }, 'p95')).toBe('1/s');
    expect(unitOf({ unit: 'By', figure: 'level' }, 'p95')).toBe('B');
    expect(unitOf({ unit: 'ms', figure: 'distribution' }, 'p95')).toBe('ms');
    expect(unitOf({ unit: 'ms', figure: 'distribution' }, 'rate')).toBe('1/s');
  });
});
