import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Order } from '../../src/api/contract/index.ts';
import { formatRfc3339 } from '../../src/model/units.ts';
import { endEverything, temporaryDirectory, Waybill } from './harness.ts';
import { sendSpans, type TestSpan } from './otlp-sender.ts';

const NANO_PER_SECOND = 1_000_000_000n;
/** When every history begins. */
const BEGIN = 1_795_000_000n * NANO_PER_SECOND;
const LATE = { timeout: 30_000, interval: 200 };

let waybill: Waybill;
beforeAll(async () => {
  waybill = await Waybill.start({
    dataDir: await temporaryDirectory(),
    more: { binding: { aliases: ['mes.job.id'], urlTemplates: ['/orders/{orderId}/**'] } },
  });
});
afterAll(endEverything);

/** One thing that reaches Waybill: spans in one request, or a reported transition. */
type Delivery =
  | { readonly kind: 'spans'; readonly spans: readonly TestSpan[] }
  | { readonly kind: 'report'; readonly status: string; readonly at: bigint; readonly source: string };

function id(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

function at(seconds: number): bigint {
  return BEGIN + BigInt(Math.round(seconds * 1000)) * 1_000_000n;
}

/** A span of a history; `label` makes its ids, `trace` shares a trace. */
function span(
  label: string,
  seconds: number,
  more: Partial<TestSpan> & { trace?: string; parent?: string } = {},
): TestSpan {
  const { trace = label, parent, ...rest } = more;
  return {
    traceId: id(trace, 32),
    spanId: id(`${label}:span`, 16),
    ...(parent === undefined ? {} : { parentSpanId: id(`${parent}:span`, 16) }),
    service: 'shop-api',
    name: label.split(':').at(-1) ?? label,
    startedAt: at(seconds),
    ...rest,
  };
}

function changed(status: string, seconds: number, attributes: Record<string, string> = {}): Pick<TestSpan, 'events'> {
  return {
    events: [{ name: 'order.status_changed', at: at(seconds), attributes: { 'order.status': status, ...attributes } }],
  };
}

/** Everything that is told about one order: by every way that a fact can take, with a skip and an unknown status. */
function history(order: string): Delivery[] {
  const names = { 'order.id': order };
  const job = { 'mes.job.id': `JOB-${order}` };
  const trace = `${order}:submit`;
  const spans = (...all: TestSpan[]): Delivery => ({ kind: 'spans', spans: all });
  return [
    spans(span(`${order}:create`, 0, { attributes: names, ...changed('INITIATED', 0.2) })),
    // Reported as well by the event itself, by a span attribute, by two systems over the API.
    spans(span(`${order}:upload`, 5, changed('FILE_UPLOADED', 5.1, names))),
    spans(span(`${order}:upload-attribute`, 5.3, { attributes: { ...names, 'order.status': 'FILE_UPLOADED' } })),
    { kind: 'report', status: 'FILE_UPLOADED', at: at(5.05), source: 'storage' },
    // One trace, in four requests: only its root names the order.
    spans(span(`${order}:submit`, 9, { attributes: names, ...changed('SUBMITTED', 9.1) })),
    spans(span(`${order}:publish`, 9.2, { trace, parent: `${order}:submit` })),
    spans(
      span(`${order}:price`, 10, {
        trace,
        parent: `${order}:publish`,
        service: 'mes-api',
        ...changed('PRICE_CALCULATED', 14),
      }),
    ),
    spans(
      span(`${order}:open-job`, 9.5, {
        trace,
        parent: `${order}:publish`,
        service: 'mes-api',
        attributes: { ...names, ...job },
      }),
    ),
    // Only the URL names the order.
    spans(
      span(`${order}:approve`, 20, {
        service: 'crm-api',
        attributes: { 'url.path': `/orders/${order}/approve` },
        ...changed('MANUFACTURING_APPROVED', 20.1),
      }),
    ),
    // Only the alias does.
    spans(
      span(`${order}:start`, 25, { service: 'mes-api', attributes: job, ...changed('MANUFACTURING_STARTED', 25.1) }),
    ),
    spans(
      span(`${order}:complete`, 30, {
        service: 'mes-api',
        attributes: job,
        ...changed('MANUFACTURING_COMPLETED', 30.1),
      }),
    ),
    { kind: 'report', status: 'POLISHED_TWICE', at: at(32), source: 'workshop' },
    { kind: 'report', status: 'SHIPPED', at: at(40), source: 'parcel-service' },
    { kind: 'report', status: 'CLOSED', at: at(50), source: 'crm' },
  ];
}

async function deliver(order: string, delivery: Delivery, turn: number): Promise<void> {
  if (delivery.kind === 'spans') {
    const encoding = (['protobuf', 'json', 'gzip'] as const)[turn % 3] ?? 'protobuf';
    expect((await sendSpans(waybill.otlpHttp, delivery.spans, encoding)).status).toBe(200);
    return;
  }
  const { status, source } = delivery;
  const response = await waybill.api.report({ orderId: order, status, source, occurredAt: formatRfc3339(delivery.at) });
  expect(response.status).toBe(202);
}

/** The items in another order, the same for the same seed. */
function shuffled<T>(items: readonly T[], seed: string): T[] {
  return items
    .map((item, index) => ({ item, rank: id(`${seed}:${index}`, 16) }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ item }) => item);
}

