import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Store } from '../../store/store.ts';
import { openTemporaryStore } from '../../store/testing/temporary-store.ts';
import { capped } from './capped.ts';
import { DURATION_BOUNDS_SECONDS } from './duration-buckets.ts';
import { type OrderFigures, orderFigures } from './order-figures.ts';
import { insertOrders, SECOND, T0, type TestOrder, takeBackVisits } from './testing/order-rows.ts';

const RULES = { now: T0 + 10_000n * SECOND, recoveryTime: 60n * SECOND };

describe('the figures of orders', () => {
  let store: Store;
  let figures: OrderFigures;

  beforeAll(async () => {
    store = await openTemporaryStore();
    await insertOrders(store.client, [
      // A visit of exactly one bound, one of the bound and a nanosecond, and one that is open.
      {
        orderId: 'exact',
        visits: [
          ['A', 0n, 60n * SECOND],
          ['B', 60n * SECOND, 120n * SECOND + 1n],
          ['C', 120n * SECOND + 1n, null],
        ],
      },
      {
        orderId: 'done',
        visits: [
          ['A', 0n, 3000n * SECOND],
          ['D', 3000n * SECOND, null],
        ],
        closed: 3000n * SECOND,
      },
      // A clock that went back.
      {
        orderId: 'skewed',
        visits: [
          ['A', 50n * SECOND, 40n * SECOND],
          ['B', 40n * SECOND, null],
        ],
      },
      { orderId: 'nameless', visits: [] },
      {
        orderId: 'failing',
        visits: [['A', 0n, null]],
        deviations: ['skipped', 'skipped', 'unexpected'],
        failures: [
          ['timeout', 'mes-api', 10n * SECOND, null],
          ['timeout', 'shop-api', 20n * SECOND, null],
          ['api_error', 'mes-api', 30n * SECOND, 31n * SECOND],
          ['other', 'mes-api', 30n * SECOND, 300n * SECOND],
          ['api_error', 'mes-api', 9_990n * SECOND, null],
        ],
      },
      // Two regions: one is done, the other waits; each visit follows the one of its own region.
      {
        orderId: 'parallel',
        lifecycle: 'parallel',
        visits: [
          ['MADE', 0n, 20n * SECOND],
          ['PACKED', 10n * SECOND, null, ''],
          ['CHECKED', 20n * SECOND, null, 'MADE'],
        ],
        current: ['CHECKED', 'PACKED'],
        anomalies: [1],
      },
    ]);
    // A refold: only the highest revision counts, and the visits before are taken back.
    const before: TestOrder = { orderId: 'refolded', visits: [['X', 0n, SECOND]] };
    await insertOrders(store.client, [before]);
    await takeBackVisits(store.client, before);
    await insertOrders(store.client, [{ orderId: 'refolded', visits: [['C', 0n, null]], revision: 2 }]);
    figures = await orderFigures(store.client, RULES);
  });

  afterAll(async () => {
    await store.close();
  });

  it('put a completed visit into the bucket whose upper bound it does not exceed', () => {
    const of = (status: string) => figures.statusDurations.find((each) => each.status === status);
    const minute = DURATION_BOUNDS_SECONDS.indexOf(60);
    expect(of('A')?.durations.counts[minute]).toBe(1);
    expect(of('B')?.durations.counts[minute]).toBe(0);
    expect(of('B')?.durations.counts[minute + 1]).toBe(1);
    expect(of('A')?.durations.counts).toHaveLength(DURATION_BOUNDS_SECONDS.length + 1);
    expect(of('A')?.durations.sumSeconds).toBeCloseTo(3060, 9);
    expect(of('X')).toBeUndefined();
    expect(of('C')).toBeUndefined();
  });

  it('keep a negative dwell out of the histogram', () => {
    const a = figures.statusDurations.find(({ status }) => status === 'A');
    expect(a?.durations.counts.reduce((sum, each) => sum + each, 0)).toBe(2);
  });

  it('count open orders by status and closed ones by lead time', () => {
    expect(sorted(figures.active.filter(({ lifecycle }) => lifecycle !== 'parallel'))).toEqual(
      sorted([
        { overflow: false, lifecycle: 'jewelry-order', status: 'A', orders: 1 },
        { overflow: false, lifecycle: 'jewelry-order', status: 'B', orders: 1 },
        { overflow: false, lifecycle: 'jewelry-order', status: 'C', orders: 2 },
      ]),
    );
    expect(figures.leadTimes).toMatchObject([
      { status: 'D', durations: { sumSeconds: 3000 }, lifecycle: 'jewelry-order' },
    ]);
  });

  it('follow each region of an order, and count the order in each of them', () => {
    const own = <Row extends { lifecycle: string }>(rows: readonly Row[]): Row[] =>
      rows.filter(({ lifecycle }) => lifecycle === 'parallel');
    const group = { overflow: false, lifecycle: 'parallel' };
    expect(sorted(own(figures.transitions))).toEqual(
      sorted([
        { ...group, from: '', to: 'MADE', transitions: 1 },
        { ...group, from: '', to: 'PACKED', transitions: 1 },
        { ...group, from: 'MADE', to: 'CHECKED', transitions: 1 },
      ]),
    );
    expect(
      own(figures.active)
        .map(({ status }) => status)
        .toSorted(),
    ).toEqual(['CHECKED', 'PACKED']);
    expect(figures.clockAnomalies).toEqual([{ ...group, status: 'PACKED', anomalies: 1 }]);
  });

  it('count transitions, the first one from nowhere', () => {
    const flat = figures.transitions.filter(({ lifecycle }) => lifecycle !== 'parallel');
    expect(Object.fromEntries(flat.map(({ from, to, transitions }) => [`${from}>${to}`, transitions]))).toEqual({
      '>A': 4,
      'A>B': 2,
      'A>D': 1,
      'B>C': 1,
      '>C': 1,
    });
  });

  it('count deviations and failures as often as they happened', () => {
    expect(Object.fromEntries(figures.deviations.map(({ kind, deviations }) => [kind, deviations]))).toEqual({
      skipped: 2,
      unexpected: 1,
    });
    expect(sorted(figures.failures)).toEqual(
      sorted([
        { overflow: false, failureClass: 'api_error', service: 'mes-api', failures: 2 },
        { overflow: false, failureClass: 'other', service: 'mes-api', failures: 1 },
        { overflow: false, failureClass: 'timeout', service: 'mes-api', failures: 1 },
        { overflow: false, failureClass: 'timeout', service: 'shop-api', failures: 1 },
      ]),
    );
  });

  it('count an order once per class as failed, recovered, or neither while the recovery time runs', () => {
    expect(sorted(figures.outcomes)).toEqual(
      sorted([
        { failureClass: 'api_error', failed: 0, recovered: 0 },
        { failureClass: 'other', failed: 0, recovered: 1 },
        { failureClass: 'timeout', failed: 1, recovered: 0 },
      ]),
    );
  });

  it('add up the groups beyond the limit instead of dropping them', async () => {
    const sql = capped(
      `SELECT toString(number) AS name_key, number + 1 AS size_part FROM numbers(10)`,
      ['name'],
      { total: 'sum(size_part)' },
      3,
    );
    const row = z.object({ overflow: z.coerce.number(), name: z.string(), total: z.coerce.number() });
    const rows = await store.client.query(sql, {}, row);
    expect(sorted(rows)).toEqual(
      sorted([
        { overflow: 0, name: '7', total: 8 },
        { overflow: 0, name: '8', total: 9 },
        { overflow: 0, name: '9', total: 10 },
        { overflow: 1, name: '', total: 28 },
      ]),
    );
  });
});

function sorted<Row>(rows: readonly Row[]): Row[] {
  const key = (row: Row): string =>
    Object.entries(row as object)
      .map((entry) => JSON.stringify(entry))
      .toSorted((a, b) => a.localeCompare(b))
      .join();
  return rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
