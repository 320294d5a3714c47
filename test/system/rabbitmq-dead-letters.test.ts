import { setTimeout as sleep } from 'node:timers/promises';
import { type ConfirmChannel, connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BrokerStatus,
  type DeadLetters,
  deadLetters,
  order,
  orderList,
  type Queues,
  queues,
} from '../../src/api/contract/index.ts';
import { findRabbitmq } from '../../tools/demo/install.ts';
import { endEverything, temporaryDirectory, untilWithin, Waybill } from './harness.ts';
import { TracedBroker } from './traced-broker.ts';

/** What docs/rabbitmq.md says that dead letters need: reading their exchanges, nothing else. */
const PERMISSIONS = {
  configure: '^trace\\.',
  write: '^trace\\.',
  read: '^(amq\\.rabbitmq\\.trace|trace\\..*|orders\\.dlx)$',
};
const SAMPLING = { intervalMs: 1000, topologyIntervalMs: 1000 };

const toDlx = (more: Record<string, unknown> = {}) => ({
  arguments: { 'x-dead-letter-exchange': 'orders.dlx', ...more },
});
const quorum = (more: Record<string, unknown> = {}) => toDlx({ 'x-queue-type': 'quorum', ...more });

/** Queues by name, with how messages die in them. */
const QUEUES = {
  'classic.rejected': toDlx(),
  'classic.expired': toDlx({ 'x-message-ttl': 50 }),
  'classic.maxlen': toDlx({ 'x-max-length': 1 }),
  'quorum.rejected': quorum(),
  'quorum.expired': quorum({ 'x-message-ttl': 50 }),
  'quorum.maxlen': quorum({ 'x-max-length': 1 }),
  'quorum.delivery_limit': quorum({ 'x-delivery-limit': 1 }),
};

let broker: TracedBroker;
let waybill: Waybill;
let channel: ConfirmChannel;

const until = untilWithin(90_000);

async function letters(query = ''): Promise<DeadLetters> {
  return deadLetters.parse(await (await waybill.api.fetch(`/api/dead-letters?${query}`)).json());
}

async function queueOf(name: string): Promise<Queues['queues'][number] | undefined> {
  const found = queues.parse(await (await waybill.api.fetch('/api/queues')).json());
  return found.queues.find(({ queue }) => queue === name);
}

async function status(of = waybill): Promise<BrokerStatus | undefined> {
  return (await of.api.system()).rabbitmq[0];
}

async function publish(queue: string, orderId: string): Promise<void> {
  const properties = { messageId: `m-${orderId}`, headers: { 'x-order-id': orderId, 'customer.phone': '+7 900 123' } };
  channel.publish('', queue, Buffer.from('{"sum": 10.50}'), { ...properties, contentType: 'application/json' });
  await channel.waitForConfirms();
}

/** Takes a message as a consumer does; a broker may need a moment until it is there. */
async function take(queue: string) {
  for (;;) {
    const message = await channel.get(queue);
    if (message !== false) return message;
    await sleep(50);
  }
}

