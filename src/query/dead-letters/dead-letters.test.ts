import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatRfc3339 } from '../../model/units.ts';
import type { Store } from '../../store/store.ts';
import { openTemporaryStore } from '../../store/testing/temporary-store.ts';
import { toDateTime64 } from '../../store/time.ts';
import { SECOND } from '../metrics/testing/order-rows.ts';
import { deadLetterAnswer } from '../queue-overview.ts';
import { queueStates } from '../queue-samples.ts';
import { deadLettersByStatus, deadLettersOfOrders, findDeadLetter, queueDeaths, unresolvedByQueue } from './counts.ts';
import { type DeadLetterFilter, listDeadLetters } from './list.ts';

/** Not long ago: tables forget what is older. */
const T0 = BigInt(Math.floor(Date.now() / 1000) - 20_000) * SECOND;
const NOW = T0 + 10_000n * SECOND;
const NO_TRACE = '\0'.repeat(16);

/** A sighting; `key` names the message. */
function sighting(key: string, seconds: number, more: Record<string, unknown> = {}) {
  return {
    broker: 'main',
    vhost: '/',
    queue: 'dead',
    message_key: key.padEnd(16, '.'),
    origin_queue: 'work',
    reason: 'rejected',
    exchange: 'orders',
    routing_keys: ['order.created'],
    first_at: toDateTime64(T0),
    count: 1,
    deaths: '[]',
    trace_id: NO_TRACE,
    span_id: '\0'.repeat(8),
    order_id: '',
    alias: '',
    message_id: '',
    correlation_id: '',
    content_type: '',
    header_keys: ['kind'],
    header_values: ['order'],
    body_bytes: 10,
    resolution: '',
    observed_at: toDateTime64(T0 + BigInt(seconds) * SECOND),
    ...more,
  };
}

function sample(queue: string, seconds: number, ready: number, more: Record<string, unknown> = {}) {
  return {
    broker: 'main',
    vhost: '/',
    queue,
    sampled_at: toDateTime64(T0 + BigInt(seconds) * SECOND),
    type: 'classic',
    ready,
    unacked: 0,
    consumers: 1,
    publish_rate: 2.5,
    deliver_rate: 2,
    ack_rate: 1,
    details: '',
    gone: 0,
    ...more,
  };
}

function visit(orderId: string, status: string, from: number, to: number | null, more: Record<string, unknown> = {}) {
  return {
    order_id: orderId,
    visit: from === 0 ? 0 : 1,
    kind: to === null ? 'open' : 'completed',
    status,
    entered_nano: T0 + BigInt(from) * SECOND,
    left_nano: to === null ? 0n : T0 + BigInt(to) * SECOND,
    open_nano: to === null ? T0 + BigInt(from) * SECOND : 0n,
    attributes: [],
    net: 1,
    ...more,
  };
}

