import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { System } from '../../api/contract/system.ts';
import { compileMachine } from '../../lifecycle/machine.ts';
import { requireLifecycle } from '../../lifecycle/parse.ts';
import { insertOrders, SECOND, T0 } from '../../query/metrics/testing/order-rows.ts';
import { Queries } from '../../query/queries.ts';
import type { Store } from '../../store/store.ts';
import { openTemporaryStore } from '../../store/testing/temporary-store.ts';
import { metricsConfigSchema } from './config.ts';
import { Metrics, type MetricsParts } from './metrics.ts';
import { readOrderState } from './order-state.ts';

const NOW = T0 + 7_200n * SECOND;
const RECOVERY = 60n * SECOND;
const LIFECYCLE_FILE = resolve(import.meta.dirname, '../../../examples/jewelry/lifecycle.yaml');
const lifecycle = requireLifecycle(readFileSync(LIFECYCLE_FILE, 'utf8'), LIFECYCLE_FILE);

const SYSTEM: System = {
  version: '1.2.3',
  now: '2026-03-02T11:00:00Z',
  startedAt: '2026-03-02T10:59:00Z',
  ingest: {
    spansAccepted: 41,
    spansRefused: 2,
    logRecordsAccepted: 0,
    logRecordsRefused: 0,
    dataPointsAccepted: 0,
    dataPointsRefused: 0,
    requestsRefused: 3,
    redactedValues: 5,
  },
  journal: { segments: 1, bytes: 4096, limitBytes: 65_536, lagMs: 1500 },
  projector: { lagMs: 250, refoldedOrders: 7, failures: 0, rejudging: 0, breakingDown: 0 },
  store: { embedded: true, ok: true, restarts: 1 },
  rabbitmq: [],
  drops: [
    { what: 'request_refused.overloaded', count: 3 },
    { what: 'span_rejected.invalid_trace_id', count: 2 },
    { what: 'value_truncated', count: 9 },
  ],
};

const started: Metrics[] = [];

async function start(
  parts: Partial<MetricsParts>,
  config: unknown = { prometheus: { port: 0 } },
): Promise<{ metrics: Metrics; url: string | undefined }> {
  const metrics = new Metrics({
    config: metricsConfigSchema.parse(config),
    version: '1.2.3',
    lifecycle,
    log: () => undefined,
    system: () => Promise.resolve(SYSTEM),
    orders: () => Promise.reject(new Error('the store is away')),
    ...parts,
  });
  started.push(metrics);
  return { metrics, url: await metrics.start() };
}

/** Samples of a scrape by their series. */
async function scrape(url: string | undefined, accept = 'text/plain'): Promise<Map<string, number>> {
  const answer = await fetch(url ?? '', { headers: { accept } });
  expect(answer.status).toBe(200);
  const samples = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((metrics) => metrics.stop()));
});

