import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketQuantile, explicitBuckets, exponentialBuckets } from './bucket-quantile.ts';
import { type MetricFigures, type MetricKind, type MetricPoint, metricFigures } from './metric-figures.ts';

const EMPTY = { offset: 0, counts: [] };
const START = 1_000;

function point(time: number, extra: Partial<MetricPoint> = {}): MetricPoint {
  return {
    series: 's',
    group: 'g',
    time,
    start: START,
    value: null,
    count: 0,
    sum: null,
    min: null,
    max: null,
    bounds: [],
    bucketCounts: [],
    scale: 0,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: EMPTY,
    negative: EMPTY,
    quantiles: [],
    quantileValues: [],
    ...extra,
  };
}

const COUNTER: MetricKind = { type: 'sum', temporality: 'cumulative', isMonotonic: true };
const HISTOGRAM: MetricKind = { type: 'histogram', temporality: 'cumulative', isMonotonic: false };
/** Nothing of a series before 10 s was read; steps are a second. */
const RANGE = { readFrom: 10_000, since: 20_000, stepMs: 1000 };

function figures(points: readonly MetricPoint[], kind: MetricKind, range = RANGE): MetricFigures[] {
  return metricFigures(points, kind, range).get('g') ?? [];
}

const rates = (points: readonly MetricPoint[]): (number | null)[] => figures(points, COUNTER).map(({ rate }) => rate);

describe('growth of cumulative points', () => {
  it('is the difference to the point before, which may lie before the time asked for', () => {
    expect(rates([point(19_500, { value: 10 }), point(20_500, { value: 13 }), point(21_500, { value: 20 })])).toEqual([
      3, 7,
    ]);
  });

  it('is unknown at the first point of a series that began before what was read', () => {
    expect(rates([point(20_500, { value: 100 }), point(21_500, { value: 101 })])).toEqual([null, 1]);
  });

  it('is all of it where the series began in what was read, began anew, or fell', () => {
    expect(rates([point(20_500, { value: 4, start: 15_000 })])).toEqual([4]);
    expect(rates([point(19_500, { value: 9 }), point(20_500, { value: 30, start: 20_000 })])).toEqual([30]);
    expect(rates([point(19_500, { value: 9 }), point(20_500, { value: 2 })])).toEqual([2]);
  });

  it('adds up to what was counted, however a counter is restarted and its points fall into steps', () => {
    const life = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 5000 }), more: fc.nat(50) }), {
      minLength: 1,
      maxLength: 10,
    });
    fc.assert(
      fc.property(fc.array(life, { maxLength: 4 }), (lives) => {
        const points: MetricPoint[] = [];
        let time = RANGE.since;
        let counted = 0;
        for (const each of lives) {
          const start = time;
          let value = 0;
          for (const { gap, more } of each) {
            time += gap;
            value += more;
            counted += more;
            points.push(point(time, { start, value }));
          }
        }
        const sum = rates(points).reduce<number>((all, rate) => all + (rate ?? 0), 0);
        expect(sum).toBeCloseTo(counted);
      }),
    );
  });
});

describe('distributions', () => {
  it('are taken from what the buckets grew by, over all series of a group', () => {
    const bounds = [10, 20];
    const at = (time: number, series: string, bucketCounts: number[], sum: number): MetricPoint =>
      point(time, { series, bounds, bucketCounts, sum, count: bucketCounts.reduce((all, count) => all + count, 0) });
    const [only] = figures(
      [
        at(19_000, 'a', [5, 0, 0], 25),
        at(19_000, 'b', [0, 0, 7], 700),
        at(20_100, 'a', [5, 4, 0], 85),
        at(20_200, 'b', [6, 0, 7], 730),
      ],
      HISTOGRAM,
    );
    expect(only).toMatchObject({ count: 10, rate: 10, mean: 9, min: null });
    // Six of ten lie in (0, 10], four in (10, 20].
    expect(only?.p50).toBeCloseTo(10 * (5 / 6));
    expect(only?.p95).toBeCloseTo(10 + 10 * (3.5 / 4));
  });

  it('are compared at the coarser scale where a sender changed it', () => {
    const kind: MetricKind = { ...HISTOGRAM, type: 'exponential_histogram' };
    const before = point(19_000, { scale: 1, count: 3, sum: 3, positive: { offset: 2, counts: [1, 1, 1] } });
    // At scale 0, indexes 2 and 3 fall into 1, and 4 into 2; two more observations came to 2.
    const after = point(20_500, { scale: 0, count: 5, sum: 13, positive: { offset: 1, counts: [2, 3] } });
    const [only] = figures([before, after], kind);
    expect(only).toMatchObject({ count: 2, mean: 5, p50: 6 });
  });

  it('are unknown, and cost nothing, where a sender says impossible things', () => {
    const kind: MetricKind = { ...HISTOGRAM, type: 'exponential_histogram' };
    const far = (time: number, offset: number): MetricPoint =>
      point(time, { scale: -(2 ** 31), count: time, sum: Number.MAX_VALUE, positive: { offset, counts: [1] } });
    const [only] = figures([far(19_000, -(2 ** 31)), far(20_500, 2 ** 31 - 1)], kind);
    expect(only?.p50 === null || Number.isFinite(only?.p50)).toBe(true);
    expect(bucketQuantile(explicitBuckets([-Infinity, 1, Infinity], [1, 1, 1, 1]), 0.9)).toBe(1);
  });

  it('know least and greatest of delta points only', () => {
    const [only] = figures([point(20_100, { count: 2, sum: 4, min: 1, max: 3 })], {
      ...HISTOGRAM,
      temporality: 'delta',
    });
    expect(only).toMatchObject({ count: 2, mean: 2, min: 1, max: 3, p50: null });
  });
});

