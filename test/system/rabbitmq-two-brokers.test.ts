import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadLetters, orderMessages, queues, searchResults } from '../../src/api/contract/index.ts';
import { findRabbitmq } from '../../tools/demo/install.ts';
import { endEverything, temporaryDirectory, untilWithin, Waybill } from './harness.ts';
import { TracedBroker } from './traced-broker.ts';

const RIGHTS = {
  configure: '^trace\\.',
  write: '^trace\\.',
  read: '^(amq\\.rabbitmq\\.trace|trace\\..*|orders\\.dlx)$',
};

let waybill: Waybill;
const started: TracedBroker[] = [];

const until = untilWithin(90_000);

const get = async (path: string): Promise<unknown> => (await waybill.api.fetch(path)).json();
const readQueues = async () => queues.parse(await get('/api/queues'));
const readLetters = async (query = '') => deadLetters.parse(await get(`/api/dead-letters?${query}`));

/** A broker with a work queue and its dead-letter queue: the same names everywhere. */
async function prepared(): Promise<TracedBroker> {
  const broker = await TracedBroker.start();
  started.push(broker);
  await broker.permit(broker.tracer.user, RIGHTS);
  await broker.trace(true);
  const connection = await connect(broker.url);
  const channel = await connection.createChannel();
  await channel.assertExchange('orders.dlx', 'fanout');
  await channel.assertQueue('work', { deadLetterExchange: 'orders.dlx' });
  await channel.assertQueue('work.dead');
  await channel.bindQueue('work.dead', 'orders.dlx', '');
  await connection.close();
  return broker;
}

/** Publishes messages of orders, and takes or rejects each. */
async function work(broker: TracedBroker, orders: readonly string[], isGood: boolean): Promise<void> {
  const connection = await connect(broker.url);
  const channel = await connection.createConfirmChannel();
  for (const order of orders) {
    const options = { messageId: `m-${order}`, headers: { 'x-order-id': order } };
    channel.publish('', 'work', Buffer.from('{}'), options);
    await channel.waitForConfirms();
    const message = await until(
      () => channel.get('work'),
      (found) => found !== false,
    );
    if (message === false) continue;
    if (isGood) channel.ack(message);
    else channel.nack(message, false, false);
  }
  // The connection alone would not wait for the last answer.
  await channel.close();
  await connection.close();
}

describe.skipIf(findRabbitmq() === undefined)('two brokers whose virtual hosts and queues have the same names', () => {
  beforeAll(async () => {
    const north = await prepared();
    const south = await prepared();
    const sampling = { intervalMs: 1000, topologyIntervalMs: 1000 };
    const config = {
      rabbitmq: {
        brokers: [north.configuration({ name: 'north', sampling }), south.configuration({ name: 'south', sampling })],
        messages: { orders: [{ from: { header: 'x-order-id' } }] },
      },
    };
    waybill = await Waybill.start({ dataDir: await temporaryDirectory(), more: config });
    await until(readQueues, ({ brokers, queues: found }) => {
      const watched = found.filter(({ queue, watch }) => queue === 'work.dead' && watch === 'shadow');
      return brokers.every(({ state }) => state === 'running') && watched.length === 2;
    });
    await work(north, ['N-1', 'N-2', 'N-3', 'BOTH'], true);
    await work(south, ['S-1', 'BOTH'], false);
  }, 240_000);

  afterAll(async () => {
    await endEverything();
    for (const broker of started) await broker.stop();
  });

  it('have figures of their own', async () => {
    const found = await until(readQueues, ({ queues: all }) => {
      const counts = all.filter(({ queue }) => queue === 'work').map(({ delay }) => delay.count + delay.suppressed);
      return counts.length === 2 && counts.reduce((sum, count) => sum + count, 0) === 6;
    });
    const works = found.queues.filter(({ queue }) => queue === 'work');
    expect(works.map(({ broker, delay, ...each }) => [broker, each.vhost, delay.count + delay.suppressed])).toEqual([
      ['north', '/', 4],
      ['south', '/', 2],
    ]);
    expect(found.brokers.map(({ name, broker, vhost }) => [name, broker, vhost])).toEqual([
      ['north', 'north', '/'],
      ['south', 'south', '/'],
    ]);
  }, 120_000);

  it('have dead letters of their own', async () => {
    const found = await until(readLetters, ({ total }) => total === 2);
    expect(found.deadLetters.map(({ broker, orderId }) => `${broker} ${orderId}`).sort()).toEqual([
      'south BOTH',
      'south S-1',
    ]);
    expect(found.queues.map(({ broker, unresolved }) => [broker, unresolved])).toEqual([
      ['north', 0],
      ['south', 2],
    ]);
    expect((await readLetters('broker=north')).total).toBe(0);
    expect((await readLetters('messageId=m-S-1')).deadLetters).toMatchObject([{ messageId: 'm-S-1', broker: 'south' }]);
  }, 120_000);

  it('show an order the message of each, with its id, by which the search finds the order', async () => {
    const read = async () => orderMessages.parse(await get('/api/orders/BOTH/messages'));
    const { messages } = await until(read, ({ messages: all }) => all.length === 2);
    expect(messages.map(({ broker, queue, messageId }) => `${broker} ${queue} ${messageId}`).sort()).toEqual([
      'north work m-BOTH',
      'south work m-BOTH',
    ]);
    const { results } = searchResults.parse(await get('/api/search?text=m-S-1'));
    expect(results).toMatchObject([{ kind: 'order', orderId: 'S-1', matched: 'm-S-1', matchedBy: 'message' }]);
  }, 120_000);
});
