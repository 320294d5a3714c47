import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Order, orderList, type Statuses } from '../../src/api/contract/index.ts';
import { endEverything, temporaryDirectory, Waybill } from './harness.ts';
import { sendSpans, type TestSpan } from './otlp-sender.ts';

const SECOND = 1_000_000_000n;
/** When every order begins: a day ago, so that nothing but what is meant to comes from the future. */
const BEGIN = BigInt(Date.now() - 86_400_000) * 1_000_000n;
const HOUR_AHEAD = 86_400n + 3_600n;
const LATE = { timeout: 30_000, interval: 200 };

/** A workshop makes the item while the store packs it; nothing is sent before it was checked. */
const LIFECYCLE = `
name: workshop-order
version: "1"
label: { ru: Заказ мастерской, en: Workshop order }
target: 1 h
regions:
  - { id: make, label: { ru: Изготовление, en: Making }, initial: TAKEN }
  - { id: send, label: { ru: Отправка, en: Sending }, initial: PACKED, startsWhen: [MADE, CHECKED] }
systems:
  workshop: { label: { ru: Мастерская, en: Workshop }, services: [workshop-api] }
  store: { label: { ru: Склад, en: Store }, services: [store-api] }
statuses:
  - { id: TAKEN, region: make, system: workshop, label: { ru: Взят, en: Taken } }
  - { id: MADE, region: make, system: workshop, label: { ru: Изготовлен, en: Made } }
  - { id: CHECKED, region: make, system: workshop, label: { ru: Проверен, en: Checked }, final: true }
  - { id: PACKED, region: send, system: store, label: { ru: Упакован, en: Packed } }
  - { id: SENT, region: send, system: store, label: { ru: Отправлен, en: Sent }, final: true }
transitions:
  - { from: TAKEN, to: MADE }
  - { from: MADE, to: CHECKED }
  - { from: PACKED, to: SENT, requires: [CHECKED] }
`;

/** Status, seconds after BEGIN, and the service that reports it where it is not the owner. */
type Step = readonly [status: string, seconds: bigint, service?: string];

const ORDERS: Readonly<Record<string, readonly Step[]>> = {
  planned: [
    ['TAKEN', 0n],
    ['MADE', 10n],
    ['PACKED', 12n],
    ['CHECKED', 20n],
    ['SENT', 30n],
  ],
  early: [
    ['TAKEN', 0n],
    ['MADE', 10n],
    ['PACKED', 12n],
    ['SENT', 15n],
    ['CHECKED', 25n],
  ],
  half: [
    ['TAKEN', 0n],
    ['MADE', 10n],
    ['PACKED', 12n],
    ['CHECKED', 20n],
  ],
  stranger: [
    ['TAKEN', 0n],
    ['MADE', 10n],
    ['PACKED', 12n, 'workshop-api'],
  ],
  ahead: [['TAKEN', HOUR_AHEAD]],
};

function toSpan(order: string, [status, seconds, service]: Step): TestSpan {
  const hash = createHash('sha256').update(`${order}:${status}`).digest('hex');
  const at = BEGIN + seconds * SECOND;
  return {
    traceId: hash.slice(0, 32),
    spanId: hash.slice(32, 48),
    service: service ?? (status === 'PACKED' || status === 'SENT' ? 'store-api' : 'workshop-api'),
    name: status,
    startedAt: at,
    events: [
      { name: 'order.status_changed', at, attributes: { 'order.id': `order-${order}`, 'order.status': status } },
    ],
  };
}

