import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { afterAll, expect, it } from 'vitest';
import { statuses } from '../../examples/jewelry/faults.ts';
import { anyFreePort } from '../../tools/demo/ports.ts';
import type { ApiClient } from './api-client.ts';
import { endEverything, isAlive, storePid, temporaryDirectory, Waybill, type WaybillSettings } from './harness.ts';
import { type SdkSpan, sdkSpans, sendSpans, type TestSpan } from './otlp-sender.ts';
import { askStore } from './store-console.ts';

afterAll(endEverything);

/** Spans of one request; each request is a trace of its own. */
const SPANS_PER_BATCH = 25;
/** What is killed, round by round, while spans stream in. */
const ROUNDS = ['server', 'store', 'server', 'server', 'store', 'server'] as const;
const FIRST_START = 1_790_000_000_000_000_000n;

/** Sends batches. */
interface Transport {
  /** Resolves with whether the batch was acknowledged. */
  readonly send: (spans: readonly TestSpan[]) => Promise<boolean>;
  /** Whether it sends again by itself, unseen. */
  readonly repeats: boolean;
}

/** A batch that was acknowledged. */
interface Acknowledged {
  readonly spans: readonly TestSpan[];
  /** Whether it was sent once for certain: then it must be stored once even before duplicates are taken out. */
  readonly sentOnce: boolean;
}

/** A sender as exporters are: numbers its spans, repeats a batch until it is acknowledged, and keeps a ledger. */
class LedgerSender {
  readonly name: string;
  readonly ledger: Acknowledged[] = [];
  readonly #transport: Transport;
  #stopped = false;

  constructor(name: string, transport: Transport) {
    this.name = name;
    this.#transport = transport;
  }

