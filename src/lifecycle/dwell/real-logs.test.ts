import { beforeAll, describe, expect, test } from 'vitest';
import {
  type CsvRow,
  hasRealLogs,
  type Log,
  loanApplications,
  orderToCash,
  readOrderToCashRows,
} from '../testing/real-logs.ts';
import { dwellFigures } from './figures.ts';
import { kaplanMeier, survivalQuantile } from './kaplan-meier.ts';
import { type DescribedVisit, explainSlow } from './over-represented.ts';
import { DwellSketch, RELATIVE_ERROR, sketchedKaplanMeier, sketchedQuantile } from './sketch.ts';

const DAY = 86_400_000;

interface Dwells {
  readonly durations: Float64Array;
  readonly open: Uint8Array;
}

/** Dwells in a status in days, as they were known at a time: visits without an exit by then are open. */
function dwellsAt(log: Log, status: string, known: number): Dwells {
  const durations: number[] = [];
  const open: number[] = [];
  for (const events of log.values()) {
    for (const [index, { at, status: entered }] of events.entries()) {
      if (entered !== status || at > known) continue;
      const exit = events[index + 1]?.at ?? Number.POSITIVE_INFINITY;
      durations.push((Math.min(exit, known) - at) / DAY);
      open.push(exit > known ? 1 : 0);
    }
  }
  return { durations: Float64Array.from(durations), open: Uint8Array.from(open) };
}

function endOf(log: Log): number {
  let end = Number.NEGATIVE_INFINITY;
  for (const events of log.values()) end = Math.max(end, events.at(-1)?.at ?? end);
  return end;
}

describe.skipIf(!hasRealLogs)('the order-to-cash log (real logs needed)', () => {
  let rows: readonly CsvRow[] = [];
  let log: Log = new Map();
  beforeAll(() => {
    rows = readOrderToCashRows();
    log = orderToCash(rows);
  });

  test('has the known throughput', () => {
    const days = Float64Array.from([...log.values()], (each) => ((each.at(-1)?.at ?? 0) - (each[0]?.at ?? 0)) / DAY);
    const { mean, median, p95 } = dwellFigures(days, new Uint8Array(days.length)).completed;
    expect(mean).toBeCloseTo(87.0052, 4);
    expect(median).toBeCloseTo(48.1288, 4);
    expect(p95).toBeCloseTo(274.0294, 4);
    // Known to three digits only.
    expect(days.toSorted().at(-1)).toBeCloseTo(697.238, 3);
  });

  test.each([
    ['Line Creation', 21_159, 9.3428, 0.1559, 66.0362],
    ['LgstCheckOnConfDat Removed', 19_720, 50.3253, 27.9405, 202.1046],
    ['Delivery', 23_674, 12.6469, 1.2536, 65.3786],
    ['Header Block Removed', 10_830, 16.1836, 0.886, 91.9509],
    ['Sched.Line Changed Delivery Date', 5_168, 18.0523, 0.2132, 100.8154],
  ])('has the known dwell in %s', (status, count, mean, median, p95) => {
    const { durations, open } = dwellsAt(log, status, Number.MAX_SAFE_INTEGER);
    expect(dwellFigures(durations, open).completed).toEqual({
      count,
      mean: expect.closeTo(mean, 4),
      median: expect.closeTo(median, 4),
      p95: expect.closeTo(p95, 4),
    });
  });

  test('explains its slowest deliveries within bounds', () => {
    const byKey = new Map(rows.map((row) => [row['Key'] ?? '', row]));
    const visits: DescribedVisit[] = [];
    for (const [key, events] of log) {
      const attributes = Object.entries(byKey.get(key) ?? {});
      for (const [index, { at, status }] of events.entries()) {
        const next = events[index + 1];
        if (status !== 'Delivery' || next === undefined) continue;
        visits.push({ duration: next.at - at, open: false, attributes });
      }
    }
    const { findings, slow, judged, tooMany } = explainSlow(visits);
    expect(slow / judged).toBeLessThanOrEqual(0.1);
    expect(tooMany).toContain('Key');
    expect(findings).toHaveLength(20);
    for (const { lift, adjustedPValue } of findings) {
      expect(lift).toBeGreaterThan(1);
      expect(adjustedPValue).toBeLessThanOrEqual(0.05);
    }
  });
});

