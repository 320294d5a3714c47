import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Histogram } from './histogram.ts';

it('gives percentiles that are right to one percent', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.01, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
      fc.constantFrom(0.5, 0.95, 0.99, 1),
      (values, share) => {
        const histogram = new Histogram();
        for (const value of values) histogram.add(value);
        const exact = values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? 0;
        const given = histogram.quantile(share) ?? 0;
        expect(given).toBeGreaterThanOrEqual(exact * 0.999);
        expect(given).toBeLessThanOrEqual(exact * 1.011);
      },
    ),
  );
});

it('has no percentiles of nothing', () => {
  expect(new Histogram().latency()).toEqual({ p50: null, p95: null, p99: null, p999: null, max: null });
});
