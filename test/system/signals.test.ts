import { type LogRecord, ROOT_CONTEXT, SeverityNumber, trace } from '@opentelemetry/api';
import { OTLPLogExporter as GrpcLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPMetricExporter as GrpcMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as JsonMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, type LogRecordExporter, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import {
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Logs, logs, type Metric, metric, metricList } from '../../src/api/contract/index.ts';
import { encodeMessage } from '../../src/wire/otlp/testing/trace-proto.ts';
import { endEverything, temporaryDirectory, Waybill } from './harness.ts';
import { sendSpans, type TestSpan } from './otlp-sender.ts';

const NOW = BigInt(Date.now()) * 1_000_000n;
const SECOND = 1_000_000_000n;
/** One order's own trace, and one that serves two orders. */
const OWN = '11'.repeat(16);
const SHARED = '22'.repeat(16);
const ROOT_SPAN = 'a1'.repeat(8);
const FIRST_SPAN = 'b1'.repeat(8);
const SECOND_SPAN = 'b2'.repeat(8);

const SPANS: TestSpan[] = [
  {
    traceId: OWN,
    spanId: ROOT_SPAN,
    service: 'shop',
    name: 'submit',
    startedAt: NOW,
    attributes: { 'order.id': 'O-1' },
  },
  { traceId: OWN, spanId: FIRST_SPAN, parentSpanId: ROOT_SPAN, service: 'mes', name: 'price', startedAt: NOW },
  { traceId: SHARED, spanId: ROOT_SPAN, service: 'mes', name: 'poll', startedAt: NOW },
  ...['O-1', 'O-2'].map((order, index) => ({
    traceId: SHARED,
    spanId: index === 0 ? FIRST_SPAN : SECOND_SPAN,
    parentSpanId: ROOT_SPAN,
    service: 'mes',
    name: 'work',
    startedAt: NOW,
    attributes: { 'order.id': order },
  })),
];

let waybill: Waybill;

/** Emits records as a service does and waits until they are acknowledged. */
async function emit(exporter: LogRecordExporter, service: string, records: readonly LogRecord[]): Promise<void> {
  const resource = resourceFromAttributes({ 'service.name': service });
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] });
  for (const record of records) provider.getLogger('system-test', '1.0').emit(record);
  await provider.shutdown();
}

function inside(traceId: string, spanId: string): Pick<LogRecord, 'context'> {
  return { context: trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1 }) };
}

