import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { binOf } from '../lifecycle/dwell/sketch.ts';
import { openWorkingClock } from '../lifecycle/dwell/working-time.ts';
import type { Store } from '../store/store.ts';
import { openTemporaryStore } from '../store/testing/temporary-store.ts';
import { leadTime } from './lead-time.ts';
import { completedFigures, edgeCounts, openFigures, orderTotals } from './statuses.ts';
import { statusSurvival } from './survival.ts';
import { type CellScope, completedCounts, type VisitCells, visitCells } from './visit-cells.ts';

const MINUTE = 60_000_000_000n;
const DAY = 1_440n * MINUTE;
/** 2026-03-02T00:00:00Z, a Monday. */
const START = 1_772_409_600_000_000_000n;
const NOW = START + 20n * DAY;
const working = openWorkingClock({
  zone: 'UTC',
  weekly: { monday: [['09:00', '17:00']], tuesday: [['09:00', '17:00']], friday: [['09:00', '12:00']] },
});
const scope: CellScope = { at: NOW, attribute: undefined, past: false, finals: ['DONE'] };

interface Visited {
  readonly status: string;
  readonly from: bigint;
  readonly to: bigint | null;
}

/** Order n: in A from minute 7n, in B n² minutes later unless n is a multiple of 10, DONE after three hours unless of 7. */
function visitsOf(n: number): Visited[] {
  const entered = START + BigInt(n) * 7n * MINUTE;
  const second = entered + BigInt(n * n + 1) * MINUTE;
  const third = second + 180n * MINUTE + BigInt(n);
  if (n % 10 === 0) return [{ status: 'A', from: entered, to: null }];
  if (n % 7 === 0) {
    return [
      { status: 'A', from: entered, to: second },
      { status: 'B', from: second, to: null },
    ];
  }
  return [
    { status: 'A', from: entered, to: second },
    { status: 'B', from: second, to: third },
    { status: 'DONE', from: third, to: null },
  ];
}

const ORDERS = Array.from({ length: 120 }, (_, index) => index + 1);

function rowOf(
  order: string,
  visit: number,
  what: { kind: string; status: string; previous: string },
  { from, to }: Omit<Visited, 'status'>,
  channel: string,
) {
  const open = what.kind === 'open' || what.kind === 'active';
  const worked = to === null ? 0n : working.between(from, to);
  return {
    order_id: order,
    visit,
    ...what,
    entered_nano: from,
    left_nano: to ?? 0n,
    open_nano: open ? from : 0n,
    bin: to === null ? 0 : binOf(Number(to - from) / 1e6),
    working_nano: worked,
    working_bin: to === null ? 0 : binOf(Number(worked) / 1e6),
    deviating: what.kind === 'closed' ? 1 : 0,
    deviated_nano: what.kind === 'closed' ? from : 0n,
    anomalies: visit === 1 ? 2 : 0,
    attributes: [`channel=${channel}`],
    net: 1,
  };
}

function rowsOf(n: number) {
  const visits = visitsOf(n);
  const channel = n % 2 === 0 ? 'web' : 'shop';
  const rows = visits.map(({ status, ...times }, index) => {
    const kind = times.to !== null ? 'completed' : status === 'DONE' ? 'final' : 'open';
    return rowOf(`o${n}`, index, { kind, status, previous: visits[index - 1]?.status ?? '' }, times, channel);
  });
  const last = visits.at(-1);
  const closed = last?.status === 'DONE' ? last.from : null;
  const times = { from: visits[0]?.from ?? START, to: closed };
  rows.push(
    rowOf(
      `o${n}`,
      65_535,
      { kind: closed === null ? 'active' : 'closed', status: last?.status ?? '', previous: '' },
      times,
      channel,
    ),
  );
  return rows;
}

/** Every number of an answer, by what it is. */
function numbersOf(cells: VisitCells): Record<string, number | null> {
  const numbers: Record<string, number | null> = {};
  const put = (name: string, figures: object): void => {
    for (const [key, value] of Object.entries(figures)) numbers[`${name}.${key}`] = value as number | null;
  };
  for (const [status, durations] of cells.recent) put(`recent ${status}`, completedFigures(durations));
  for (const status of ['A', 'B', 'DONE']) {
    put(
      `open ${status}`,
      openFigures(
        cells.cells.filter((cell) => cell.status === status),
        null,
      ),
    );
  }
  for (const [status, curve] of statusSurvival(cells))
    put(`curve ${status}`, { events: curve.events, censored: curve.censored, largest: curve.largest });
  for (const { from, to, count } of edgeCounts(cells)) numbers[`edge ${from} ${to}`] = count;
  put('orders', orderTotals(cells));
  const lead = leadTime(cells);
  put('lead', lead.completed);
  for (const outcome of lead.outcomes) put(`outcome ${outcome.status}`, { orders: outcome.orders });
  numbers['anomalies'] = cells.cells.reduce((sum, cell) => sum + cell.clockAnomalies, 0);
  return numbers;
}