describe.skipIf(!hasRealLogs)('the loan application log (real logs needed)', () => {
  let log: Log = new Map();
  let end = 0;
  beforeAll(() => {
    log = loanApplications();
    end = endOf(log);
  });

  test.each([
    ['A_PARTLYSUBMITTED', 13_087, 0.101224, 0.000502, 0.596485],
    ['A_PREACCEPTED', 7_298, 2.825927, 0.281787, 30.011173],
    ['A_ACCEPTED', 5_110, 0.03306, 0.002128, 0.006513],
    ['A_FINALIZED', 4_688, 17.838318, 14.560643, 36.446675],
  ])('has the known dwell in %s', (status, count, mean, median, p95) => {
    const { durations, open } = dwellsAt(log, status, end);
    expect(dwellFigures(durations, open).completed).toEqual({
      count,
      mean: expect.closeTo(mean, 5),
      median: expect.closeTo(median, 5),
      p95: expect.closeTo(p95, 5),
    });
  });

  const cutOffs: readonly (readonly [string, string, number, number, number, number, number])[] = [
    ['2011-11-15', 'A_PREACCEPTED', 2_028, 132, 4.8756, 30.5758, 0.1581],
    ['2011-11-15', 'A_FINALIZED', 902, 591, 30.7763, 33.9787, 14.211],
    ['2012-01-15', 'A_PREACCEPTED', 4_686, 175, 21.0204, 30.5186, 0.2458],
    ['2012-01-15', 'A_FINALIZED', 2_637, 646, 32.7195, 37.8487, 15.2072],
    ['the end', 'A_PREACCEPTED', 7_298, 69, 30.0112, 30.4819, 0.2953],
    ['the end', 'A_FINALIZED', 4_688, 327, 36.4467, 39.2608, 15.1297],
  ];

  test.each(cutOffs)(
    'cut off at %s has the known estimates for %s',
    (date, status, done, waiting, completedP95, p95, median) => {
      const { durations, open } = dwellsAt(log, status, date === 'the end' ? end : Date.parse(date));
      const curve = kaplanMeier(durations, open);
      expect([curve.events, curve.censored, curve.anomalies]).toEqual([done, waiting, 0]);
      expect(dwellFigures(durations, open).completed.p95).toBeCloseTo(completedP95, 4);
      const estimated = survivalQuantile(curve, 0.95);
      expect(estimated.value).toBeCloseTo(p95, 4);
      expect(estimated.low).toBeLessThanOrEqual(p95);
      expect(survivalQuantile(curve, 0.5).value).toBeCloseTo(median, 4);
    },
  );

  test.each(cutOffs)(
    'cut off at %s sketches of %s, merged from 16 parts, stay within 1 %%',
    (date, status, _done, _waiting, _completed, p95, median) => {
      const { durations, open } = dwellsAt(log, status, date === 'the end' ? end : Date.parse(date));
      const shards = Array.from({ length: 16 }, () => ({ completed: new DwellSketch(), open: new DwellSketch() }));
      for (const [index, duration] of durations.entries()) {
        const shard = shards[index % shards.length];
        (open[index] === 1 ? shard?.open : shard?.completed)?.add(duration);
      }
      const merged = shards.reduce((a, b) => ({
        completed: a.completed.merge(b.completed),
        open: a.open.merge(b.open),
      }));
      const survival = sketchedKaplanMeier(merged.completed, merged.open);
      for (const [probability, exact] of [
        [0.95, p95],
        [0.5, median],
      ] as const) {
        const { value, notBelow, notAbove } = sketchedQuantile(survival, probability);
        expect(Math.abs((value ?? 0) - exact)).toBeLessThanOrEqual(RELATIVE_ERROR * exact + 5e-5);
        expect(notBelow).toBeLessThanOrEqual(exact + 5e-5);
        expect(notAbove).toBeGreaterThanOrEqual(exact - 5e-5);
      }
    },
  );
});
