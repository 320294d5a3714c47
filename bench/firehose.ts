import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from 'rabbitmq-client';
import type { Consumer } from '../src/model/consumer.ts';
import { msToNano } from '../src/model/units.ts';
import { Binder } from '../src/pipeline/bind/binder.ts';
import { bindConfig } from '../src/pipeline/bind/config.ts';
import { journalConfig } from '../src/pipeline/journal/config.ts';
import { Journal } from '../src/pipeline/journal/journal.ts';
import { messageConfig } from '../src/pipeline/messages/config.ts';
import { MessageBinder } from '../src/pipeline/messages/message-binder.ts';
import { MessageRules } from '../src/pipeline/messages/message-rules.ts';
import { Redactor } from '../src/pipeline/redact/redactor.ts';
import { createPipeline } from '../src/pipeline/stages.ts';
import { rabbitmqBrokerSchema } from '../src/receivers/rabbitmq/config.ts';
import { DeadLetterBook } from '../src/receivers/rabbitmq/dead-letter-book.ts';
import { FirehoseReceivers } from '../src/receivers/rabbitmq/firehose-receivers.ts';
import { anyFreePort } from '../tools/demo/ports.ts';
import { type RunningRabbitmq, startRabbitmq } from '../tools/demo/rabbitmq.ts';

/*
 * What the tracer of RabbitMQ costs, with a real broker on this machine:
 * - events that the receiver takes in a second of CPU, from the socket to the journal's fsync;
 * - CPU of the broker for a message, without tracing, with tracing, and with the receiver attached.
 */

const EVENTS = 60_000;
const RATE = 1000;
const SECONDS = 15;
const BODY = Buffer.alloc(1024, 'x');

const directory = mkdtempSync(join(tmpdir(), 'waybill-firehose-'));
const managementPort = await anyFreePort();
const broker = await startRabbitmq({
  dataDir: join(directory, 'rabbitmq'),
  plugins: ['rabbitmq_management'],
  settings: ['management.tcp.ip = 127.0.0.1', `management.tcp.port = ${managementPort}`],
});
const connection = new Connection({ url: broker.amqpUrl, frameMax: 131_072 });
try {
  await measure(broker, connection);
} finally {
  await connection.close();
  await broker.stop();
  rmSync(directory, { recursive: true, force: true });
}

async function measure(running: RunningRabbitmq, client: Connection): Promise<void> {
  process.stdout.write(
    `RabbitMQ ${running.version}, 1 KiB bodies, every message with an order id and a trace context\n`,
  );
  await client.queueDeclare({ queue: 'work', durable: false });
  const costs = new Map<string, number>();
  costs.set('tracing off', await brokerCost(client));
  await setTracing(true);
  costs.set('on, nobody listens', await brokerCost(client));
  const rate = await receiverRate(client);
  const attached = await startReceiver('trace.cost');
  costs.set('on, receiver attached', await brokerCost(client));
  await attached.stop();
  for (const [mode, micros] of costs)
    process.stdout.write(`  broker, ${mode}: ${micros.toFixed(0)} µs of CPU a message at ${RATE} msg/s\n`);
  process.stdout.write(`  receiver: ${Math.round(rate).toLocaleString('en')} events in a second of CPU\n`);
}

/** Microseconds of the broker's CPU for one message that is published, confirmed, delivered and acknowledged. */
async function brokerCost(client: Connection): Promise<number> {
  const consumer = client.createConsumer({ queue: 'work', qos: { prefetchCount: 200 } }, () => Promise.resolve());
  consumer.on('error', () => undefined);
  const publisher = client.createPublisher({ confirm: true });
  await sleep(2000);
  const before = brokerCpuMicros();
  const startedAt = performance.now();
  let sent = 0;
  while (performance.now() - startedAt < SECONDS * 1000) {
    const due = Math.floor(((performance.now() - startedAt) * RATE) / 1000);
    const batch: Promise<void>[] = [];
    for (; sent < due; sent += 1) batch.push(publisher.send({ routingKey: 'work', headers: headers(sent) }, BODY));
    await Promise.all(batch);
    await sleep(5);
  }
  const cost = (brokerCpuMicros() - before) / sent;
  await publisher.close();
  await consumer.close();
  return cost;
}

