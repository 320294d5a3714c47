import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { type ConfirmChannel, connect } from 'amqplib';
import { Connection } from 'rabbitmq-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BrokerStatus,
  type OrderMessages,
  orderMessages,
  type Queues,
  queues,
} from '../../src/api/contract/index.ts';
import { headerPairs } from '../../src/wire/amqp/field-values.ts';
import { decodeFirehoseEvent } from '../../src/wire/amqp/firehose-event.ts';
import { findRabbitmq } from '../../tools/demo/install.ts';
import {
  endEverything,
  launchWaybill,
  type StartedProcess,
  temporaryDirectory,
  untilWithin,
  Waybill,
} from './harness.ts';
import { TracedBroker } from './traced-broker.ts';

const run = promisify(execFile);
const AMQP_PUBLISH = '/usr/bin/amqp-publish';
const AMQP_CONSUME = '/usr/bin/amqp-consume';

const rules = {
  orders: [{ from: { header: 'order-id' } }, { from: { body: 'order.id' } }],
  transitions: [{ pattern: 'order.status.*', status: { body: 'status' } }],
};

let broker: TracedBroker;
let waybill: Waybill;
let channel: ConfirmChannel;

async function status(of = waybill): Promise<BrokerStatus> {
  const [found] = (await of.api.system()).rabbitmq;
  if (found === undefined) throw new Error('no broker is configured');
  return found;
}

const until = untilWithin(60_000);

async function askQueues(): Promise<Queues> {
  return queues.parse(await (await waybill.api.fetch('/api/queues')).json());
}

function queueOf(answer: Queues, queue: string): Queues['queues'][number] | undefined {
  return answer.queues.find((each) => each.queue === queue);
}

async function messagesOf(orderId: string): Promise<OrderMessages> {
  return orderMessages.parse(await (await waybill.api.fetch(`/api/orders/${orderId}/messages`)).json());
}

async function open(name: string): Promise<{ channel: ConfirmChannel; close: () => Promise<void> }> {
  const connection = await connect(broker.url, { clientProperties: { connection_name: name } });
  connection.on('error', () => undefined);
  const opened = await connection.createConfirmChannel();
  opened.on('error', () => undefined);
  return { channel: opened, close: () => connection.close().catch(() => undefined) };
}