/** Reports every kind of metric that the SDK has, twice; counters add up to 7, histograms hold 1 … 100 ms. */
async function measure(exporter: PushMetricExporter, service: string): Promise<void> {
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    readers: [reader],
    views: [{ instrumentName: 'test.exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  });
  const meter = provider.getMeter('system-test');
  const counter = meter.createCounter('test.orders', { unit: '{order}', description: 'orders taken' });
  const running = meter.createUpDownCounter('test.running');
  const gauge = meter.createGauge('test.temperature', { unit: 'Cel' });
  const histogram = meter.createHistogram('test.duration', { unit: 'ms' });
  const exponential = meter.createHistogram('test.exponential', { unit: 'ms' });
  counter.add(3, { channel: 'web' });
  running.add(5);
  gauge.record(21);
  for (let ms = 1; ms <= 50; ms += 1) for (const each of [histogram, exponential]) each.record(ms);
  await provider.forceFlush();
  counter.add(4, { channel: 'web' });
  running.add(-2);
  gauge.record(23);
  for (let ms = 51; ms <= 100; ms += 1) for (const each of [histogram, exponential]) each.record(ms);
  await provider.shutdown();
}

function post(path: string, message: string, request: Record<string, unknown>): Promise<Response> {
  return fetch(waybill.otlpHttp + path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: Uint8Array.from(encodeMessage(message, request)),
  });
}

const SERVICE = { attributes: [{ key: 'service.name', value: { stringValue: 'crm' } }] };

/** Fails where a sender would not take the answer for an acknowledgement. */
async function acknowledged(sent: Promise<Response>): Promise<void> {
  const { status } = await sent;
  if (status !== 200) throw new Error(`the request was answered ${status}`);
}

async function search(query: Record<string, string>): Promise<Logs> {
  const answer = await waybill.api.fetch(`/api/logs?${new URLSearchParams(query).toString()}`);
  return logs.parse(await answer.json());
}

async function bodies(query: Record<string, string>): Promise<string[]> {
  return (await search(query)).logs.map(({ body }) => body.value);
}

async function figures(name: string, query: Record<string, string> = {}): Promise<Metric> {
  const answer = await waybill.api.fetch(`/api/metrics/${name}?${new URLSearchParams(query).toString()}`);
  return metric.parse(await answer.json());
}

const grpc = (): { url: string } => ({ url: waybill.otlpGrpc });
const http = (path: string): { url: string } => ({ url: waybill.otlpHttp + path });

beforeAll(async () => {
  const dataDir = await temporaryDirectory();
  waybill = await Waybill.start({ dataDir });
  await acknowledged(sendSpans(waybill.otlpHttp, SPANS));
  await emit(new JsonLogExporter(http('/v1/logs')), 'mes', [
    {
      timestamp: Number((NOW + SECOND) / 1_000_000n),
      severityNumber: SeverityNumber.ERROR,
      severityText: 'ERROR',
      body: 'no price for anna@example.test',
      attributes: { attempt: 2, 'customer.phone': '+79161234567' },
      ...inside(OWN, FIRST_SPAN),
    },
  ]);
  await emit(new GrpcLogExporter(grpc()), 'shop', [
    {
      timestamp: Number((NOW + 2n * SECOND) / 1_000_000n),
      severityNumber: SeverityNumber.INFO,
      body: { note: 'paid', card: '4111' },
      attributes: { 'order.id': 'O-1' },
    },
    { timestamp: Number((NOW + 3n * SECOND) / 1_000_000n), body: 'second', ...inside(SHARED, SECOND_SPAN) },
  ]);
  const polling = {
    resourceLogs: [
      {
        resource: SERVICE,
        scopeLogs: [
          {
            logRecords: [
              {
                timeUnixNano: String(NOW + 4n * SECOND),
                body: { stringValue: 'polled' },
                traceId: Buffer.from(SHARED, 'hex'),
                spanId: Buffer.from(ROOT_SPAN, 'hex'),
              },
              { timeUnixNano: String(2n ** 64n - 1n), body: { stringValue: 'never' } },
            ],
          },
        ],
      },
    ],
  };
  // A sender that missed the acknowledgement repeats itself.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await acknowledged(post('/v1/logs', 'ExportLogsServiceRequest', polling));
  }
  await measure(new JsonMetricExporter(http('/v1/metrics')), 'shop');
  await measure(new GrpcMetricExporter(grpc()), 'mes');
  const point = {
    timeUnixNano: String(NOW),
    count: '4',
    sum: 10,
    quantileValues: [
      { quantile: 0.5, value: 2 },
      { quantile: 0.99, value: 4 },
    ],
  };
  const exemplar = {
    timeUnixNano: String(NOW),
    asDouble: 99,
    traceId: Buffer.from(OWN, 'hex'),
    spanId: Buffer.from(FIRST_SPAN, 'hex'),
  };
  const summary = {
    resourceMetrics: [
      {
        resource: SERVICE,
        scopeMetrics: [
          {
            metrics: [
              { name: 'test.summary', unit: 's', summary: { dataPoints: [point] } },
              {
                name: 'test.slowest',
                gauge: { dataPoints: [{ timeUnixNano: String(NOW), asDouble: 99, exemplars: [exemplar] }] },
              },
            ],
          },
        ],
      },
    ],
  };
  await acknowledged(post('/v1/metrics', 'ExportMetricsServiceRequest', summary));
});

afterAll(endEverything);

it('logs and metrics are counted, and survive the end of the process', async () => {
  expect((await waybill.api.system()).ingest).toMatchObject({
    logRecordsAccepted: 5,
    logRecordsRefused: 2,
    dataPointsAccepted: 22,
    dataPointsRefused: 0,
  });
  // What was acknowledged survives the end of the process.
  await waybill.kill();
  waybill = await Waybill.start({ dataDir: waybill.dataDir });
  await vi.waitFor(
    async () => {
      expect((await search({})).logs).toHaveLength(4);
      expect((await waybill.api.fetch('/api/metrics/test.summary')).status).toBe(200);
      expect((await waybill.api.order('O-2'))?.traces).toHaveLength(1);
    },
    { timeout: 60_000, interval: 100 },
  );
});

