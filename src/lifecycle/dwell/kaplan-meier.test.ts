import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  kaplanMeier,
  logLogBand,
  restrictedMean,
  type SurvivalCurve,
  stuckScore,
  survivalAt,
  survivalQuantile,
} from './kaplan-meier.ts';

/** `9 13 13+` are durations, `+` marks an open visit. */
function curveOf(text: string): SurvivalCurve {
  const parts = text.split(' ').filter((part) => part !== '');
  return kaplanMeier(
    Float64Array.from(parts, (part) => Number(part.replace('+', ''))),
    parts.map((part) => (part.endsWith('+') ? 1 : 0)),
  );
}

/** Maintained group of the leukemia trial (Miller 1997), R's `survival::aml`. */
const AML = '9 13 13+ 18 23 28+ 31 34 45+ 48 161+';

/** 6-mercaptopurine group of Freireich et al. 1963, in Kalbfleisch and Prentice and many textbooks. */
const FREIREICH = '6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+';

describe('kaplanMeier', () => {
  test('gives the published table of the leukemia trial', () => {
    const { points, events, censored } = curveOf(AML);
    const table = points
      .filter((point) => point.events > 0)
      .map(({ time, atRisk, survival, variance }) => [
        time,
        atRisk,
        survival.toFixed(4),
        Math.sqrt(variance).toFixed(4),
      ]);
    expect(table).toEqual([
      [9, 11, '0.9091', '0.0867'],
      [13, 10, '0.8182', '0.1163'],
      [18, 8, '0.7159', '0.1397'],
      [23, 7, '0.6136', '0.1526'],
      [31, 5, '0.4909', '0.1642'],
      [34, 4, '0.3682', '0.1627'],
      [48, 2, '0.1841', '0.1535'],
    ]);
    expect([events, censored]).toEqual([7, 4]);
  });

  test('counts completions before censorings at the same time', () => {
    const [first] = curveOf(FREIREICH).points;
    expect(first).toMatchObject({ time: 6, atRisk: 21, events: 3, censored: 1 });
    expect(first?.survival).toBeCloseTo(0.857142857, 9);
    expect(survivalAt(curveOf(FREIREICH), 23)).toBeCloseTo(0.44817927, 8);
  });

  test('leaves out clock anomalies and counts them', () => {
    const curve = kaplanMeier(Float64Array.of(-1, 2, Number.NaN, Number.POSITIVE_INFINITY), [0, 0, 0, 1]);
    expect(curve).toMatchObject({ anomalies: 3, events: 1, censored: 0, largest: 2 });
  });

  test('of nothing is nothing', () => {
    const curve = curveOf('');
    expect(curve).toEqual({ points: [], events: 0, censored: 0, anomalies: 0, largest: null });
    expect(survivalAt(curve, 5)).toBe(1);
    expect(restrictedMean(curve)).toBeNull();
    expect(survivalQuantile(curve, 0.5)).toMatchObject({ value: null, atLeast: null, low: null, high: null });
  });
});

describe('survivalQuantile', () => {
  test('gives the median of the leukemia trial with the log-log interval of R', () => {
    expect(survivalQuantile(curveOf(AML), 0.5)).toEqual({
      probability: 0.5,
      value: 31,
      atLeast: null,
      low: 13,
      high: null,
    });
    expect(survivalQuantile(curveOf(FREIREICH), 0.5)).toMatchObject({ value: 23, low: 13, high: null });
  });

  test('says "at least" where the curve does not come down', () => {
    expect(survivalQuantile(curveOf(FREIREICH), 0.95)).toMatchObject({ value: null, atLeast: 35 });
    expect(survivalQuantile(curveOf('5+ 9+'), 0.5)).toMatchObject({ value: null, atLeast: 9, low: null, high: null });
  });

  test('limits from both sides where the data do', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => String(index + 1)).join(' ');
    const { value, low, high } = survivalQuantile(curveOf(hundred), 0.5);
    // By hand: at 59 the band still ends at 0.504, at 60 at 0.494.
    expect([value, low, high]).toEqual([50, 40, 60]);
  });

  test('keeps the band around the curve, and without an upper limit at 0', () => {
    for (const point of curveOf(AML).points) {
      const { low, high } = logLogBand(point);
      expect(low).toBeLessThan(point.survival);
      expect(high).toBeGreaterThan(point.survival);
    }
    expect(logLogBand({ time: 1, atRisk: 1, events: 1, censored: 0, survival: 0, variance: 0 })).toEqual({
      low: 0,
      high: null,
    });
  });
});