describe('cells of visits', () => {
  let store: Store;

  beforeAll(async () => {
    store = await openTemporaryStore();
    const rows = ORDERS.flatMap(rowsOf);
    // What no longer holds, and was taken back: in parts of their own, so that nothing is merged.
    const wrong = rows
      .slice(0, 50)
      .map((row) => ({ ...row, status: 'A', bin: row.bin + 100, entered_nano: row.entered_nano - DAY }));
    await store.client.insertRows('visits', [...rows, ...wrong]);
    await store.client.insertRows(
      'visits',
      wrong.map((row) => ({ ...row, net: -1 })),
    );
  });

  afterAll(async () => {
    await store.close();
  });

  it('are those of the visits that hold, to the nanosecond while they are few', async () => {
    const cells = await visitCells(store.client, { ...scope, since: START + 3n * DAY });
    expect(cells.exact).toBe(true);
    const all = ORDERS.flatMap(visitsOf);
    const ended = all.filter(({ status, to }) => status === 'B' && to !== null && to >= START + 3n * DAY);
    const dwells = ended.map(({ from, to }) => Number((to ?? from) - from) / 1e6).sort((a, b) => a - b);
    const figures = completedFigures(cells.recent.get('B') ?? { values: [], counts: [] });
    expect(figures.count).toBe(ended.length);
    expect(figures.meanMs).toBeCloseTo(dwells.reduce((sum, each) => sum + each, 0) / dwells.length, 5);
    const rank = 0.95 * (dwells.length - 1);
    const below = dwells[Math.floor(rank)] ?? 0;
    expect(figures.p95Ms).toBeCloseTo(below + ((dwells[Math.ceil(rank)] ?? 0) - below) * (rank % 1), 5);
    const waiting = all.filter(({ status, to }) => status === 'A' && to === null);
    const open = openFigures(
      cells.cells.filter(({ status }) => status === 'A'),
      19 * 86_400_000,
    );
    expect(open).toMatchObject({
      count: waiting.length,
      overTarget: waiting.filter(({ from }) => NOW - from > 19n * DAY).length,
      maxAgeMs: Number(NOW - (waiting[0]?.from ?? NOW)) / 1e6,
    });
    expect(orderTotals(cells)).toMatchObject({
      total: ORDERS.length,
      closed: all.filter(({ status }) => status === 'DONE').length,
    });
    const since = { ...scope, since: START + 3n * DAY };
    expect((await completedCounts(store.client, since)).get('B')).toBe(ended.length);
  });

  it.each([
    ['now', scope],
    ['in working time', { ...scope, working }],
    ['of one attribute', { ...scope, attribute: { name: 'channel', value: 'web' } }],
    ['as known at a past time', { ...scope, at: START + 5n * DAY, past: true }],
    ['as known at a past time, in working time', { ...scope, at: START + 5n * DAY, past: true, working }],
  ])('in bins differ from the exact ones by at most 1 %: %s', async (_name, each) => {
    for (const since of [undefined, START + 2n * DAY]) {
      const exact = numbersOf(await visitCells(store.client, { ...each, since }));
      const cells = await visitCells(store.client, { ...each, since }, 0);
      expect(cells.exact).toBe(false);
      const binned = numbersOf(cells);
      expect(Object.keys(binned).sort()).toEqual(Object.keys(exact).sort());
      for (const [name, value] of Object.entries(exact)) {
        const found = binned[name] ?? null;
        if (value === null || found === null) expect(found, name).toBe(value);
        else
          expect(Math.abs(found - value), `${name}: ${found} against ${value}`).toBeLessThanOrEqual(
            Math.abs(value) * 0.0101 + (name.startsWith('open') ? 1000 : 0),
          );
      }
    }
  });

  it('know what was open, and what was not there yet, at a past time', async () => {
    const at = START + 5n * DAY;
    const cells = await visitCells(store.client, { ...scope, at, past: true });
    const there = ORDERS.flatMap(visitsOf).filter(({ from }) => from <= at);
    const open = there.filter(({ status, to }) => status === 'A' && (to === null || to > at));
    expect(
      openFigures(
        cells.cells.filter(({ status }) => status === 'A'),
        null,
      ).count,
    ).toBe(open.length);
    expect(edgeCounts(cells).reduce((sum, { count }) => sum + count, 0)).toBe(there.length);
  });
});
