import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aalenJohansen, incidenceAt } from './aalen-johansen.ts';
import { kaplanMeier } from './kaplan-meier.ts';

describe('aalenJohansen', () => {
  test('shares out what is over among the causes', () => {
    // By hand: S(1−) = 1, 1/5 to cause 1; S = 4/5; at 2: 4/5 · 1/4 = 1/5 to cause 2; 3 is open; at 4: 3/5 · 1/2 = 3/10 to cause 1.
    const found = aalenJohansen(Float64Array.of(1, 2, 3, 4, 5), Int32Array.of(1, 2, 0, 1, 0));
    expect(found.causes.map((points) => points.map(({ time, incidence }) => [time, incidence]))).toEqual([
      [
        [1, 0.2],
        [4, expect.closeTo(0.5, 12)],
      ],
      [[2, expect.closeTo(0.2, 12)]],
    ]);
    expect(found).toMatchObject({ events: 3, censored: 2, anomalies: 0 });
    expect(incidenceAt(found, 1, 3.9)).toBe(0.2);
    expect(incidenceAt(found, 2, 1.9)).toBe(0);
  });

  test('without open orders is the share of each outcome, with the binomial variance', () => {
    const found = aalenJohansen(Float64Array.of(1, 2, 3, 4, 5, 5, 6, 7), Int32Array.of(1, 2, 1, 3, 1, 2, 1, 2));
    for (const [index, share] of [4 / 8, 3 / 8, 1 / 8].entries()) {
      const last = found.causes[index]?.at(-1);
      expect(last?.incidence).toBeCloseTo(share, 12);
      expect(last?.variance).toBeCloseTo((share * (1 - share)) / 8, 12);
    }
  });

  test('of nothing is nothing', () => {
    expect(aalenJohansen(new Float64Array(0), new Int32Array(0))).toEqual({
      causes: [],
      stillOpen: [],
      events: 0,
      censored: 0,
      anomalies: 0,
    });
    expect(() => aalenJohansen(Float64Array.of(1), Int32Array.of(-1))).toThrow(/causes/);
    expect(() => aalenJohansen(Float64Array.of(1), new Int32Array(0))).toThrow(/causes/);
  });

  const orders = fc.array(fc.tuple(fc.integer({ min: 0, max: 15 }), fc.nat({ max: 3 })), {
    minLength: 1,
    maxLength: 50,
  });

  test('the incidences and what is still open add up to 1 at every time', () => {
    fc.assert(
      fc.property(orders, (each) => {
        const found = aalenJohansen(
          Float64Array.from(each, ([time]) => time),
          Int32Array.from(each, ([, cause]) => cause),
        );
        for (const { time, survival } of found.stillOpen) {
          const all = [1, 2, 3].reduce((sum, cause) => sum + incidenceAt(found, cause, time), survival);
          expect(all).toBeCloseTo(1, 10);
        }
      }),
    );
  });

  test('with one cause is one minus Kaplan–Meier, with Greenwood’s variance', () => {
    fc.assert(
      fc.property(orders, (each) => {
        const times = Float64Array.from(each, ([time]) => time);
        const found = aalenJohansen(
          times,
          Int32Array.from(each, ([, cause]) => Math.min(1, cause)),
        );
        const curve = kaplanMeier(
          times,
          each.map(([, cause]) => (cause === 0 ? 1 : 0)),
        );
        const events = curve.points.filter((point) => point.events > 0);
        expect(found.causes[0]?.length ?? 0).toBe(events.length);
        for (const [index, { time, survival, variance }] of events.entries()) {
          const point = found.causes[0]?.[index];
          expect(point?.time).toBe(time);
          expect(point?.incidence).toBeCloseTo(1 - survival, 10);
          expect(point?.variance).toBeCloseTo(variance, 10);
        }
      }),
    );
  });
});