describe('log records', () => {
  it('stand beside their trace and span, redacted, with the order that they inherit', async () => {
    const { logs: found } = await search({ traceId: OWN });
    expect(found).toMatchObject([
      {
        body: { type: 'string', value: 'no price for [redacted]' },
        severity: 'error',
        severityText: 'ERROR',
        service: 'mes',
        spanId: FIRST_SPAN,
        scope: { name: 'system-test', version: '1.0' },
        orderId: 'O-1',
        orderNamed: false,
      },
    ]);
    expect(found[0]?.attributes).toEqual([
      { key: 'attempt', type: 'int', value: '2' },
      { key: 'customer.phone', type: 'string', value: '[redacted]' },
    ]);
    expect(await bodies({ traceId: SHARED.toUpperCase() })).toEqual(['polled', 'second']);
    expect(await bodies({ traceId: SHARED, spanId: ROOT_SPAN })).toEqual(['polled']);
  });

  it('are found by the order that they name, or that their span works for', async () => {
    const { logs: found } = await search({ orderId: 'O-1' });
    expect(found.map(({ body, orderNamed }) => [body.type, body.value, orderNamed])).toEqual([
      ['kvlist', '{"note":"paid","card":"[redacted]"}', true],
      ['string', 'no price for [redacted]', false],
    ]);
    expect(await bodies({ orderId: 'O-2' })).toEqual(['second']);
    expect((await search({ text: 'POLLED' })).logs).toMatchObject([{ orderId: null, service: 'crm' }]);
  });

  it('are listed newest first, each once, page by page, by service, severity and time', async () => {
    const pages: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await search({ limit: '1', ...(cursor === undefined ? {} : { cursor }) });
      pages.push(...page.logs.map(({ body }) => body.value));
      cursor = page.nextCursor;
    }
    expect(pages).toEqual(['polled', 'second', '{"note":"paid","card":"[redacted]"}', 'no price for [redacted]']);
    expect(await bodies({ service: 'crm' })).toEqual(['polled']);
    expect(await bodies({ severity: 'info' })).toHaveLength(2);
    expect(await bodies({ severity: 'error' })).toEqual(['no price for [redacted]']);
    const since = new Date(Number((NOW + 3n * SECOND) / 1_000_000n)).toISOString();
    expect(await bodies({ since })).toEqual(['polled', 'second']);
    expect(await bodies({ until: since, service: 'shop' })).toHaveLength(1);
    expect((await waybill.api.fetch('/api/logs?cursor=nonsense')).status).toBe(400);
    expect((await waybill.api.fetch('/api/logs?since=yesterday')).status).toBe(400);
  });
});

describe('metrics of every type', () => {
  it('are listed with their type, unit and services', async () => {
    const { metrics } = metricList.parse(await (await waybill.api.fetch('/api/metrics?text=test.')).json());
    expect(metrics.map(({ name, type, unit, services }) => [name, type, unit, services.join()])).toEqual([
      ['test.duration', 'histogram', 'ms', 'mes,shop'],
      ['test.exponential', 'exponential_histogram', 'ms', 'mes,shop'],
      ['test.orders', 'sum', '{order}', 'mes,shop'],
      ['test.running', 'sum', '', 'mes,shop'],
      ['test.slowest', 'gauge', '', 'crm'],
      ['test.summary', 'summary', 's', 'crm'],
      ['test.temperature', 'gauge', 'Cel', 'mes,shop'],
    ]);
  });

  it('tell a counter as a rate, split by service or by an attribute', async () => {
    const total = ({ groups, stepMs }: Metric): [string, number][] =>
      groups.map(({ group, points }) => [
        group,
        Math.round(points.reduce((sum, { rate }) => sum + ((rate ?? 0) * stepMs) / 1000, 0)),
      ]);
    expect(total(await figures('test.orders'))).toEqual([
      ['mes', 7],
      ['shop', 7],
    ]);
    expect(total(await figures('test.orders', { by: 'channel', step: '60' }))).toEqual([['web', 14]]);
    expect(total(await figures('test.orders', { by: 'none', service: 'mes' }))).toEqual([['', 7]]);
  });

  it('tell a gauge and an up-down counter as a level', async () => {
    const gauge = await figures('test.temperature', { by: 'none', step: '3600' });
    expect(gauge.figure).toBe('level');
    const values = gauge.groups[0]?.points ?? [];
    expect([Math.min(...values.map(({ min }) => min ?? 0)), Math.max(...values.map(({ max }) => max ?? 0))]).toEqual([
      21, 23,
    ]);
    const running = await figures('test.running', { by: 'none', step: '3600' });
    expect(running.groups[0]?.points.at(-1)?.value).toBe(6);
  });

  it.each(['test.duration', 'test.exponential'])(
    'tell the mean and percentiles of %s from its buckets',
    async (name) => {
      // One step over all: from an hour ago to an hour ahead.
      const at = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
      const answer = await figures(name, { by: 'none', since: at(-1), until: at(1), step: '7200' });
      expect(answer.figure).toBe('distribution');
      const [point] = answer.groups[0]?.points ?? [];
      expect(point).toMatchObject({ count: 200, mean: 50.5 });
      expect(Math.abs((point?.p50 ?? 0) - 50)).toBeLessThan(2);
      expect(Math.abs((point?.p95 ?? 0) - 95)).toBeLessThan(2);
    },
  );

  it('hand on the quantiles of a summary, and lead from an exemplar to its trace', async () => {
    const { groups } = await figures('test.summary');
    expect(groups).toMatchObject([
      {
        group: 'crm {}',
        points: [
          {
            quantiles: [
              { quantile: 0.5, value: 2 },
              { quantile: 0.99, value: 4 },
            ],
          },
        ],
      },
    ]);
    const { exemplars } = await figures('test.slowest');
    expect(exemplars).toMatchObject([{ value: 99, traceId: OWN, spanId: FIRST_SPAN, service: 'crm' }]);
  });

  it('are not found where there are none', async () => {
    expect((await waybill.api.fetch('/api/metrics/nothing')).status).toBe(404);
    expect((await waybill.api.fetch('/api/metrics/test.orders?since=2026-01-01T00:00:00Z&step=1')).status).toBe(400);
  });
});