describe('dead letters in the store', () => {
  let store: Store;

  beforeAll(async () => {
    store = await openTemporaryStore();
    const { client } = store;
    await client.insertRows('dead_letters', [
      sighting('open', 100, { order_id: 'A-1' }),
      // The copy came later than the delivery, and still the delivery resolves it: both count one death.
      sighting('consumed', 201, { alias: 'cart=7' }),
      sighting('consumed', 200, { resolution: 'consumed' }),
      // It was consumed, put back to work, and died again.
      sighting('again', 300, { order_id: 'A-2' }),
      sighting('again', 310, { order_id: 'A-2', resolution: 'consumed' }),
      sighting('again', 400, { order_id: 'A-2', count: 2, reason: 'expired' }),
      // Its queue was found empty afterwards, not right afterwards: what brokers say is some seconds old.
      sighting('drained', 500, { queue: 'other.dead', trace_id: 't'.repeat(16) }),
      sighting('fresh', 595, { queue: 'other.dead', trace_id: 't'.repeat(16) }),
      // Seen by the tracer only, when somebody took it.
      sighting('traced', 700, { resolution: 'consumed', reason: 'delivery_limit' }),
      // The same message in another dead-letter queue is another dead letter.
      sighting('open', 800, { queue: 'third.dead', reason: 'maxlen', origin_queue: 'dead' }),
    ]);
    await client.insertRows('queue_samples', [
      sample('dead', 50, 0),
      sample('dead', 120, 3),
      sample('other.dead', 600, 0),
      sample('gone', 9_900, 5),
      sample('gone', 9_950, 0, { gone: 1 }),
      sample('work', 9_990, 7, { publish_rate: -1 }),
      sample('stale', 10, 7),
    ]);
    await client.insertRows('order_aliases', [{ order_id: 'A-3', alias: 'cart=7', bound_at: toDateTime64(T0) }]);
    await client.insertRows('order_traces', [
      { order_id: 'A-4', alias: '', trace_id: 't'.repeat(16), observed_at: toDateTime64(T0) },
    ]);
    await client.insertRows('visits', [
      visit('A-1', 'A', 0, 60),
      visit('A-1', 'B', 60, null, { attributes: ['size=large'] }),
      // What no longer holds was taken back.
      visit('A-2', 'A', 0, null),
      visit('A-2', 'A', 0, null, { net: -1 }),
      visit('A-2', 'B', 0, null),
      visit('A-3', 'B', 0, null),
      visit('A-4', 'C', 0, null),
    ]);
  });

  afterAll(async () => {
    await store?.close();
  });

  const ask = (filter: Partial<DeadLetterFilter> = {}) =>
    listDeadLetters(store.client, { at: NOW, ...filter }, { limit: 100 });
  const list = async (filter: Partial<DeadLetterFilter> = {}) => (await ask(filter)).letters;
  const keyed = async (filter: Partial<DeadLetterFilter> = {}) =>
    (await list(filter)).map(({ queue, count, resolution }) => [queue, count, resolution?.how ?? null]);

  it('are one each however often they were seen, the latest first, with what became of them', async () => {
    expect(await keyed()).toEqual([
      ['third.dead', 1, null],
      ['dead', 1, 'consumed'],
      ['other.dead', 1, null],
      ['other.dead', 1, 'drained'],
      ['dead', 2, null],
      ['dead', 1, 'consumed'],
      ['dead', 1, null],
    ]);
  });

  it('are as they were known at a time', async () => {
    expect(await keyed({ at: T0 + 350n * SECOND })).toEqual([
      ['dead', 1, 'consumed'],
      ['dead', 1, 'consumed'],
      ['dead', 1, null],
    ]);
  });

  it('belong to the order that they, their alias or their trace name', async () => {
    const letters = await list();
    expect(letters.map(({ orderId }) => orderId)).toEqual([null, null, 'A-4', 'A-4', 'A-2', 'A-3', 'A-1']);
    expect(await deadLettersOfOrders(store.client, ['A-1', 'A-2', 'A-3', 'A-4'], NOW)).toEqual(
      new Map([
        ['A-1', 1],
        ['A-2', 1],
        ['A-4', 1],
      ]),
    );
  });

  it('tell when they were resolved, and keep headers and times', async () => {
    const [letter] = await list({ order: 'A-3' });
    expect(letter).toMatchObject({
      reason: 'rejected',
      originQueue: 'work',
      exchange: 'orders',
      routingKeys: ['order.created'],
      firstAt: formatRfc3339(T0),
      headers: [{ key: 'kind', value: 'order' }],
      resolution: { how: 'consumed', at: formatRfc3339(T0 + 200n * SECOND) },
    });
  });

  it('are found by queue, reason, order, resolution and id, and page by page', async () => {
    expect(await keyed({ queue: 'other.dead', resolved: false })).toEqual([['other.dead', 1, null]]);
    expect(await keyed({ reason: 'expired' })).toEqual([['dead', 2, null]]);
    expect(await keyed({ since: T0 + 650n * SECOND })).toHaveLength(2);
    const all = await list();
    const [, second] = all;
    const rest = await listDeadLetters(store.client, { at: NOW }, { limit: 100, after: second?.place });
    expect(rest.letters).toEqual(all.slice(2));
    const first = await listDeadLetters(store.client, { at: NOW }, { limit: 2 });
    expect(first.letters).toEqual(all.slice(0, 2));
  });

  it('are found by their id as they stand, and by what they are found in their queue', async () => {
    const [, , , drained] = await list();
    expect(await findDeadLetter(store.client, drained?.id ?? '', NOW)).toMatchObject({
      broker: 'main',
      queue: 'other.dead',
      orderId: 'A-4',
      resolution: 'drained',
      messageKey: Buffer.from('drained'.padEnd(16, '.')).toString('hex'),
      firstAt: T0,
    });
    expect(await findDeadLetter(store.client, '00000000000000ff', NOW)).toBeUndefined();
    expect(drained?.resolution).toEqual({ how: 'drained', at: formatRfc3339(T0 + 600n * SECOND) });
  });

  it('are counted by reason whatever reason is asked for, and by queue whatever is asked for', async () => {
    const answer = await deadLetterAnswer(store.client, { at: NOW, resolved: false, reason: 'maxlen' }, { limit: 100 });
    expect(answer.letters).toHaveLength(1);
    expect(answer.byReason).toEqual(
      new Map([
        ['rejected', 2],
        ['expired', 1],
        ['maxlen', 1],
      ]),
    );
    const held = answer.queues.map(({ queue, unresolved }) => [queue, unresolved]);
    expect(held).toEqual([
      ['dead', 2],
      ['other.dead', 1],
      ['third.dead', 1],
    ]);
  });

  it('are counted by the queue in which they died and by the queue that holds them', async () => {
    const deaths = await queueDeaths(store.client, { since: T0, at: NOW });
    const of = (name: string) => deaths.find(({ queue }) => queue === name);
    expect(of('work')?.deadLettered).toEqual({ rejected: 4, expired: 1, maxlen: 0, deliveryLimit: 1 });
    expect(of('dead')).toMatchObject({ unresolved: 2, deadLettered: { maxlen: 1 } });
  });

  it('are counted by the status of their orders', async () => {
    const scope = { at: NOW, past: false, finals: [] };
    expect(await deadLettersByStatus(store.client, scope)).toEqual(
      new Map([
        ['B', 2],
        ['C', 1],
      ]),
    );
    const before = { ...scope, at: T0 + 350n * SECOND, past: true };
    expect(await deadLettersByStatus(store.client, before)).toEqual(new Map([['B', 1]]));
    const large = { name: 'size', value: 'large' };
    expect(await deadLettersByStatus(store.client, { ...scope, attribute: large })).toEqual(new Map([['B', 1]]));
  });

  it('stand beside queues as they were sampled last; gone and stale ones are left out', async () => {
    const states = await queueStates(store.client, NOW);
    expect(states).toMatchObject([{ queue: 'work', ready: 7, consumers: 1, rates: null, details: null }]);
    expect(await queueStates(store.client, T0 + 130n * SECOND)).toMatchObject([
      { queue: 'dead', ready: 3, rates: { publish: 2.5, deliver: 2, ack: 1 } },
      { queue: 'stale' },
    ]);
  });

  it('are told apart by their broker, and an empty queue there resolves nothing here', async () => {
    const twin = { broker: 'second', queue: 'open', order_id: 'B-1' };
    await store.client.insertRows('dead_letters', [
      sighting('twin', 900, { ...twin, broker: 'first', order_id: 'B-0' }),
      sighting('twin', 900, twin),
      sighting('twin', 910, { ...twin, resolution: 'consumed' }),
      // Not every broker says when a message died first.
      sighting('other', 901, { ...twin, broker: 'first', first_at: null }),
      sighting('other', 901, twin),
    ]);
    await store.client.insertRows('queue_samples', [sample('open', 9_950, 0, { broker: 'second' })]);
    const ways = (await list({ queue: 'open' })).map(
      ({ broker, resolution }) => `${broker} ${resolution?.how ?? 'waits'}`,
    );
    expect(ways.sort()).toEqual(['first waits', 'first waits', 'second consumed', 'second drained']);
    expect(await list({ broker: 'first', queue: 'open', resolved: true })).toEqual([]);
    const byQueue = await unresolvedByQueue(store.client, NOW);
    expect(byQueue.filter(({ queue }) => queue === 'open')).toEqual([
      { broker: 'first', vhost: '/', queue: 'open', reason: 'rejected', count: 2 },
    ]);
    const deaths = (await queueDeaths(store.client, { since: T0, at: NOW })).filter(({ queue }) => queue === 'open');
    expect(deaths.map(({ broker, unresolved }) => `${broker} ${unresolved}`).sort()).toEqual(['first 2', 'second 0']);
  });
});
