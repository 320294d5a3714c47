import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WaybillError } from '../../model/errors.ts';
import { countedQuantile, mean, meanNano, quantile, quantileNano } from './quantile.ts';

describe('quantile', () => {
  test('interpolates linearly between the neighbours of rank p(n − 1), as R does by default', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 4], 0.95)).toBeCloseTo(3.85, 12);
    expect(quantile([15, 20, 35, 40, 50], 0.4)).toBeCloseTo(29, 12);
    expect(quantile([7], 0.95)).toBe(7);
    expect(quantile([], 0.5)).toBeNull();
  });

  test('is the smallest and the largest value at the ends', () => {
    expect(quantile([1, 2, 9], 0)).toBe(1);
    expect(quantile([1, 2, 9], 1)).toBe(9);
  });

  test('refuses what is not a probability', () => {
    for (const probability of [-0.1, 1.1, 95, Number.NaN]) {
      expect(() => quantile([1], probability)).toThrow(WaybillError);
    }
  });

  test('of nanoseconds is exact where doubles are not', () => {
    const base = 2n ** 62n;
    expect(quantileNano([base, base + 1n, base + 3n], 0.75)).toBe(base + 2n);
    expect(quantileNano(BigInt64Array.from([base, base + 4n]), 0.5)).toBe(base + 2n);
    expect(quantileNano([-5n, -1n], 0.25)).toBe(-4n);
    expect(quantileNano([], 0.5)).toBeNull();
  });

  test('of counted values is that of the values laid out', () => {
    const groups = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { maxLength: 12 });
    const counts = fc.array(fc.nat({ max: 4 }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(groups, counts, fc.double({ min: 0, max: 1, noNaN: true }), (values, times, probability) => {
        const sorted = values.toSorted((a, b) => a - b);
        const laidOut = sorted.flatMap((value, index) => Array.from({ length: times[index] ?? 0 }, () => value));
        expect(countedQuantile(sorted, times, probability)).toBe(quantile(laidOut, probability));
      }),
    );
  });
});

describe('mean', () => {
  test('keeps small values beside large ones', () => {
    expect(mean([1e16, 1, -1e16, 1])).toBe(0.5);
    expect(mean([])).toBeNull();
  });

  test('of nanoseconds is exact and rounds halves up', () => {
    expect(meanNano([2n ** 62n, 2n ** 62n + 2n])).toBe(2n ** 62n + 1n);
    expect(meanNano([1n, 2n])).toBe(2n);
    expect(meanNano([-1n, -2n])).toBe(-1n);
    expect(meanNano([-1n, -1n, -3n])).toBe(-2n);
    expect(meanNano([])).toBeNull();
  });
});