describe('restrictedMean', () => {
  test('is the area under the curve with its standard error', () => {
    const found = restrictedMean(curveOf(AML));
    // R: print(survfit(Surv(time, status) ~ 1, aml[aml$x == "Maintained", ]), rmean = 161) shows 52.6 and 19.83.
    expect(found?.mean).toBeCloseTo(52.645, 3);
    expect(found?.standardError).toBeCloseTo(19.83, 2);
    expect(found).toMatchObject({ horizon: 161, restricted: true });
  });

  test('stops at a horizon, and at the largest observed time at the latest', () => {
    const curve = curveOf('1 2 3 4');
    expect(restrictedMean(curve, 2)).toMatchObject({ mean: 1.75, horizon: 2, restricted: true });
    expect(restrictedMean(curve, 0.5)).toMatchObject({ mean: 0.5, standardError: 0 });
    expect(restrictedMean(curve, 100)).toMatchObject({ mean: 2.5, horizon: 4, restricted: false });
  });
});

describe('the stuck score', () => {
  test('is the share that is over by that age', () => {
    const curve = curveOf('1 2 3 4');
    expect([0.5, 1, 2.5, 4, 99].map((age) => stuckScore(curve, age))).toEqual([0, 0.25, 0.5, 1, 1]);
  });
});

describe('for any durations', () => {
  const durations = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 60 });

  test('without open visits the curve is the empirical distribution and the mean is the mean', () => {
    fc.assert(
      fc.property(durations, (values) => {
        const curve = kaplanMeier(Float64Array.from(values), new Uint8Array(values.length));
        for (let age = 0; age <= 31; age += 1) {
          const longer = values.filter((value) => value > age).length / values.length;
          expect(survivalAt(curve, age)).toBeCloseTo(longer, 10);
        }
        const sorted = values.toSorted((a, b) => a - b);
        for (const probability of [0.05, 0.25, 0.5, 0.75, 0.95]) {
          const rank = Math.max(0, Math.ceil(probability * sorted.length - 1e-9) - 1);
          expect(survivalQuantile(curve, probability).value).toBe(sorted[rank]);
        }
        const average = values.reduce((sum, value) => sum + value, 0) / values.length;
        expect(restrictedMean(curve)?.mean).toBeCloseTo(average, 9);
        // Greenwood's variance is then the binomial one.
        for (const { survival, variance } of curve.points) {
          expect(variance).toBeCloseTo((survival * (1 - survival)) / values.length, 10);
        }
      }),
    );
  });

  test('the order of the visits does not matter, and the estimate is never below the completed ones alone', () => {
    const visits = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.boolean(), fc.nat()), { minLength: 1 });
    fc.assert(
      fc.property(visits, (each) => {
        const open = (list: typeof each): Uint8Array => Uint8Array.from(list, ([, censored]) => (censored ? 1 : 0));
        const times = (list: typeof each): Float64Array => Float64Array.from(list, ([time]) => time);
        const shuffled = each.toSorted((a, b) => a[2] - b[2]);
        const curve = kaplanMeier(times(each), open(each));
        expect(kaplanMeier(times(shuffled), open(shuffled))).toEqual(curve);
        const completed = each.filter(([, censored]) => !censored);
        const without = kaplanMeier(times(completed), open(completed));
        for (let age = 0; age <= 20; age += 1) {
          if (completed.length === 0) continue;
          expect(survivalAt(curve, age)).toBeGreaterThanOrEqual(survivalAt(without, age) - 1e-12);
        }
        const { value, low, high } = survivalQuantile(curve, 0.5);
        // Every quantile has a lower limit, and the interval holds it.
        expect(value === null || (low !== null && low <= value)).toBe(true);
        expect(value === null || high === null || high >= value).toBe(true);
      }),
    );
  });
});
