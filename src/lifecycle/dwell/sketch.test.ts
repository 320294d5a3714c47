import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WaybillError } from '../../model/errors.ts';
import { kaplanMeier, survivalQuantile } from './kaplan-meier.ts';
import { quantile } from './quantile.ts';
import {
  binOf,
  DwellSketch,
  LARGEST,
  LAST_BIN,
  RELATIVE_ERROR,
  SMALLEST,
  sketchedKaplanMeier,
  sketchedQuantile,
  valueOf,
} from './sketch.ts';

function sketchOf(values: readonly number[]): DwellSketch {
  const sketch = new DwellSketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

/** Dwells over many orders of magnitude, with zeros. */
const dwell = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 1_000 }),
  fc.double({ min: -14, max: 20, noNaN: true }).map((exponent) => 10 ** exponent),
);

/** The stated error, with room for the rounding of doubles. */
const ERROR = RELATIVE_ERROR * (1 + 1e-9);

describe('a bin', () => {
  test('stands for its values to within 1 %, and orders as they do', () => {
    fc.assert(
      fc.property(dwell, dwell, (a, b) => {
        expect(Math.abs(valueOf(binOf(a)) - a)).toBeLessThanOrEqual(ERROR * a);
        expect(Math.sign(binOf(a) - binOf(b)) * Math.sign(a - b)).toBeGreaterThanOrEqual(0);
        expect(binOf(-a)).toBe(0 - binOf(a));
      }),
    );
  });

  test('holds the ends of the range', () => {
    expect(binOf(SMALLEST)).toBe(1);
    expect(binOf(SMALLEST / 2)).toBe(0);
    expect(binOf(LARGEST)).toBe(LAST_BIN);
    expect(binOf(Number.POSITIVE_INFINITY)).toBe(LAST_BIN);
  });
});

describe('DwellSketch', () => {
  test('answers type 7 quantiles to within 1 %', () => {
    fc.assert(
      fc.property(
        fc.array(dwell, { minLength: 1, maxLength: 100 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, probability) => {
          const exact =
            quantile(
              values.toSorted((a, b) => a - b),
              probability,
            ) ?? 0;
          const found = sketchOf(values).quantile(probability) ?? Number.NaN;
          // Below SMALLEST everything counts as 0, and doubles have few digits there.
          expect(Math.abs(found - exact)).toBeLessThanOrEqual(ERROR * exact + SMALLEST);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('merges exactly, in any grouping and order', () => {
    const list = fc.array(
      fc.oneof(
        dwell,
        dwell.map((value) => -value),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(list, list, list, (a, b, c) => {
        const [x, y, z] = [sketchOf(a), sketchOf(b), sketchOf(c)];
        const whole = sketchOf([...a, ...b, ...c]);
        expect(x.merge(y).merge(z).bins()).toEqual(whole.bins());
        expect(z.merge(y.merge(x)).bins()).toEqual(whole.bins());
        expect(x.merge(y).merge(z).quantile(0.95)).toBe(whole.quantile(0.95));
        expect(x.merge(y).count).toBe(a.length + b.length);
      }),
    );
  });

  test('comes back from its bins', () => {
    const sketch = sketchOf([-3, 0, 0, 5, 1e6]);
    const again = DwellSketch.fromBins(sketch.bins());
    expect(again.bins()).toEqual(sketch.bins());
    expect(again.count).toBe(5);
    for (const bins of [[[0.5, 1]], [[LAST_BIN + 1, 1]], [[1, -1]], [[1, 0.5]]] as const) {
      expect(() => DwellSketch.fromBins(bins)).toThrow(WaybillError);
    }
  });

  test('counts what it cannot hold', () => {
    const sketch = sketchOf([Number.NaN, 1e30, 1]);
    expect([sketch.count, sketch.dropped, sketch.clamped]).toEqual([2, 1, 1]);
    expect(new DwellSketch().quantile(0.5)).toBeNull();
  });
});

describe('sketchedKaplanMeier', () => {
  const visits = fc.array(fc.tuple(dwell, fc.boolean()), { minLength: 1, maxLength: 80 });

  test('holds the exact quantile in its range', () => {
    fc.assert(
      fc.property(visits, fc.constantFrom(0.25, 0.5, 0.95), (each, probability) => {
        const times = Float64Array.from(each, ([time]) => time);
        const exact = survivalQuantile(
          kaplanMeier(
            times,
            each.map(([, open]) => Number(open)),
          ),
          probability,
        ).value;
        const completed = sketchOf(each.filter(([, open]) => !open).map(([time]) => time));
        const open = sketchOf(each.filter(([, censored]) => censored).map(([time]) => time));
        const found = sketchedQuantile(sketchedKaplanMeier(completed, open), probability);
        const { notBelow, notAbove } = found;
        expect(notAbove === null || (exact !== null && notAbove >= exact * (1 - 1e-9))).toBe(true);
        expect(exact === null || (notBelow !== null && notBelow <= exact * (1 + 1e-9))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('leaves out negative dwells and counts them', () => {
    const { curve } = sketchedKaplanMeier(sketchOf([-1, 2, Number.NaN]), sketchOf([-5]));
    expect(curve).toMatchObject({ anomalies: 3, events: 1, censored: 0 });
  });
});
