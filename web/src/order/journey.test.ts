import { describe, expect, it } from 'vitest';
import type { Deviation, Failure, Lifecycle, OrderTrace } from '../../../src/api/contract/index.ts';
import { type JourneyOrder, layoutJourney, placeLabels } from './journey.ts';

const label = { ru: '', en: '' };
const lifecycle: Lifecycle = {
  name: 'jewelry',
  version: '1',
  label,
  calendar: null,
  initial: 'SUBMITTED',
  targetMs: null,
  regions: [],
  systems: [
    { id: 'shop', label },
    { id: 'mes', label },
  ],
  statuses: [
    { id: 'SUBMITTED', system: 'shop', region: null, label, targetMs: 60_000, final: false },
    { id: 'PRICE_CALCULATED', system: 'mes', region: null, label, targetMs: 60_000, final: false },
    { id: 'CLOSED', system: 'mes', region: null, label, targetMs: null, final: true },
  ],
  transitions: [],
};
const regionOf = (id: string): Lifecycle['regions'][number] => ({
  id,
  label,
  initial: 'SUBMITTED',
  startsWhen: [],
  optional: false,
});
const START = Date.UTC(2026, 10, 22, 12);
const at = (minute: number): string => `${new Date(START + minute * 60_000).toISOString().slice(0, 19)}Z`;
const visit = (status: string, system: string | null, from: number, to: number | null) => ({
  status,
  system,
  region: null,
  from: null,
  enteredAt: at(from),
  leftAt: to === null ? null : at(to),
  dwellMs: to === null ? null : (to - from) * 60_000,
  evidence: [],
});
const trace = (minute: number, errorCount = 0): OrderTrace => ({
  traceId: 'a'.repeat(32),
  rootService: 'shop-api',
  rootName: 'POST',
  startedAt: at(minute),
  durationMs: 10,
  spanCount: 1,
  errorCount,
  services: ['shop-api'],
});
const failure = (minute: number): Failure => ({
  at: at(minute),
  class: 'timeout',
  service: 'mes-api',
  operation: 'GET',
  status: 'SUBMITTED',
  movedOnAt: null,
  outcome: 'pending',
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
});
const order = (change: Partial<JourneyOrder>): JourneyOrder => ({
  status: 'PRICE_CALCULATED',
  closedAt: null,
  visits: [visit('SUBMITTED', 'shop', 0, 1), visit('PRICE_CALCULATED', 'mes', 1, null)],
  deviations: [],
  clockAnomalies: [],
  traces: [],
  failures: [],
  ...change,
});
const now = START + 4 * 60_000;