describe('a lifecycle with regions', () => {
  let waybill: Waybill;
  let statuses: Statuses;
  const orders = new Map<string, Order>();

  beforeAll(async () => {
    const dataDir = await temporaryDirectory();
    const file = join(dataDir, 'lifecycle.yaml');
    writeFileSync(file, LIFECYCLE);
    waybill = await Waybill.start({ dataDir, more: { lifecycle: { file } } });
    const spans = Object.entries(ORDERS).flatMap(([order, steps]) => steps.map((step) => toSpan(order, step)));
    // The last first: what comes late must end in the same orders.
    for (const span of spans.toReversed()) {
      const { ok } = await sendSpans(waybill.otlpHttp, [span]);
      if (!ok) throw new Error('a span was refused');
    }
    await vi.waitFor(async () => {
      for (const [name, steps] of Object.entries(ORDERS)) {
        const order = await waybill.api.order(`order-${name}`);
        if (order?.visits.length !== steps.length) throw new Error(`${name} is not there yet`);
        orders.set(name, order);
      }
    }, LATE);
    statuses = await waybill.api.statuses();
  });
  afterAll(endEverything);

  const way = (name: string) =>
    orders.get(name)?.visits.map(({ region, from, status, dwellMs }) => `${region}: ${from}>${status} ${dwellMs}`);
  const current = (name: string) => orders.get(name)?.current.map(({ region, status }) => `${region}: ${status}`);

  it('ends a visit where the next of its own region begins', () => {
    expect(way('planned')).toEqual([
      'make: null>TAKEN 10000',
      'make: TAKEN>MADE 10000',
      'send: null>PACKED 18000',
      'make: MADE>CHECKED null',
      'send: PACKED>SENT null',
    ]);
  });

  it('says where every region is, and is complete when all of them are', () => {
    expect(current('half')).toEqual(['make: CHECKED', 'send: PACKED']);
    expect(orders.get('half')).toMatchObject({ status: 'PACKED', closedAt: null, deviations: [] });
    expect(current('planned')).toEqual(['make: CHECKED', 'send: SENT']);
    expect(orders.get('planned')).toMatchObject({ closedAt: orders.get('planned')?.visits.at(-1)?.enteredAt });
    // The one entered last closes the order, whichever region it is of.
    expect(orders.get('early')).toMatchObject({ status: 'CHECKED', closedAt: orders.get('early')?.since });
  });

  it('names the region that was not where the guard requires it, and who reported what is not theirs', () => {
    expect(orders.get('early')?.deviations).toMatchObject([
      { kind: 'out_of_step', status: 'SENT', fromStatus: 'PACKED', otherStatus: 'MADE', visitIndex: 3 },
    ]);
    expect(orders.get('stranger')?.deviations).toMatchObject([
      { kind: 'wrong_system', status: 'PACKED', otherStatus: null, visitIndex: 2 },
    ]);
    expect(orders.get('planned')?.deviations).toEqual([]);
  });

  it('tells a time from the future on the order and in the figures, unchanged', () => {
    const ahead = orders.get('ahead');
    expect(ahead?.clockAnomalies).toMatchObject([{ kind: 'future', visitIndex: 0, source: 'workshop-api' }]);
    expect(ahead?.clockAnomalies[0]?.skewMs).toBeGreaterThan(3_500_000);
    expect(Date.parse(ahead?.since ?? '')).toBe(Number((BEGIN + HOUR_AHEAD * SECOND) / 1_000_000n));
    const counted = statuses.statuses.filter(({ clockAnomalies }) => clockAnomalies > 0);
    expect(counted.map(({ status, clockAnomalies }) => [status, clockAnomalies])).toEqual([['TAKEN', 1]]);
  });

  it('counts moves inside regions only, and an order in each status where it is', () => {
    const edges = statuses.edges.map(({ from, to, count, allowed }) => [`${from}>${to}`, count, allowed] as const);
    expect(Object.fromEntries(edges.map(([edge, count]) => [edge, count]))).toEqual({
      'null>TAKEN': 5,
      'TAKEN>MADE': 4,
      'MADE>CHECKED': 3,
      'null>PACKED': 4,
      'PACKED>SENT': 2,
    });
    expect(edges.every(([, , allowed]) => allowed)).toBe(true);
    const figures = statuses.statuses.map(({ status, completed, open }) => [status, completed.count, open.count]);
    expect(figures).toEqual([
      ['TAKEN', 4, 1],
      ['MADE', 3, 1],
      ['CHECKED', 0, 3],
      ['PACKED', 2, 2],
      ['SENT', 0, 2],
    ]);
    expect(statuses.orders).toEqual({ total: 5, open: 3, closed: 2, deviating: 2 });
    expect(statuses.leadTime).toMatchObject({ completed: { count: 2, meanMs: 27_500 }, targetMs: 3_600_000 });
  });

  it('finds orders by the status of any region', async () => {
    const response = await waybill.api.fetch('/api/orders?status=CHECKED');
    const found = orderList.parse(await response.json()).orders;
    expect(found.map(({ orderId }) => orderId).toSorted()).toEqual(['order-early', 'order-half', 'order-planned']);
    const half = found.find(({ orderId }) => orderId === 'order-half');
    expect(half?.current.map(({ status }) => status)).toEqual(['CHECKED', 'PACKED']);
  });

  it('describes regions and guards to whoever asks for the lifecycle', async () => {
    const lifecycle: unknown = await (await waybill.api.fetch('/api/lifecycle')).json();
    expect(lifecycle).toMatchObject({
      regions: [
        { id: 'make', startsWhen: [], optional: false },
        { id: 'send', startsWhen: ['MADE', 'CHECKED'], optional: false },
      ],
      statuses: [{ region: 'make' }, { region: 'make' }, { region: 'make' }, { region: 'send' }, { region: 'send' }],
      transitions: [{ requires: [] }, { requires: [] }, { from: 'PACKED', to: 'SENT', requires: ['CHECKED'] }],
    });
  });
});