  async run(): Promise<void> {
    // Ends between two orders, so that every order has all its statuses.
    for (let number = 0; !this.#stopped || number % statuses.length !== 0; number += 1) {
      const spans = batch(this.name, number);
      let attempts = 1;
      while (!(await this.#transport.send(spans))) {
        attempts += 1;
        await sleep(50);
      }
      this.ledger.push({ spans, sentOnce: attempts === 1 && !this.#transport.repeats });
      await sleep(20);
    }
  }

  stop(): void {
    this.#stopped = true;
  }
}

/** Batch `number` of a sender: a trace whose first span reports the next status of an order; ten of them close it. */
function batch(sender: string, number: number): TestSpan[] {
  const startedAt = FIRST_START + BigInt(number) * 1_000_000_000n;
  const traceId = hash(`${sender}:${number}`, 32);
  const rootId = hash(`${sender}:${number}:0`, 16);
  const status = statuses[number % statuses.length] ?? '';
  return Array.from({ length: SPANS_PER_BATCH }, (_, index): TestSpan => {
    const span = { traceId, service: `sender-${sender}`, name: `span ${index}`, startedAt: startedAt + BigInt(index) };
    if (index > 0) return { ...span, spanId: hash(`${sender}:${number}:${index}`, 16), parentSpanId: rootId };
    const attributes = { 'order.id': orderOf(sender, number), 'order.status': status };
    return {
      ...span,
      spanId: rootId,
      attributes: { 'order.id': attributes['order.id'] },
      events: [{ name: 'order.status_changed', at: startedAt, attributes }],
    };
  });
}

function orderOf(sender: string, number: number): string {
  return `CRASH-${sender}-${String(Math.floor(number / statuses.length)).padStart(4, '0')}`;
}

function hash(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

/** The HTTP transport of a program that gzips protobuf itself. */
function plainTransport(otlpHttp: string): Transport {
  const send: Transport['send'] = async (spans) => {
    try {
      const response = await sendSpans(otlpHttp, spans, 'gzip');
      await response.arrayBuffer();
      return response.status === 200;
    } catch {
      return false;
    }
  };
  return { send, repeats: false };
}

/** An exporter of the OpenTelemetry SDK, with its own repetitions inside. */
function sdkTransport(exporter: {
  export(spans: SdkSpan[], done: (result: { code: number }) => void): void;
}): Transport {
  const send: Transport['send'] = (spans) =>
    new Promise((resolve) => exporter.export(sdkSpans(spans), ({ code }) => resolve(code === 0)));
  return { send, repeats: true };
}

async function killStore(waybill: Waybill): Promise<void> {
  const pid = storePid(waybill.dataDir);
  if (pid === undefined) throw new Error('the store does not run');
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  // While the store is away the intake goes on; it comes back by itself.
  await expect.poll(() => waybill.api.readiness(), { timeout: 60_000 }).toBe(200);
  expect(waybill.process.ended).toBe(false);
}

async function untilStored(api: ApiClient): Promise<void> {
  const isStored = async (): Promise<boolean> => {
    const { journal, projector } = await api.system();
    return journal.segments === 0 && projector.lagMs === 0;
  };
  await expect.poll(isStored, { timeout: 120_000, interval: 250 }).toBe(true);
}

it('keeps every acknowledged span exactly once over kill -9 of the server and of its store', async () => {
  const dataDir = await temporaryDirectory();
  const settings: WaybillSettings = {
    dataDir,
    // A sender finds a restarted server where it was.
    httpPort: await anyFreePort(),
    otlpHttp: { port: await anyFreePort() },
    otlpGrpc: { port: await anyFreePort() },
    // Small segments: some are in every state of their life when the kill comes.
    more: { journal: { segmentAgeMs: 200 } },
  };
  let waybill = await Waybill.start(settings);
  const httpExporter = new HttpExporter({ url: `${waybill.otlpHttp}/v1/traces`, timeoutMillis: 3000 });
  const grpcExporter = new GrpcExporter({ url: waybill.otlpGrpc, timeoutMillis: 3000 });
  const senders = [
    new LedgerSender('plain', plainTransport(waybill.otlpHttp)),
    new LedgerSender('http', sdkTransport(httpExporter)),
    new LedgerSender('grpc', sdkTransport(grpcExporter)),
  ];
  const running = Promise.all(senders.map((sender) => sender.run()));
  const acknowledged = (): number => senders.reduce((sum, { ledger }) => sum + ledger.length, 0);

  for (const [round, target] of ROUNDS.entries()) {
    const before = acknowledged();
    await expect.poll(acknowledged, { timeout: 60_000, interval: 20 }).toBeGreaterThan(before + 10);
    await sleep(100 + ((round * 137) % 400));
    if (target === 'store') await killStore(waybill);
    else {
      expect(await waybill.kill()).toMatchObject({ signal: 'SIGKILL' });
      waybill = await Waybill.start(settings);
    }
    // Merges would take duplicates out before they are counted.
    await askStore(dataDir, 'SYSTEM STOP MERGES');
  }
  for (const sender of senders) sender.stop();
  await running;
  await Promise.all([httpExporter.shutdown(), grpcExporter.shutdown()]);
  await untilStored(waybill.api);

  expect(
    await storedMoreThanOnce(
      dataDir,
      senders.flatMap(({ ledger }) => ledger),
    ),
  ).toEqual([]);
  for (const statement of ['SYSTEM START MERGES', 'OPTIMIZE TABLE spans']) await askStore(dataDir, statement);

  const problems: string[] = [];
  for (const { name, ledger } of senders) {
    expect(ledger.length).toBeGreaterThan(ROUNDS.length);
    const found = ledger.map((entry) => problemsOf(waybill.api, name, entry));
    problems.push(...(await Promise.all(found)).flat());
  }
  expect(problems).toEqual([]);

  for (const { name, ledger } of senders) {
    for (let number = 0; number < ledger.length; number += statuses.length) {
      const order = await waybill.api.order(orderOf(name, number));
      expect(order, orderOf(name, number)).toMatchObject({ status: 'CLOSED', deviations: [] });
      expect(order?.visits.map(({ status }) => status)).toEqual(statuses);
      expect(order?.visits.map(({ evidence }) => evidence.length)).toEqual(statuses.map(() => 1));
    }
  }
  expect((await waybill.api.orders('CRASH-')).length).toBe(acknowledged() / statuses.length);
  expect(await waybill.stop()).toMatchObject({ code: 0 });
});

/** What is wrong with an acknowledged batch, seen through the API: spans that are missing or there twice. */
async function problemsOf(api: ApiClient, sender: string, { spans }: Acknowledged): Promise<string[]> {
  const traceId = spans[0]?.traceId ?? '';
  const trace = await api.trace(traceId);
  if (trace === undefined) return [`${sender}: trace ${traceId} is missing`];
  const found = trace.spans.map(({ spanId }) => spanId);
  const missing = spans.filter(({ spanId }) => !found.includes(spanId)).length;
  const twice = found.length - new Set(found).size;
  if (missing === 0 && twice === 0 && trace.spanCount === spans.length) return [];
  return [`${sender}: trace ${traceId} lacks ${missing}, has ${twice} twice, counts ${trace.spanCount}`];
}

/** Traces of batches that were sent once and have a span in more than one row of the store. */
async function storedMoreThanOnce(dataDir: string, batches: readonly Acknowledged[]): Promise<string[]> {
  const rows = await askStore(
    dataDir,
    'SELECT DISTINCT lower(hex(trace_id)) FROM (SELECT trace_id, span_id, count() AS rows FROM spans GROUP BY trace_id, span_id HAVING rows > 1)',
  );
  const twice = new Set(rows.split('\n'));
  return batches
    .filter(({ sentOnce }) => sentOnce)
    .map(({ spans }) => spans[0]?.traceId ?? '')
    .filter((traceId) => twice.has(traceId));
}