describe('layoutJourney', () => {
  it('marks failures where they happened, close ones together', () => {
    const { failures } = layoutJourney(
      order({ failures: [failure(2), failure(2), failure(3)] }),
      lifecycle,
      now,
      800,
      0,
    );
    expect(failures.map((tick) => [Math.round(tick.x), tick.failures.length])).toEqual([
      [400, 2],
      [600, 1],
    ]);
  });

  it('draws an open visit up to now and marks what is past the target', () => {
    const journey = layoutJourney(order({}), lifecycle, now, 800, 0);
    const open = journey.lanes[1]?.rows[0]?.bars[0];
    expect(open).toMatchObject({ open: true, lengthMs: 180_000, overMs: 120_000 });
    expect((open?.x ?? 0) + (open?.width ?? 0)).toBeCloseTo(800, 6);
    expect(open?.overX).toBeCloseTo((open?.width ?? 0) / 3, 6);
  });

  it('draws a final status as a point of arrival, not as a wait', () => {
    const closed = order({
      status: 'CLOSED',
      closedAt: at(2),
      visits: [visit('SUBMITTED', 'shop', 0, 2), visit('CLOSED', 'mes', 2, null)],
    });
    const journey = layoutJourney(closed, lifecycle, now, 800, 0);
    expect(journey.open).toBe(false);
    expect(journey.totalMs).toBe(120_000);
    expect(journey.lanes[1]?.rows[0]?.bars[0]).toMatchObject({ final: true, open: false, overMs: 0 });
  });

  it('keeps the lanes of the lifecycle, and adds one for statuses it does not know', () => {
    const strange = order({ visits: [visit('SUBMITTED', 'shop', 0, 1), visit('ON_HOLD', null, 1, null)] });
    const systems = layoutJourney(strange, lifecycle, now, 800, 0).lanes.map((lane) => lane.system);
    expect(systems).toEqual(['shop', 'mes', null]);
  });

  it('gives regions of one system rows of their own where they overlap, and one row where they take turns', () => {
    const of = (region: string, from: number, to: number | null) => ({
      ...visit('PRICE_CALCULATED', 'mes', from, to),
      region,
    });
    const parallel = { ...lifecycle, regions: ['make', 'check', 'send'].map(regionOf) };
    const rowsOf = (visits: JourneyOrder['visits']) =>
      layoutJourney(order({ visits }), parallel, now, 800, 0).lanes[1]?.rows.map(({ regions, bars }) => [
        regions.join(),
        bars.map(({ index }) => index),
      ]);
    expect(rowsOf([of('make', 0, 2), of('check', 1, 4), of('make', 2, 3), of('send', 3, null)])).toEqual([
      ['make,send', [0, 2, 3]],
      ['check', [1]],
    ]);
  });

  it('ends an open visit now, not where a wrong clock says that the order goes on', () => {
    const [shop, mes] = layoutJourney(
      order({
        visits: [visit('SUBMITTED', 'shop', 0, null), { ...visit('PRICE_CALCULATED', 'mes', 60, null), region: 'pay' }],
        clockAnomalies: [{ kind: 'future', visitIndex: 1, skewMs: 3_360_000, source: 'mes-api' }],
      }),
      { ...lifecycle, regions: [regionOf('pay')] },
      now,
      800,
      0,
    ).lanes;
    expect(shop?.rows[0]?.bars[0]).toMatchObject({ lengthMs: 240_000, anomalies: [] });
    expect(mes?.rows[0]?.bars[0]).toMatchObject({ lengthMs: 0, anomalies: [{ kind: 'future' }] });
  });

  it('joins traces that fall on the same pixels, and an error among them shows', () => {
    const journey = layoutJourney(order({ traces: [trace(0), trace(0, 2), trace(3)] }), lifecycle, now, 800, 0);
    expect(journey.traces.map((tick) => [tick.traces.length, tick.failed])).toEqual([
      [2, true],
      [1, false],
    ]);
  });

  it('puts a deviation on the visit that it entered', () => {
    const deviation: Deviation = {
      kind: 'skipped',
      status: 'PRICE_CALCULATED',
      fromStatus: 'SUBMITTED',
      skipped: ['X'],
      otherStatus: null,
      at: at(1),
      visitIndex: 1,
    };
    const journey = layoutJourney(order({ deviations: [deviation] }), lifecycle, now, 800, 0);
    expect(journey.lanes[1]?.rows[0]?.bars[0]?.deviations).toHaveLength(1);
    expect(journey.lanes[0]?.rows[0]?.bars[0]?.deviations).toHaveLength(0);
  });
});

describe('placeLabels', () => {
  const [bar] = layoutJourney(order({}), lifecycle, now, 800, 0).lanes[0]?.rows[0]?.bars ?? [];
  if (bar === undefined) throw new Error('the journey has no bar');
  const place = (change: Partial<typeof bar>) => placeLabels([{ ...bar, ...change }], [{ name: 12, length: 5 }])[0];

  it('prefers the inside, then the side with room, then a cut name', () => {
    expect(place({ width: 300 })).toEqual({ place: 'inside', withLength: true });
    expect(place({ width: 110, roomAfter: 500 })).toEqual({ place: 'inside', withLength: false });
    expect(place({ width: 20, roomAfter: 200 })).toEqual({ place: 'after', withLength: true });
    expect(place({ width: 20, roomAfter: 5, roomBefore: 200 })?.place).toBe('before');
    expect(place({ width: 80, roomAfter: 5, roomBefore: 5 })?.place).toBe('cut');
    expect(place({ width: 20, roomAfter: 5, roomBefore: 5 })?.place).toBe('none');
  });

  it('does not give the same room to two labels', () => {
    const first = { ...bar, width: 20, roomAfter: 200 };
    const second = { ...bar, width: 20, roomBefore: 200, roomAfter: 5 };
    const letters = { name: 12, length: 5 };
    expect(placeLabels([first, second], [letters, letters]).map((choice) => choice.place)).toEqual(['after', 'none']);
  });
});