describe.skipIf(findRabbitmq() === undefined)('the tracer of RabbitMQ', () => {
  beforeAll(async () => {
    broker = await TracedBroker.start();
    const dataDir = await temporaryDirectory();
    const brokers = [broker.configuration({ name: 'main', admin: broker.admin, retryMaxMs: 1000 })];
    waybill = await Waybill.start({ dataDir, more: { rabbitmq: { brokers, messages: rules } } });
    await until(status, ({ state, tracing }) => state === 'running' && tracing === 'on');
    ({ channel } = await open('shop-legacy'));
    await channel.assertExchange('orders', 'topic', { durable: false });
    for (const queue of ['crm', 'mes']) {
      await channel.assertQueue(queue, { durable: false });
      await channel.bindQueue(queue, 'orders', 'order.#');
    }
  });
  afterAll(async () => {
    await endEverything();
    await broker?.stop();
  });

  it('switches tracing on with the admin account and takes events with the least privileged user', async () => {
    await until(
      () => broker.isTracing(),
      (on) => on,
    );
    expect(await status()).toMatchObject({ name: 'main', vhost: '/', tracing: 'on', reason: null, failures: 0 });
  });

  it('decodes every header of both kinds of events as a real broker sends them', async () => {
    const connection = new Connection({ url: broker.url });
    const events: { routingKey: string; headers: unknown }[] = [];
    await connection.queueDeclare({ queue: 'trace.raw', exclusive: true });
    await connection.queueBind({ queue: 'trace.raw', exchange: 'amq.rabbitmq.trace', routingKey: '#.bus' });
    await connection.queueBind({ queue: 'trace.raw', exchange: 'amq.rabbitmq.trace', routingKey: '*.raw-out' });
    const raw = await connection.acquire();
    await raw.basicConsume({ queue: 'trace.raw', noAck: true }, ({ routingKey, headers }) => {
      events.push({ routingKey, headers });
    });
    await channel.assertExchange('bus', 'topic', { durable: false });
    await channel.assertQueue('raw-out', { durable: false });
    await channel.bindQueue('raw-out', 'bus', 'k.#');
    const sentAt = Date.now();
    channel.publish('bus', 'k.1', Buffer.from('body'), {
      messageId: 'm-1',
      correlationId: 'c-1',
      contentType: 'text/plain',
      type: 'kind',
      appId: 'app',
      replyTo: 'there',
      priority: 3,
      expiration: '60000',
      // Milliseconds, as many clients write them; the tracer cuts them.
      timestamp: sentAt,
      CC: ['k.cc'],
      BCC: ['k.bcc'],
      headers: {
        text: 't',
        int: 5,
        long: 5_000_000_000,
        yes: true,
        half: 0.5,
        none: null,
        list: [1, 'a'],
        table: { in: 'x' },
        bytes: Buffer.from([255]),
      },
    });
    await channel.waitForConfirms();
    const got = await channel.get('raw-out', { noAck: false });
    if (got !== false) channel.nack(got, false, true);
    const again = await channel.get('raw-out', { noAck: true });
    expect(again).toMatchObject({ fields: { redelivered: true } });
    await until(
      () => Promise.resolve(events.length),
      (count) => count === 3,
    );
    const [published, delivered, redelivered] = events.map(({ routingKey, headers }) =>
      decodeFirehoseEvent(routingKey, headers, Date.now()),
    );
    const shared = {
      vhost: '/',
      node: 'waybill-demo@localhost',
      connection: expect.stringMatching(/^127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+$/),
      channel: 1,
      user: broker.admin.user,
      exchange: 'bus',
      routingKeys: ['k.1', 'k.cc', 'k.bcc'],
      queues: ['raw-out'],
      directReply: false,
      properties: {
        messageId: 'm-1',
        correlationId: 'c-1',
        contentType: 'text/plain',
        type: 'kind',
        appId: 'app',
        replyTo: 'there',
        timestamp: BigInt(sentAt) * 1_000_000n,
      },
    };
    expect(published).toMatchObject({ ...shared, kind: 'publish', redelivered: false });
    expect(delivered).toMatchObject({ ...shared, kind: 'deliver', redelivered: false });
    expect(redelivered).toMatchObject({ ...shared, kind: 'deliver', redelivered: true });
    const pairs = headerPairs(published?.headers ?? {}, new Set(['CC']));
    expect(Object.fromEntries(pairs.map(({ key, value }) => [key, value]))).toEqual({
      text: 't',
      int: '5',
      long: '5000000000',
      yes: 'true',
      half: '0.5',
      none: '',
      list: '[1,"a"]',
      table: '{"in":"x"}',
      bytes: '/w==',
    });
    connection.unsafeDestroy();
  });

  it('shows clients that report nothing in the trace of the order, by the names of their connections', async () => {
    const consumer = await open('crm-legacy');
    await consumer.channel.consume('crm', (message) => message !== null && consumer.channel.ack(message));
    // The management plugin learns of connections once a second here.
    await until(
      () => broker.ask('GET', '/api/connections'),
      (found) => JSON.stringify(found).includes('crm-legacy') && JSON.stringify(found).includes('shop-legacy'),
    );
    channel.publish('orders', 'order.status.submitted', Buffer.from('{"order":{"id":"R-1"},"status":"SUBMITTED"}'), {
      contentType: 'application/json',
    });
    await channel.waitForConfirms();
    const order = await until(
      () => waybill.api.order('R-1'),
      ({ traces }) => (traces[0]?.spanCount ?? 0) >= 2,
    );
    expect(order.status).toBe('SUBMITTED');
    expect(order.visits[0]?.evidence[0]).toMatchObject({ kind: 'message', source: 'shop-legacy' });
    expect(order.traces).toHaveLength(1);
    const trace = await waybill.api.trace(order.traces[0]?.traceId ?? '');
    expect(trace?.orders).toEqual(['R-1']);
    expect(trace?.spans.map(({ name, kind, service }) => ({ name, kind, service }))).toEqual([
      { name: 'publish orders', kind: 'producer', service: 'shop-legacy' },
      { name: 'deliver crm', kind: 'consumer', service: 'crm-legacy' },
    ]);
    expect(trace?.spans[1]?.parentSpanId).toBe(trace?.spans[0]?.spanId);
    const { messages } = await messagesOf('R-1');
    expect(messages.map(({ queue, exchange }) => ({ queue, exchange }))).toEqual(
      expect.arrayContaining([
        { queue: 'crm', exchange: 'orders' },
        { queue: 'mes', exchange: 'orders' },
      ]),
    );
    expect(messages.find(({ queue }) => queue === 'mes')).toMatchObject({ deliveredAt: null, delayMs: null });
    await consumer.close();
  });

  it('makes no double of spans that clients report themselves, whenever those come', async () => {
    const consumer = await open('mes-modern');
    await channel.purgeQueue('crm');
    await consumer.channel.consume('crm', (message) => message !== null && consumer.channel.ack(message));
    const traceId = 'c0ffee00000000000000000000000001';
    const producer = 'aaaaaaaaaaaaaaa1';
    channel.publish('orders', 'order.paid', Buffer.from('x'), {
      headers: { traceparent: `00-${traceId}-${producer}-01`, 'order-id': 'R-2', authorization: 'Bearer hush-hush' },
    });
    await channel.waitForConfirms();
    const made = await until(
      () => waybill.api.trace(traceId),
      ({ spanCount }) => spanCount === 2,
    );
    expect(made.spans.map(({ kind }) => kind)).toEqual(['producer', 'consumer']);
    expect(await waybill.api.traceText(traceId)).not.toContain('hush-hush');
    // Their own report comes seconds later, as it does from batching exporters.
    const time = (offset: number): string => String(BigInt(Date.now() + offset) * 1_000_000n);
    const answer = await fetch(`${waybill.otlpHttp}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        resourceSpans: [
          {
            resource: { attributes: [{ key: 'service.name', value: { stringValue: 'modern' } }] },
            scopeSpans: [
              {
                spans: [
                  {
                    traceId,
                    spanId: producer,
                    name: 'orders publish',
                    kind: 4,
                    startTimeUnixNano: time(-50),
                    endTimeUnixNano: time(-49),
                  },
                  {
                    traceId,
                    spanId: 'bbbbbbbbbbbbbbb2',
                    parentSpanId: producer,
                    name: 'crm process',
                    kind: 5,
                    startTimeUnixNano: time(-40),
                    endTimeUnixNano: time(-30),
                  },
                ],
              },
            ],
          },
        ],
      }),
    });
    expect(answer.status).toBe(200);
    const trace = await until(
      () => waybill.api.trace(traceId),
      ({ spans }) => spans.some(({ name }) => name === 'crm process'),
    );
    expect(trace.spans.map(({ name }) => name)).toEqual(['orders publish', 'crm process']);
    expect(trace.orders).toEqual(['R-2']);
    const order = await until(
      () => waybill.api.order('R-2'),
      ({ traces }) => traces[0]?.services[0] === 'modern',
    );
    expect(order.traces[0]).toMatchObject({ spanCount: 2, services: ['modern'] });
    await consumer.close();
  });

  it.skipIf(!existsSync(AMQP_PUBLISH))('pairs a message of one tool with its delivery to another', async () => {
    const args = ['--url', broker.url, '--queue', 'foreign'];
    await channel.assertQueue('foreign', { durable: false });
    await run(AMQP_PUBLISH, ['--url', broker.url, '--routing-key', 'foreign', '--body', 'no id at all']);
    await run(AMQP_CONSUME, [...args, '--count', '1', '/bin/cat']);
    const answer = await until(askQueues, (each) => {
      const found = queueOf(each, 'foreign');
      return found !== undefined && found.delay.count + found.delay.suppressed === 1;
    });
    expect(queueOf(answer, 'foreign')).toMatchObject({ waiting: { count: 0 }, coverage: { paired: 1 } });
  });

  it('tells lost publications from direct replies', async () => {
    channel.publish('orders', 'nobody.listens', Buffer.from('lost'));
    channel.publish('', 'no-such-queue', Buffer.from('lost too'));
    await channel.waitForConfirms();
    const requester = await open('requester');
    const replied = new Promise<void>((resolve) => {
      void requester.channel.consume('amq.rabbitmq.reply-to', () => resolve(), { noAck: true });
    });
    const responder = await open('responder');
    await responder.channel.assertQueue('rpc', { durable: false });
    await responder.channel.consume('rpc', (message) => {
      if (message === null) return;
      responder.channel.publish('', String(message.properties.replyTo), Buffer.from('pong'), { correlationId: 'c-1' });
      responder.channel.ack(message);
    });
    requester.channel.publish('', 'rpc', Buffer.from('ping'), {
      replyTo: 'amq.rabbitmq.reply-to',
      correlationId: 'c-1',
    });
    await replied;
    const answer = await until(
      askQueues,
      ({ unroutable, queues: all }) => unroutable.length >= 2 && all.some(({ queue }) => queue === 'rpc'),
    );
    expect(answer.unroutable.map(({ exchange, routingKey, count }) => ({ exchange, routingKey, count }))).toEqual(
      expect.arrayContaining([
        { exchange: 'orders', routingKey: 'nobody.listens', count: 1 },
        { exchange: '', routingKey: 'no-such-queue', count: 1 },
      ]),
    );
    expect(answer.unroutable).toHaveLength(2);
    await requester.close();
    await responder.close();
  });

  it('takes a flood without harm to the broker and says how much it saw', async () => {
    const dataDir = await temporaryDirectory();
    const guard = { maxRate: 300, pauseMs: 3000 };
    const brokers = [broker.configuration({ queue: { name: 'trace.flood', maxLength: 1000 }, guard })];
    const guarded = await Waybill.start({ dataDir, more: { rabbitmq: { brokers } } });
    await until(
      () => status(guarded),
      ({ state, coverage }) => state === 'running' && coverage !== null,
    );
    await channel.assertQueue('flooded', { durable: false });
    const end = Date.now() + 8000;
    let sent = 0;
    let paused: BrokerStatus | undefined;
    while (Date.now() < end) {
      for (let index = 0; index < 100; index += 1) channel.publish('', 'flooded', Buffer.from('flood'));
      await channel.waitForConfirms();
      sent += 100;
      const now = await status(guarded);
      if (now.state === 'paused') paused = now;
    }
    expect(paused?.reason).toMatch(/maxRate/);
    // Both the broker and what it counts are well; the figures of the plugin are a second late.
    const after = await until(
      () => status(guarded),
      ({ coverage, state }) => (coverage?.counted ?? 0) >= sent && state === 'running',
    );
    expect(after.coverage?.seen).toBeLessThan(sent);
    expect(after.coverage?.share).toBeLessThan(1);
    expect(after.estimatedLost).toBeGreaterThan(0);
    const nodes: unknown = await broker.ask('GET', '/api/nodes?columns=mem_alarm,disk_free_alarm');
    expect(nodes).toEqual([{ mem_alarm: false, disk_free_alarm: false }]);
    await guarded.stop();
    await channel.deleteQueue('flooded');
  });

  it('comes back by itself after the broker was restarted, and switches tracing on again', async () => {
    await broker.stop();
    await until(status, ({ state, reason }) => state === 'failed' && reason !== null);
    const failed = await status();
    expect(failed.remedy).not.toBeNull();
    await broker.resume();
    await until(status, ({ state }) => state === 'running');
    await until(
      () => broker.isTracing(),
      (on) => on,
    );
    ({ channel } = await open('shop-again'));
    await channel.assertQueue('after', { durable: false });
    channel.publish('', 'after', Buffer.from('{}'), { headers: { 'order-id': 'R-9' } });
    await channel.waitForConfirms();
    await until(
      () => waybill.api.order('R-9'),
      () => true,
    );
    const lines = waybill.process.stderr.split('\n').filter((line) => line.includes('not connected'));
    expect(lines.length).toBeGreaterThanOrEqual(1);
    expect(lines.length).toBeLessThanOrEqual(3);
    expect(waybill.process.stderr).not.toContain(broker.tracer.password);
  });

  it('says clearly what is wrong with user, permissions, address and tracing', async () => {
    await broker.addVhost('forbidden');
    await broker.addVhost('untraced');
    await broker.permit(broker.tracer.user, { configure: '^$', write: '^$', read: '^$' }, 'forbidden');
    await broker.permit(
      broker.tracer.user,
      { configure: '^trace\\.', write: '^trace\\.', read: '^(amq\\.rabbitmq\\.trace|trace\\..*)$' },
      'untraced',
    );
    const good = broker.configuration();
    const brokers = [
      { ...good, name: 'password', url: `amqp://tracer:wrong-secret-77@127.0.0.1:${broker.port}` },
      { ...good, name: 'away', vhost: 'away', url: 'amqp://tracer:away-secret-77@127.0.0.1:1' },
      { ...good, name: 'forbidden', vhost: 'forbidden' },
      { ...good, name: 'missing', vhost: 'missing' },
      { ...good, name: 'untraced', vhost: 'untraced' },
    ];
    const dataDir = await temporaryDirectory();
    const other = await Waybill.start({ dataDir, more: { rabbitmq: { brokers } } });
    const own = await connect(`${broker.url}/untraced`);
    const busy = await own.createConfirmChannel();
    await busy.assertQueue('busy', { durable: false });
    const working = setInterval(() => busy.publish('', 'busy', Buffer.from('x')), 200);
    const reasons = await until(
      async () => new Map((await other.api.system()).rabbitmq.map((each) => [each.name, each])),
      (all) => [...all.values()].every(({ reason }) => reason !== null) && all.get('untraced')?.tracing === 'off',
    );
    clearInterval(working);
    expect(reasons.get('password')).toMatchObject({ state: 'failed', reason: expect.stringMatching(/password/) });
    expect(reasons.get('away')).toMatchObject({ state: 'failed', reason: expect.stringMatching(/cannot be reached/) });
    expect(reasons.get('forbidden')).toMatchObject({
      state: 'failed',
      remedy: expect.stringMatching(/set_permissions/),
    });
    expect(reasons.get('missing')).toMatchObject({ state: 'failed', reason: expect.stringMatching(/does not exist/) });
    expect(reasons.get('untraced')).toMatchObject({
      state: 'running',
      remedy: expect.stringContaining('rabbitmqctl trace_on -p untraced'),
    });
    expect(other.process.stderr).not.toMatch(/secret/);
    expect(other.process.ended).toBe(false);
    await own.close();
    await other.stop();
  });

  it('refuses a configuration whose URL is wrong, without repeating it', async () => {
    const dataDir = await temporaryDirectory();
    const brokers = [{ url: 'http://user:url-secret-9@host' }];
    const started: StartedProcess = launchWaybill({ dataDir, more: { rabbitmq: { brokers } } });
    expect((await started.exited).code).not.toBe(0);
    expect(started.stderr).toMatch(/rabbitmq\.brokers\.0\.url/);
    expect(started.stderr).not.toContain('url-secret-9');
  });
});