/** What of an order must not depend on how its facts came; ids that hold the order's own are left out. */
function meaning(order: Order | undefined): unknown {
  if (order === undefined) return undefined;
  const { status, since, openedAt, closedAt, deviations } = order;
  return {
    status,
    since,
    openedAt,
    closedAt,
    deviations,
    aliases: order.aliases.map(({ name }) => name),
    visits: order.visits.map(({ evidence, ...visit }) => ({
      ...visit,
      evidence: evidence.map(({ kind, source, occurredAt }) => `${kind} ${source} ${occurredAt}`).toSorted(),
    })),
    traces: order.traces
      .map(({ rootService, rootName, spanCount, services }) => ({ rootService, rootName, spanCount, services }))
      .toSorted((a, b) => (a.rootName < b.rootName ? -1 : 1)),
  };
}

it('gives the same order for the same facts in any sequence with any duplicates', async () => {
  const orders = ['SAME-A', 'SAME-B', 'SAME-C'] as const;
  for (const order of orders) {
    const facts = history(order);
    // In their sequence; backwards with everything twice; shuffled with some three times.
    const deliveries =
      order === 'SAME-A'
        ? facts
        : order === 'SAME-B'
          ? [...facts.toReversed(), ...facts]
          : shuffled([...facts, ...facts.slice(3, 9), ...facts.slice(5, 7)], order);
    for (const [turn, delivery] of deliveries.entries()) {
      await deliver(order, delivery, turn);
      // Over several segments, so that the order is folded many times on the way.
      if (turn % 4 === 3) await sleep(500);
    }
  }
  const statuses = [
    'INITIATED',
    'FILE_UPLOADED',
    'SUBMITTED',
    'PRICE_CALCULATED',
    'MANUFACTURING_APPROVED',
    'MANUFACTURING_STARTED',
    'MANUFACTURING_COMPLETED',
    'POLISHED_TWICE',
    'SHIPPED',
    'CLOSED',
  ];
  for (const order of orders) {
    const seen = async () => (await waybill.api.order(order))?.visits.map(({ status }) => status);
    await expect.poll(seen, LATE).toEqual(statuses);
  }
  const first = await waybill.api.order('SAME-A');
  // The earliest of four witnesses counts, and all are kept.
  expect(first?.visits[1]).toMatchObject({ enteredAt: formatRfc3339(at(5.05)), system: 'shop' });
  expect(first?.visits[1]?.evidence).toHaveLength(3);
  expect(first?.visits[1]?.dwellMs).toBeCloseTo(4050, 6);
  expect(first?.deviations.map(({ kind }) => kind)).toContain('unknown_status');
  expect(first?.deviations).toContainEqual(
    expect.objectContaining({ kind: 'skipped', status: 'SHIPPED', skipped: ['PACKAGING'] }),
  );
  const expected = meaning(first);
  for (const order of orders) {
    await expect.poll(async () => meaning(await waybill.api.order(order)), LATE).toEqual(expected);
  }
});