describe('levels', () => {
  it('of a sum that can fall are the last values of its series together', () => {
    const kind: MetricKind = { ...COUNTER, isMonotonic: false };
    const points = [
      point(20_100, { series: 'a', value: 5 }),
      point(20_200, { series: 'b', value: 2 }),
      point(20_300, { series: 'a', value: 3 }),
    ];
    expect(figures(points, kind).map(({ value }) => value)).toEqual([5]);
  });
});

describe('bucketQuantile', () => {
  it('lies within one bucket of the true quantile, whatever the bounds and scale', () => {
    const values = fc.array(fc.double({ min: 0.001, max: 1000, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(
        values,
        fc.integer({ min: 0, max: 5 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (all, scale, quantile) => {
          const sorted = all.toSorted((a, b) => a - b);
          const truth = sorted[Math.ceil(quantile * sorted.length) - 1] ?? 0;
          const bounds = [0.01, 0.1, 1, 10, 100, 1000];
          const counts = bounds.map(
            (bound, at) => all.filter((value) => value <= bound && value > (bounds[at - 1] ?? 0)).length,
          );
          const explicit = bucketQuantile(explicitBuckets(bounds, [...counts, 0]), quantile) ?? -1;
          const bucket = bounds.findIndex((bound) => truth <= bound);
          expect(explicit).toBeGreaterThanOrEqual((bounds[bucket - 1] ?? 0) - 1e-9);
          expect(explicit).toBeLessThanOrEqual((bounds[bucket] ?? 0) + 1e-9);

          const indexes = all.map((value) => Math.ceil(Math.log2(value) * 2 ** scale) - 1);
          const offset = Math.min(...indexes);
          const dense = Array.from({ length: Math.max(...indexes) - offset + 1 }, () => 0);
          for (const index of indexes) dense[index - offset] = (dense[index - offset] ?? 0) + 1;
          const sides = { zeroCount: 0, zeroThreshold: 0, negative: EMPTY };
          const exponential =
            bucketQuantile(exponentialBuckets({ scale, ...sides, positive: { offset, counts: dense } }), quantile) ??
            -1;
          const base = 2 ** (2 ** -scale);
          expect(exponential / truth).toBeGreaterThan(1 / base - 1e-6);
          expect(exponential / truth).toBeLessThan(base + 1e-6);
        },
      ),
    );
  });

  it('does not guess beyond the last bound, and knows nothing of nothing', () => {
    expect(bucketQuantile(explicitBuckets([1, 2], [0, 0, 5]), 0.5)).toBe(2);
    expect(bucketQuantile(explicitBuckets([-5], [3, 0]), 0.5)).toBe(-5);
    expect(bucketQuantile([], 0.5)).toBeNull();
  });

  it('puts negative, zero and positive observations in their order', () => {
    const buckets = exponentialBuckets({
      scale: 0,
      zeroCount: 1,
      zeroThreshold: 0,
      positive: { offset: 0, counts: [1] },
      negative: { offset: 0, counts: [1] },
    });
    expect(bucketQuantile(buckets, 0.5)).toBe(0);
    expect(bucketQuantile(buckets, 0.1)).toBeLessThan(-1);
    expect(bucketQuantile(buckets, 0.9)).toBeGreaterThan(1);
  });
});