describe.skipIf(findRabbitmq() === undefined)('dead letters and depths of RabbitMQ', () => {
  beforeAll(async () => {
    broker = await TracedBroker.start();
    await broker.permit(broker.tracer.user, PERMISSIONS);
    const connection = await connect(broker.url);
    connection.on('error', () => undefined);
    channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    await channel.assertExchange('orders.dlx', 'topic', { durable: true });
    await channel.assertExchange('private.dlx', 'fanout', { durable: true });
    for (const [queue, options] of Object.entries(QUEUES)) await channel.assertQueue(queue, options);
    for (const queue of ['orders.dead', 'private.dead', 'default.dead']) await channel.assertQueue(queue);
    await channel.bindQueue('orders.dead', 'orders.dlx', '#');
    await channel.bindQueue('private.dead', 'private.dlx', '');
    await channel.assertQueue('private.work', { arguments: { 'x-dead-letter-exchange': 'private.dlx' } });
    await channel.assertQueue('lost.work', { arguments: { 'x-dead-letter-exchange': 'no.such.exchange' } });
    await channel.assertQueue('default.work', {
      arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'default.dead' },
    });
    await broker.trace(true);
    const prometheus = { urls: [broker.prometheus] };
    const brokers = [broker.configuration({ retryMaxMs: 1000, prometheus, sampling: SAMPLING })];
    waybill = await Waybill.start({ dataDir: await temporaryDirectory(), more: { rabbitmq: { brokers } } });
  });
  afterAll(async () => {
    await endEverything();
    await broker?.stop();
  });

  it('finds the dead-letter queues and says of each how well it is seen', async () => {
    const found = await until(letters, (answer) =>
      answer.queues.some(({ queue, watch }) => queue === 'orders.dead' && watch === 'shadow'),
    );
    const refused = await until(letters, (answer) =>
      answer.queues.some(({ watchLimit }) => watchLimit === 'not_permitted'),
    );
    const of = (name: string) => refused.queues.find(({ queue }) => queue === name);
    expect(
      found.queues
        .find(({ queue }) => queue === 'orders.dead')
        ?.sources.map(({ queue }) => queue)
        .sort(),
    ).toEqual(Object.keys(QUEUES).sort());
    expect(of('default.dead')).toMatchObject({ watch: 'firehose', watchLimit: 'default_exchange' });
    expect(of('private.dead')).toMatchObject({ watch: 'none', watchLimit: 'not_permitted' });
    expect(refused.lost).toEqual([{ broker: `127.0.0.1:${broker.port}`, vhost: '/', queue: 'lost.work' }]);
  });

  it('sees all four ways to die, on classic and on quorum queues, with origin, count and order', async () => {
    await waybill.api.report({
      transitions: [
        { orderId: 'classic.rejected', status: 'INITIATED', occurredAt: new Date().toISOString(), source: 'shop' },
      ],
    });
    for (const queue of Object.keys(QUEUES)) await publish(queue, queue);
    for (const type of ['classic', 'quorum']) {
      await publish(`${type}.maxlen`, `${type}.filler`);
      channel.nack(await take(`${type}.rejected`), false, false);
    }
    for (let delivery = 0; delivery < 2; delivery += 1) channel.nack(await take('quorum.delivery_limit'), false, true);

    const found = await until(letters, ({ total, deadLetters: listed }) => total >= 7 && listed.length === total);
    const seen = found.deadLetters.map(({ queue, reason, originQueue, count, orderId, resolution }) => ({
      queue,
      of: `${originQueue} ${reason} ${orderId} ${count}`,
      resolution,
    }));
    expect(seen.map(({ of }) => of).sort()).toEqual(
      Object.keys(QUEUES)
        .map((queue) => `${queue} ${queue.split('.')[1]} ${queue} 1`)
        .sort(),
    );
    expect(seen.every(({ queue, resolution }) => queue === 'orders.dead' && resolution === null)).toBe(true);
    expect(found.byReason.find(({ reason }) => reason === 'delivery_limit')?.count).toBe(1);
    const [letter] = (await letters('reason=delivery_limit')).deadLetters;
    expect(letter).toMatchObject({ exchange: '', routingKeys: ['quorum.delivery_limit'], bodyBytes: 14 });
    expect(letter?.headers).toContainEqual({ key: 'x-order-id', value: 'quorum.delivery_limit' });
    expect(letter?.headers).toContainEqual({ key: 'customer.phone', value: '[redacted]' });
    expect(Math.abs(Date.parse(letter?.firstAt ?? '') - Date.now())).toBeLessThan(120_000);
  });

  it('leaves the dead-letter queue alone: everything is still in it, never handed out', async () => {
    const found = await until(
      () => queueOf('orders.dead'),
      (queue) => queue?.depth === 7,
    );
    expect(found).toMatchObject({ unacked: 0, consumers: 0, type: 'classic', deadLetters: 7, watch: 'shadow' });
    expect((await queueOf('classic.rejected'))?.deadLettered).toEqual({
      rejected: 1,
      expired: 0,
      maxlen: 0,
      deliveryLimit: 0,
    });
    const first = await take('orders.dead');
    expect(first.fields.redelivered).toBe(false);
    channel.nack(first, false, true);
  });

  it('counts unresolved dead letters on the order, in the list and on the status', async () => {
    const found = await until(
      async () => order.parse(await (await waybill.api.fetch('/api/orders/classic.rejected')).json()),
      () => true,
    );
    expect(found.deadLetterCount).toBe(1);
    const list = orderList.parse(await (await waybill.api.fetch('/api/orders?text=classic.rejected')).json());
    expect(list.orders.map(({ deadLetterCount }) => deadLetterCount)).toEqual([1]);
    const { statuses } = await waybill.api.statuses();
    expect(statuses.find((each) => each.status === 'INITIATED')?.deadLetterOrders).toBe(1);
  });

  it('resolves a dead letter when somebody consumes it', async () => {
    const message = await take('orders.dead');
    channel.ack(message);
    const orderId = String(message.properties.headers?.['x-order-id']);
    const [letter] = (
      await until(
        () => letters(`order=${orderId}`),
        ({ deadLetters: [found] }) => found?.resolution !== null,
      )
    ).deadLetters;
    expect(letter?.resolution?.how).toBe('consumed');
    expect((await letters('resolved=true')).deadLetters.map((found) => found.orderId)).toContain(orderId);
  });

  it('knows dead letters behind the default exchange by depth, and one by one when they are handed out', async () => {
    await publish('default.work', 'D-1');
    channel.nack(await take('default.work'), false, false);
    await until(letters, (answer) => answer.queues.some(({ queue, depth }) => queue === 'default.dead' && depth === 1));
    channel.ack(await take('default.dead'));
    const { deadLetters: found } = await until(
      () => letters('queue=default.dead'),
      ({ deadLetters: listed }) => listed.length === 1,
    );
    expect(found[0]).toMatchObject({
      reason: 'rejected',
      originQueue: 'default.work',
      resolution: { how: 'consumed' },
    });
    expect(found[0]?.orderId).toBe('D-1');
  });

  it('resolves what is left when the queue is purged', async () => {
    await channel.purgeQueue('orders.dead');
    const left = await until(
      () => letters('resolved=false'),
      ({ total, deadLetters: listed }) => total + listed.length === 0,
      150_000,
    );
    expect(left.deadLetters).toEqual([]);
    const { deadLetters: all } = await letters('queue=orders.dead');
    expect(all.filter(({ resolution }) => resolution?.how === 'drained').length).toBeGreaterThanOrEqual(5);
  });

  it('says that the broker is away, once in the log, and goes on when it is back', async () => {
    await broker.stop();
    const away = await until(status, (found) => found?.sampling?.state === 'failing');
    expect(away?.sampling).toMatchObject({ failure: 'unreachable' });
    expect(away?.sampling?.remedy).toContain('management');
    await broker.resume();
    await until(status, (found) => found?.sampling?.state === 'ok', 120_000);
    await until(letters, (answer) =>
      answer.queues.some(({ queue, watch }) => queue === 'orders.dead' && watch === 'shadow'),
    );
    const lines = waybill.process.stderr.split('\n').filter((line) => line.includes('are not sampled'));
    expect(lines).toHaveLength(1);
  });

  it('names a wrong password and does not write it down', async () => {
    const wrong = broker.configuration({
      management: { url: broker.management, user: broker.tracer.user, password: 'not-the-secret' },
      sampling: SAMPLING,
    });
    const other = await Waybill.start({
      dataDir: await temporaryDirectory(),
      more: { rabbitmq: { brokers: [{ ...wrong, queue: { name: 'trace.other' } }] } },
    });
    const found = await until(
      () => status(other),
      (answer) => answer?.sampling?.state === 'failing',
    );
    expect(found?.sampling?.failure).toBe('wrong_credentials');
    expect(other.process.stderr).toContain('wrong credentials');
    expect(other.process.stderr).not.toContain('not-the-secret');
    await other.stop();
  });
});