/** Events that the receiver takes in a second of its CPU: they wait in the queue before it starts. */
async function receiverRate(client: Connection): Promise<number> {
  const settings = parse('trace.rate');
  const { queue } = settings;
  await client.queueDeclare({
    queue: queue.name,
    durable: false,
    arguments: {
      'x-max-length': queue.maxLength,
      'x-max-length-bytes': queue.maxBytes,
      'x-message-ttl': queue.ttlMs,
      'x-expires': queue.expiresMs,
      'x-overflow': 'drop-head',
    },
  });
  await client.queueBind({ queue: queue.name, exchange: 'amq.rabbitmq.trace', routingKey: '#' });
  const publisher = client.createPublisher({ confirm: true });
  for (let sent = 0; sent < EVENTS; ) {
    const batch: Promise<void>[] = [];
    for (let index = 0; index < 500; index += 1, sent += 1) {
      batch.push(publisher.send({ routingKey: 'work', headers: headers(sent) }, BODY));
    }
    await Promise.all(batch);
  }
  await publisher.close();
  await client.queueUnbind({ queue: queue.name, exchange: 'amq.rabbitmq.trace', routingKey: '#' });
  await client.queuePurge({ queue: 'work' });
  const before = process.cpuUsage();
  const receiver = await startReceiver('trace.rate');
  while (receiver.durable() < EVENTS) await sleep(20);
  const { user, system } = process.cpuUsage(before);
  await receiver.stop();
  return EVENTS / ((user + system) / 1e6);
}

async function startReceiver(queue: string): Promise<{ durable: () => number; stop: () => Promise<void> }> {
  const journal = new Journal({ directory: join(directory, `journal-${queue}`), config: journalConfig.parse({}) });
  await journal.start(0);
  const config = messageConfig.parse({});
  const rules = new MessageRules(config);
  const now = () => msToNano(Date.now());
  const pipeline = createPipeline({
    redactor: new Redactor({ keys: [] }),
    binder: new Binder(bindConfig.parse({})),
    messageBinder: new MessageBinder(config, rules, 'order.id'),
    journal,
    now,
  });
  let durable = 0;
  const next: Consumer = {
    async consume(batch) {
      await pipeline.consume(batch);
      if (batch.kind === 'messages') durable += batch.messages.length;
    },
  };
  const receivers = new FirehoseReceivers([parse(queue)], {
    next,
    salt: 'bench',
    needsBody: (exchange, routingKey, bytes) => rules.needsBody(exchange, routingKey, bytes),
    now,
    log: () => undefined,
    bookOf: () => new DeadLetterBook(),
  });
  receivers.start();
  while (receivers.report()[0]?.state !== 'running') await sleep(10);
  const stop = async (): Promise<void> => {
    await receivers.stop();
    await journal.stop();
  };
  return { durable: () => durable, stop };
}

function parse(queue: string) {
  return rabbitmqBrokerSchema.parse({
    url: broker.amqpUrl,
    queue: { name: queue, maxLength: 1_000_000, maxBytes: 1024 ** 3, ttlMs: 3_600_000 },
    guard: { maxRate: 1_000_000, maxLagMs: 600_000 },
  });
}

function headers(index: number): Record<string, string> {
  const id = index.toString(16).padStart(16, '0');
  return { traceparent: `00-${id}${id}-${id.replace('0', '1')}-01`, 'order-id': `O-${index % 1000}` };
}

async function setTracing(tracing: boolean): Promise<void> {
  const { username, password } = new URL(broker.amqpUrl);
  const response = await fetch(`http://127.0.0.1:${managementPort}/api/vhosts/%2F`, {
    method: 'PUT',
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ tracing }),
  });
  if (!response.ok) throw new Error(`tracing was not switched: ${response.status}`);
}

/** CPU that the broker has used, from /proc; a tick is 10 ms on Linux. */
function brokerCpuMicros(): number {
  const { pid } = JSON.parse(readFileSync(join(directory, 'rabbitmq', 'rabbitmq.pid.json'), 'utf8')) as { pid: number };
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