describe('metrics of orders in a real store', () => {
  let store: Store;
  let orders: MetricsParts['orders'];

  beforeAll(async () => {
    store = await openTemporaryStore();
    await insertOrders(store.client, [
      {
        orderId: 'closed',
        visits: [
          ['INITIATED', 0n, 10n * SECOND],
          ['SUBMITTED', 10n * SECOND, 3000n * SECOND],
          ['CLOSED', 3000n * SECOND, null],
        ],
        closed: 3000n * SECOND,
        deviations: ['skipped', 'skipped'],
      },
      // Open for an hour; the target is 30 s.
      {
        orderId: 'stuck',
        visits: [
          ['INITIATED', 0n, 3600n * SECOND],
          ['SUBMITTED', 3600n * SECOND, null],
        ],
        failures: [['timeout', 'mes-api', 3700n * SECOND, null]],
      },
      { orderId: 'unknown "status"', visits: [['LOST\n', 0n, null]] },
    ]);
    const queries = new Queries({
      store: store.client,
      machine: compileMachine(lifecycle),
      now: () => NOW,
      recoveryTime: RECOVERY,
    });
    orders = () => readOrderState({ store: store.client, queries, now: () => NOW, recoveryTime: RECOVERY });
  });

  afterAll(async () => {
    await store.close();
  });

  it('are there for a scraper', async () => {
    const { url } = await start({ orders });
    const samples = await scrape(url, 'application/openmetrics-text; version=1.0.0');
    const of = (name: string, status: string, more = '') =>
      samples.get(`${name}{order_status="${status}",order_lifecycle="jewelry-order"${more}}`);
    expect(of('order_status_duration_seconds_bucket', 'INITIATED', ',le="5.0"')).toBe(0);
    expect(of('order_status_duration_seconds_bucket', 'INITIATED', ',le="10.0"')).toBe(1);
    expect(of('order_status_duration_seconds_bucket', 'INITIATED', ',le="3600.0"')).toBe(2);
    expect(of('order_status_duration_seconds_bucket', 'INITIATED', ',le="+Inf"')).toBe(2);
    expect(of('order_status_duration_seconds_gsum', 'INITIATED')).toBe(3610);
    expect(of('order_status_duration_seconds_gcount', 'PACKAGING')).toBe(0);
    expect(of('order_status_target_seconds', 'SUBMITTED')).toBe(30);
    expect(of('order_lead_time_seconds_gsum', 'CLOSED')).toBe(3000);
    expect(of('order_active', 'SUBMITTED')).toBe(1);
    expect(of('order_active', 'INITIATED')).toBe(0);
    expect(of('order_active', 'LOST\\n')).toBe(1);
    expect(samples.get('order_stuck{order_status="SUBMITTED"}')).toBe(1);
    expect(samples.get('order_deviations{order_deviation_kind="skipped",order_lifecycle="jewelry-order"}')).toBe(2);
    expect(samples.get('order_failures{order_failure_class="timeout",service_name="mes-api"}')).toBe(1);
    expect(samples.get('order_failed{order_failure_class="timeout"}')).toBe(1);
    expect(samples.get('order_failed{order_failure_class="api_error"}')).toBe(0);
    const move = (from: string, to: string, allowed: boolean) =>
      samples.get(
        `order_status_transitions{${from}order_status_to="${to}",order_transition_allowed="${allowed}",order_lifecycle="jewelry-order"}`,
      );
    expect(move('', 'INITIATED', true)).toBe(2);
    expect(move('', 'LOST\\n', false)).toBe(1);
    expect(move('order_status_from="SUBMITTED",', 'CLOSED', false)).toBe(1);
    expect(samples.get('waybill_spans_accepted_total')).toBe(41);
  });

  it('arrive over OTLP with the same numbers', async () => {
    const sink = await startSink();
    try {
      const { metrics, url } = await start(
        { orders },
        { prometheus: { port: 0 }, otlp: { url: sink.url, intervalMs: 1000 } },
      );
      const [body] = await sink.first;
      const request = decode(body);
      expect(request.resource['service.name']).toBe('waybill');
      const initiated = request.point('order.status.duration', { 'order.status': 'INITIATED' });
      expect(initiated).toMatchObject({ count: 2, sum: 3610 });
      expect(initiated?.bucketCounts?.reduce((sum, count) => sum + count, 0)).toBe(2);
      expect(initiated?.bucketCounts?.length).toBe((initiated?.explicitBounds?.length ?? 0) + 1);
      expect(request.metrics.get('order.status.duration')).toMatchObject({ unit: 's' });
      // proto3 leaves out what is false.
      expect(request.metrics.get('order.active')?.sum).not.toHaveProperty('isMonotonic');
      expect(request.metrics.get('order.active')?.sum?.aggregationTemporality).toBe(2);
      expect(request.metrics.get('waybill.spans.accepted')?.sum).toMatchObject({ isMonotonic: true });
      expect(request.point('waybill.spans.accepted', {})).toMatchObject({ asInt: 41 });
      expect(request.point('order.failures', { 'service.name': 'mes-api' })).toMatchObject({ asInt: 1 });
      const samples = await scrape(url);
      expect(samples.get('waybill_metrics_push_failures_total')).toBe(0);
      await metrics.stop();
    } finally {
      sink.server.close();
    }
  });
});

describe('metrics while the store is away', () => {
  it('still say how Waybill is, without figures of orders', async () => {
    const { url } = await start({});
    const samples = await scrape(url);
    expect([...samples.keys()].filter((name) => name.startsWith('order_'))).toEqual([]);
    expect(samples.get('waybill_metrics_failures_total')).toBe(1);
    expect(samples.get('waybill_journal_lag_seconds')).toBe(1.5);
    expect(samples.get('waybill_journal_size_bytes')).toBe(4096);
    expect(samples.get('waybill_store_up')).toBe(1);
    expect(samples.get('waybill_uptime_seconds')).toBe(60);
    expect(samples.get('waybill_requests_refused_total{error_type="overloaded"}')).toBe(3);
    expect(samples.get('waybill_spans_refused_total{error_type="invalid_trace_id"}')).toBe(2);
    expect(samples.get('waybill_drops_total{waybill_drop_cause="value_truncated"}')).toBe(9);
    expect([...samples.keys()].filter((name) => name.startsWith('waybill_drops'))).toHaveLength(1);
  });

  it('are an answer even where Waybill cannot say how it is', async () => {
    const { url } = await start({ system: () => Promise.reject(new Error('no')) });
    expect((await scrape(url)).get('waybill_metrics_failures_total')).toBe(1);
  });
});

