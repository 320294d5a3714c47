import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { planOrder, statuses } from '../../examples/jewelry/faults.ts';
import { decodeMessage } from '../../src/wire/otlp/testing/trace-proto.ts';
import { type CompanySetup, companyProcess, services } from '../../tools/demo/company.ts';
import { anyFreePort } from '../../tools/demo/ports.ts';
import { startPostgres } from '../../tools/demo/postgres.ts';
import { killEverything } from '../../tools/demo/processes.ts';
import { startRabbitmq } from '../../tools/demo/rabbitmq.ts';
import { supervise } from '../../tools/demo/supervised.ts';
import { CHECKOUT, endEverything, temporaryDirectory, Waybill } from './harness.ts';
import { postTraces } from './otlp-sender.ts';

const SEED = 'CRASH1';
const ORDERS = 8;
/** Orders whose steps follow each other this fast are everywhere on their way when Waybill is killed. */
const TIME_SCALE = 0.1;

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});
// What a failure in between left running.
process.once('exit', killEverything);
afterAll(async () => {
  killEverything();
  await endEverything();
});

const exportRequest = z.object({
  resourceSpans: z.array(
    z.object({
      scopeSpans: z.array(
        z.object({ spans: z.array(z.object({ traceId: z.instanceof(Buffer), spanId: z.instanceof(Buffer) })) }),
      ),
    }),
  ),
});

/**
 * Stands between the services and Waybill as a collector with a queue does: repeats until Waybill acknowledges, and keeps a ledger
 * of what was acknowledged. The services' own exporters give up after seconds, and what they drop is no one's promise.
 */
class Relay {
  /** Acknowledged span ids by trace id. */
  readonly ledger = new Map<string, Set<string>>();
  repeats = 0;
  #waiting = 0;
  readonly #server: Server;
  readonly #target: string;

  constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        // Answered at once: a sender that gave up would send the same spans again, and hide what was lost.
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
        void this.#forward(Buffer.concat(chunks));
      });
    });
  }

  /** Resolves with the port. */
  async start(): Promise<number> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** Requests that Waybill has not acknowledged yet. */
  get waiting(): number {
    return this.#waiting;
  }

  async #forward(body: Buffer): Promise<void> {
    this.#waiting += 1;
    while (!(await this.#isAcknowledged(body))) {
      this.repeats += 1;
      await sleep(100);
    }
    for (const { scopeSpans } of exportRequest.parse(decodeMessage('ExportTraceServiceRequest', body)).resourceSpans) {
      for (const { traceId, spanId } of scopeSpans.flatMap(({ spans }) => spans)) {
        const trace = traceId.toString('hex');
        const known = this.ledger.get(trace) ?? new Set();
        this.ledger.set(trace, known.add(spanId.toString('hex')));
      }
    }
    this.#waiting -= 1;
  }

  async #isAcknowledged(body: Buffer): Promise<boolean> {
    try {
      const response = await postTraces(this.#target, body, { 'content-type': 'application/x-protobuf' }, 10_000);
      await response.arrayBuffer();
      return response.status === 200;
    } catch {
      return false;
    }
  }
}

it('loses nothing acknowledged and shows nothing twice when it is killed in the middle of the company’s day', async () => {
  const directory = await temporaryDirectory();
  const at = (...names: string[]): string => join(directory, ...names);
  const log = () => () => undefined;
  const [rabbitmq, postgres] = await Promise.all([
    startRabbitmq({ dataDir: at('rabbitmq') }),
    startPostgres({ dataDir: at('postgres'), databases: services }),
  ]);
  stops.push(
    () => rabbitmq.stop(),
    () => postgres.stop(),
  );
  const settings = {
    dataDir: await temporaryDirectory(),
    httpPort: await anyFreePort(),
    otlpHttp: { port: await anyFreePort() },
    more: { binding: { aliases: ['mes.job.id'], urlTemplates: ['/orders/{orderId}', '/orders/{orderId}/**'] } },
  };
  let waybill = await Waybill.start(settings);
  const relay = new Relay(waybill.otlpHttp);
  const otlpPort = await relay.start();
  stops.push(() => relay.stop());

  const company: CompanySetup = {
    checkout: CHECKOUT,
    ports: { shop: await anyFreePort(), crm: await anyFreePort(), mes: await anyFreePort() },
    databaseUrl: (service) => postgres.url(service),
    amqpUrl: rabbitmq.amqpUrl,
    otlpPort,
    seed: SEED,
    timeScale: TIME_SCALE,
    faultRate: 0,
    ordersPerMinute: 120,
    orders: ORDERS,
    log,
    logPath: (name) => at(`${name}.log`),
    record: (name) => at(`${name}.pid.json`),
  };
  const started = await Promise.all(
    services.map((service) => supervise(companyProcess(service, company), () => undefined)),
  );
  const customer = await supervise(companyProcess('customer', company), () => undefined);
  const people = [...started, customer];
  stops.push(() => Promise.all(people.map((running) => running.stop())));

  for (let kills = 0; kills < 2; kills += 1) {
    const before = relay.ledger.size;
    await expect.poll(() => relay.ledger.size, { timeout: 60_000, interval: 20 }).toBeGreaterThan(before + 10);
    await waybill.kill();
    waybill = await Waybill.start(settings);
  }
  await Promise.race([customer.finished, customer.failed]);
  // Their last spans leave when they stop.
  await Promise.all(people.map((running) => running.stop()));
  await expect.poll(() => relay.waiting, { timeout: 30_000 }).toBe(0);
  expect(relay.repeats).toBeGreaterThan(0);

  for (let k = 1; k <= ORDERS; k += 1) {
    const { orderId } = planOrder(SEED, k, 0);
    const visits = async () => (await waybill.api.order(orderId))?.visits.map(({ status }) => status);
    await expect.poll(visits, { timeout: 60_000, interval: 250 }).toEqual(statuses);
    const order = await waybill.api.order(orderId);
    expect(
      order?.visits.map(({ evidence }) => evidence.length),
      orderId,
    ).toEqual(statuses.map(() => 1));
    expect(order?.deviations).toEqual([]);
  }
  const problems: string[] = [];
  for (const [traceId, sent] of relay.ledger) {
    const found = (await waybill.api.trace(traceId))?.spans.map(({ spanId }) => spanId) ?? [];
    const lost = [...sent].filter((spanId) => !found.includes(spanId)).length;
    const twice = found.length - new Set(found).size;
    const foreign = found.filter((spanId) => !sent.has(spanId)).length;
    if (lost + twice + foreign > 0) problems.push(`${traceId}: ${lost} lost, ${twice} twice, ${foreign} never sent`);
  }
  expect(problems).toEqual([]);
  expect(relay.ledger.size).toBeGreaterThan(ORDERS * 10);
  expect(await waybill.stop()).toMatchObject({ code: 0 });
});