it('gives facts that name only an alias to the order as soon as a span binds the alias', async () => {
  const order = 'ALIAS-1';
  const job = { 'mes.job.id': 'JOB-LATE' };
  const start = span('alias:start', 25, {
    attributes: job,
    service: 'mes-api',
    ...changed('MANUFACTURING_STARTED', 25),
  });
  const child = span('alias:query', 25.5, { trace: 'alias:start', parent: 'alias:start', service: 'mes-api' });
  expect((await sendSpans(waybill.otlpHttp, [start, child])).status).toBe(200);
  await expect.poll(async () => (await waybill.api.trace(start.traceId))?.spanCount, LATE).toBe(2);
  expect(await waybill.api.order(order)).toBeUndefined();
  expect((await waybill.api.trace(start.traceId))?.orders).toEqual([]);

  const binding = span('alias:open', 10, { service: 'mes-api', attributes: { 'order.id': order, ...job } });
  expect((await sendSpans(waybill.otlpHttp, [binding])).status).toBe(200);
  await expect.poll(async () => (await waybill.api.order(order))?.status, LATE).toBe('MANUFACTURING_STARTED');
  const found = await waybill.api.order(order);
  expect(found?.aliases).toEqual([{ name: 'mes.job.id', value: 'JOB-LATE' }]);
  expect(found?.traces.map(({ traceId }) => traceId).toSorted()).toEqual([start.traceId, binding.traceId].toSorted());
  const trace = await waybill.api.trace(start.traceId);
  expect(trace?.orders).toEqual([order]);
  expect(trace?.spans.map(({ orderId, orderNamed }) => [orderId, orderNamed])).toEqual([
    [order, true],
    [order, false],
  ]);
  expect((await waybill.api.orders('JOB-LATE')).map(({ orderId }) => orderId)).toEqual([order]);
});

it('gives a fact to the order that its ancestor names, though its ancestors come later and one by one', async () => {
  const [order, other] = ['ORPHAN-1', 'ORPHAN-2'];
  const trace = 'orphan:root';
  const leaf = span('orphan:leaf', 4, { trace, parent: 'orphan:middle', ...changed('SUBMITTED', 4) });
  const sent = async (spans: TestSpan[], spanCount: number) => {
    expect((await sendSpans(waybill.otlpHttp, spans)).status).toBe(200);
    await expect.poll(async () => (await waybill.api.trace(leaf.traceId))?.spanCount, LATE).toBe(spanCount);
  };
  await sent([leaf], 1);
  expect((await waybill.api.trace(leaf.traceId))?.orders).toEqual([]);
  // Now two orders could be meant; what connects the leaf with one of them comes last.
  const root = span('orphan:root', 1, { attributes: { 'order.id': order } });
  await sent([root, span('orphan:other', 2, { trace, attributes: { 'order.id': other } })], 3);
  await expect.poll(async () => (await waybill.api.order(other))?.traces.length, LATE).toBe(1);
  expect((await waybill.api.order(order))?.status).toBeNull();

  await sent([span('orphan:middle', 3, { trace, parent: 'orphan:root', service: 'mes-api' })], 4);
  await expect.poll(async () => (await waybill.api.order(order))?.status, LATE).toBe('SUBMITTED');
  const spans = (await waybill.api.trace(leaf.traceId))?.spans;
  expect(spans?.map(({ orderId }) => orderId)).toEqual([order, other, order, order]);
  expect((await waybill.api.order(other))?.visits).toEqual([]);
});

it('tells the orders of a shared trace apart by the nearest ancestor', async () => {
  const trace = 'shared:batch';
  const [first, second] = ['SHARED-1', 'SHARED-2'];
  const spans = [
    span('shared:batch', 0, { service: 'crm-api' }),
    span('shared:first', 1, { trace, parent: 'shared:batch', attributes: { 'order.id': first } }),
    span('shared:first-work', 2, { trace, parent: 'shared:first', ...changed('INITIATED', 2) }),
    span('shared:second', 3, { trace, parent: 'shared:batch', attributes: { 'order.id': second } }),
    span('shared:second-work', 4, { trace, parent: 'shared:second', ...changed('INITIATED', 4) }),
    // Inside the work for the first order, one event is about the second.
    span('shared:aside', 5, {
      trace,
      parent: 'shared:first-work',
      ...changed('FILE_UPLOADED', 5, { 'order.id': second }),
    }),
  ];
  expect((await sendSpans(waybill.otlpHttp, spans)).status).toBe(200);
  const visitsOf = async (order: string) =>
    (await waybill.api.order(order))?.visits.map(({ status, enteredAt }) => [status, enteredAt]);
  await expect.poll(() => visitsOf(first), LATE).toEqual([['INITIATED', formatRfc3339(at(2))]]);
  await expect
    .poll(() => visitsOf(second), LATE)
    .toEqual([
      ['INITIATED', formatRfc3339(at(4))],
      ['FILE_UPLOADED', formatRfc3339(at(5))],
    ]);
  const found = await waybill.api.trace(id(trace, 32));
  expect(found?.orders).toEqual([first, second]);
  expect(found?.spans.slice(0, 5).map(({ orderId }) => orderId)).toEqual([null, first, first, second, second]);
  for (const order of [first, second]) {
    expect((await waybill.api.order(order))?.traces.map(({ traceId }) => traceId)).toEqual([id(trace, 32)]);
  }
});