describe('the place of metrics', () => {
  it('is one path, to be read only', async () => {
    const { url = '' } = await start({});
    const root = new URL(url).origin;
    expect((await fetch(`${root}/other`)).status).toBe(404);
    const posted = await fetch(url, { method: 'POST', body: 'x' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect((await fetch(url)).headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('that is taken names the key and the remedy', async () => {
    const { url = '' } = await start({});
    const port = Number(new URL(url).port);
    await expect(start({}, { prometheus: { port } })).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringContaining(`127.0.0.1:${port} is in use`),
      remedy: expect.stringContaining('metrics.prometheus.port'),
    });
  });

  it('is nowhere when both ways are off', async () => {
    expect((await start({}, { prometheus: { enabled: false } })).url).toBeUndefined();
  });

  it('is closed after the stop, which may be repeated', async () => {
    const { metrics, url = '' } = await start({});
    await metrics.stop();
    await metrics.stop();
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });
});

describe('a push that the receiver does not take', () => {
  it('is counted and said once', async () => {
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(400).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const said: string[] = [];
    let heard = (): void => undefined;
    const failed = new Promise<void>((done) => {
      heard = done;
    });
    const { metrics } = await start(
      {
        log: (_, message) => {
          said.push(message);
          if (message.includes('pushed')) heard();
        },
      },
      { prometheus: { enabled: false }, otlp: { url: `${urlOf(server)}/v1/metrics`, intervalMs: 1000 } },
    );
    await failed;
    const measured = await metrics.collect();
    const failures = measured.find(({ definition }) => definition.name === 'waybill.metrics.push.failures');
    expect(failures?.points).toMatchObject([{ value: expect.any(Number) }]);
    expect(said.filter((message) => message.includes('pushed'))).toEqual([
      'metrics were not pushed (OTLPExporterError), trying again',
    ]);
    server.close();
  });
});

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Takes what is pushed. */
async function startSink(): Promise<{ server: Server; url: string; first: Promise<[Buffer]> }> {
  let take: (body: [Buffer]) => void = () => undefined;
  const first = new Promise<[Buffer]>((done) => {
    take = done;
  });
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      const body = Buffer.concat(parts);
      take([request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body]);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `${urlOf(server)}/v1/metrics`, first };
}

interface DecodedPoint {
  readonly attributes?: readonly { key: string; value: Readonly<Record<string, unknown>> }[];
  readonly asInt?: number;
  readonly asDouble?: number;
  readonly count?: number;
  readonly sum?: number;
  readonly bucketCounts?: readonly number[];
  readonly explicitBounds?: readonly number[];
}

interface DecodedMetric {
  readonly name: string;
  readonly unit?: string;
  readonly gauge?: { dataPoints: DecodedPoint[] };
  readonly sum?: { dataPoints: DecodedPoint[]; aggregationTemporality: number; isMonotonic?: boolean };
  readonly histogram?: { dataPoints: DecodedPoint[] };
}

/** What of opentelemetry/proto/metrics/v1/metrics.proto the test looks at. */
const PROTO = `syntax = "proto3";
message Request { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeMetrics { repeated Metric metrics = 2; }
message Metric { string name = 1; string unit = 3; Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; }
message Gauge { repeated Point data_points = 1; }
message Sum { repeated Point data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Histogram { repeated HistogramPoint data_points = 1; int32 aggregation_temporality = 2; }
message Point { repeated KeyValue attributes = 7; fixed64 time = 3; oneof value { double as_double = 4; sfixed64 as_int = 6; } }
message HistogramPoint { repeated KeyValue attributes = 9; fixed64 count = 4; double sum = 5; repeated fixed64 bucket_counts = 6;
  repeated double explicit_bounds = 7; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }`;

function decode(body: Buffer) {
  const type = protobuf.parse(PROTO).root.lookupType('Request');
  const request = type.toObject(type.decode(body), { longs: Number, defaults: false }) as {
    resourceMetrics: {
      resource: { attributes: { key: string; value: { stringValue?: string } }[] };
      scopeMetrics: { metrics: DecodedMetric[] }[];
    }[];
  };
  const [only] = request.resourceMetrics;
  const metrics = new Map(
    only?.scopeMetrics.flatMap((scope) => scope.metrics).map((metric) => [metric.name, metric] as const),
  );
  return {
    resource: Object.fromEntries(only?.resource.attributes.map(({ key, value }) => [key, value.stringValue]) ?? []),
    metrics,
    /** The point of a metric that has these attributes, among others. */
    point: (name: string, attributes: Readonly<Record<string, string>>): DecodedPoint | undefined => {
      const metric = metrics.get(name);
      const points = (metric?.gauge ?? metric?.sum ?? metric?.histogram)?.dataPoints ?? [];
      return points.find((point) =>
        Object.entries(attributes).every(([key, text]) =>
          point.attributes?.some((each) => each.key === key && Object.values(each.value).includes(text)),
        ),
      );
    },
  };
}
