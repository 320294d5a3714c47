import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { StatusBreakdown } from '../../src/api/contract/index.ts';
import { formatRfc3339 } from '../../src/model/units.ts';
import { endEverything, temporaryDirectory, Waybill } from './harness.ts';
import { postTraces } from './otlp-sender.ts';

/** When every history begins: lately, since a start looks for what is missing among recent orders only. */
const BEGIN = BigInt(Date.now() - 3_600_000) * 1_000_000n;
const LATE = { timeout: 60_000, interval: 500 };
const KINDS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

let waybill: Waybill;
let dataDir: string;
beforeAll(async () => {
  dataDir = await temporaryDirectory();
  waybill = await Waybill.start({ dataDir });
});
afterAll(endEverything);

interface Work {
  readonly name: string;
  readonly service: string;
  readonly kind: keyof typeof KINDS;
  /** Seconds after the beginning. */
  readonly time: readonly [number, number];
  readonly parent?: string;
  readonly link?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

const id = (text: string, digits: number): string => createHash('sha256').update(text).digest('hex').slice(0, digits);
const nano = (seconds: number): bigint => BEGIN + BigInt(Math.round(seconds * 1000)) * 1_000_000n;

/** Sends spans of one trace. */
async function work(trace: string, spans: readonly Work[]): Promise<void> {
  const reference = (name: string) => ({ traceId: id(trace, 32), spanId: id(`${trace}:${name}`, 16) });
  const keyValues = (attributes: Readonly<Record<string, string>>) =>
    Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const body = {
    resourceSpans: spans.map(({ name, service, kind, time, parent, link, attributes = {} }) => ({
      resource: { attributes: keyValues({ 'service.name': service }) },
      scopeSpans: [
        {
          scope: { name: 'system-test' },
          spans: [
            {
              ...reference(name),
              ...(parent === undefined ? {} : { parentSpanId: reference(parent).spanId }),
              name,
              kind: KINDS[kind],
              startTimeUnixNano: String(nano(time[0])),
              endTimeUnixNano: String(nano(time[1])),
              attributes: keyValues(attributes),
              links: link === undefined ? [] : [reference(link)],
            },
          ],
        },
      ],
    })),
  };
  const sent = await postTraces(waybill.otlpHttp, Buffer.from(JSON.stringify(body)), {
    'content-type': 'application/json',
  });
  expect(sent.status).toBe(200);
}

async function report(orderId: string, statuses: Readonly<Record<string, number>>): Promise<void> {
  const transitions = Object.entries(statuses).map(([status, seconds]) => ({
    orderId,
    status,
    occurredAt: formatRfc3339(nano(seconds)),
    source: 'test',
  }));
  expect((await waybill.api.report({ transitions })).status).toBe(202);
}

function names(orderId: string): Pick<Work, 'attributes'> {
  return { attributes: { 'order.id': orderId } };
}

async function submitted(): Promise<StatusBreakdown | null | undefined> {
  const { statuses } = await waybill.api.statuses();
  return statuses.find(({ status }) => status === 'SUBMITTED')?.breakdown;
}

it('says of every visit who worked, what waited in queues, what called out, and what was idle', async () => {
  await report('BRK-1', { INITIATED: 0, FILE_UPLOADED: 2, SUBMITTED: 10, PRICE_CALCULATED: 70 });
  await work('submit', [
    { name: 'request', service: 'shop', kind: 'server', time: [10, 12], ...names('BRK-1') },
    {
      name: 'insert',
      service: 'shop',
      kind: 'client',
      time: [10.5, 11],
      parent: 'request',
      attributes: { 'db.system.name': 'postgresql', 'server.address': '10.0.0.7' },
    },
    { name: 'publish', service: 'shop', kind: 'producer', time: [11.2, 11.4], parent: 'request' },
    // A new convention links, and still has a parent; it says so in an attribute whether it only polls.
    {
      name: 'poll',
      service: 'mes',
      kind: 'client',
      time: [5, 40],
      parent: 'publish',
      attributes: { 'messaging.operation.type': 'receive', 'messaging.system': 'rabbitmq' },
    },
    { name: 'process', service: 'mes', kind: 'consumer', time: [40, 60], parent: 'poll', link: 'publish' },
    { name: 'get file', service: 'mes', kind: 'client', time: [45, 50], parent: 'process' },
    { name: 'serve file', service: 'shop', kind: 'server', time: [46, 49], parent: 'get file' },
  ]);
  // An order that only its transitions tell of, and one with a single span.
  await report('BRK-2', { INITIATED: 0, FILE_UPLOADED: 2, SUBMITTED: 10, PRICE_CALCULATED: 30 });
  await work('quick', [{ name: 'check', service: 'shop', kind: 'internal', time: [10, 20], ...names('BRK-2') }]);
  await report('BRK-3', { INITIATED: 0, FILE_UPLOADED: 2, SUBMITTED: 10, PRICE_CALCULATED: 40 });

  await vi.waitFor(async () => {
    const found = await waybill.api.breakdown('BRK-1');
    expect(found).toMatchObject({ orderId: 'BRK-1', spanCount: 7, truncated: false });
    expect(found?.visits.map(({ status }) => status)).toHaveLength(4);
  }, LATE);
  const broken = await waybill.api.breakdown('BRK-1');
  const order = await waybill.api.order('BRK-1');
  expect(broken?.visits.map(({ status, enteredAt, leftAt }) => ({ status, enteredAt, leftAt }))).toEqual(
    order?.visits.map(({ status, enteredAt, leftAt }) => ({ status, enteredAt, leftAt })),
  );
  expect(broken?.visits[2]?.breakdown).toEqual({
    services: [
      { service: 'mes', ms: 15_000 },
      { service: 'shop', ms: 6500 },
    ],
    queueMs: 28_000,
    externalMs: 500,
    externals: [{ name: 'postgresql', ms: 500 }],
    idleMs: 10_000,
    spanCount: 7,
    anomalyCount: 0,
  });
  // Nobody was seen in the first visit; whoever only polls does not work.
  expect(broken?.visits[0]).toMatchObject({ lengthMs: 2000, breakdown: { services: [], idleMs: 2000, spanCount: 0 } });
  // The open visit is broken down up to now.
  expect(broken?.visits[3]?.breakdown?.idleMs).toBeGreaterThan(Date.now() - Number(nano(70) / 1_000_000n) - 60_000);
  const untraced = await waybill.api.breakdown('BRK-3');
  expect(untraced?.visits.map(({ breakdown }) => breakdown)).toEqual([null, null, null, null]);
  expect(await waybill.api.breakdown('nobody')).toBeUndefined();
});

it('gives the means of a status with their coverage, and corrects them when a span comes late', async () => {
  const means = {
    visits: 2,
    coverage: 2 / 3,
    meanMs: 40_000,
    queueMeanMs: 14_000,
    queueShare: 0.35,
    externalMeanMs: 250,
    externalShare: 0.00625,
  };
  await vi.waitFor(async () => {
    expect(await submitted()).toEqual({
      ...means,
      services: [
        { service: 'shop', meanMs: 8250, share: 0.20625 },
        { service: 'mes', meanMs: 7500, share: 0.1875 },
      ],
      idleMeanMs: 10_000,
      idleShare: 0.25,
    });
  }, LATE);
  await work('late', [{ name: 'call', service: 'crm', kind: 'internal', time: [22, 26], ...names('BRK-2') }]);
  await vi.waitFor(async () => {
    expect(await submitted()).toEqual({
      ...means,
      services: [
        { service: 'shop', meanMs: 8250, share: 0.20625 },
        { service: 'mes', meanMs: 7500, share: 0.1875 },
        { service: 'crm', meanMs: 2000, share: 0.05 },
      ],
      idleMeanMs: 8000,
      idleShare: 0.2,
    });
  }, LATE);
  // A visit that turns out to have ended at another time is not counted twice.
  await report('BRK-2', { PRICE_CALCULATED: 28 });
  await vi.waitFor(async () => {
    expect(await submitted()).toMatchObject({ visits: 2, coverage: 2 / 3, meanMs: 39_000, idleMeanMs: 7000 });
  }, LATE);
});

it('breaks down after a start what ended shortly before the stop', async () => {
  await report('BRK-4', { INITIATED: 0, FILE_UPLOADED: 2, SUBMITTED: 10, PRICE_CALCULATED: 60 });
  await work('before the stop', [
    { name: 'check', service: 'shop', kind: 'internal', time: [10, 40], ...names('BRK-4') },
  ]);
  await vi.waitFor(async () => {
    expect((await waybill.api.order('BRK-4'))?.visits).toHaveLength(4);
    expect((await waybill.api.order('BRK-4'))?.traces).toHaveLength(1);
  }, LATE);
  await waybill.stop();
  waybill = await Waybill.start({ dataDir });
  await vi.waitFor(async () => {
    expect(await submitted()).toMatchObject({ visits: 3, coverage: 3 / 4 });
  }, LATE);
});
