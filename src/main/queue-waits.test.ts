import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Breakdowns } from '../projector/breakdowns.ts';
import { insertOrders, SECOND } from '../query/metrics/testing/order-rows.ts';
import { findOrderBreakdown } from '../query/order-breakdown.ts';
import type { Store } from '../store/store.ts';
import { openTemporaryStore } from '../store/testing/temporary-store.ts';
import { toDateTime64 } from '../store/time.ts';

/** Not long ago: tables forget what is older. */
const T0 = BigInt(Math.floor(Date.now() / 1000) - 2_000) * SECOND;
const at = (seconds: number) => toDateTime64(T0 + BigInt(seconds) * SECOND);

/** What is known of a message in a queue; `key` names it, times are seconds. */
function message(key: string, from: number | null, to: number | null, more: Record<string, unknown> = {}) {
  return {
    broker: 'main',
    vhost: '/',
    queue: 'work',
    message_key: key.padEnd(16, '.'),
    occurrence: 0,
    observed_at: toDateTime64(T0),
    key_kind: 1,
    trace_id: '\0'.repeat(16),
    span_id: '\0'.repeat(8),
    order_id: '',
    alias: '',
    published_at: from === null ? null : at(from),
    published_stamp: null,
    delivered_at: to === null ? null : at(to),
    delivered_stamp: null,
    deliveries: to === null ? 0 : 1,
    unreliable: 0,
    ...more,
  };
}

describe('time in queues that only brokers know of', () => {
  let store: Store;

  beforeAll(async () => {
    store = await openTemporaryStore();
    const { client } = store;
    const visits = [
      ['A', 0n, 100n * SECOND],
      ['B', 100n * SECOND, null],
    ] as const;
    const ids = ['named', 'aliased', 'traced', 'dead', 'lagged', 'stamped', 'brokers', 'none'];
    await insertOrders(
      client,
      ids.map((orderId) => ({ orderId, visits, start: T0, aliases: orderId === 'aliased' ? ['cart=7'] : [] })),
    );
    await client.insertRows('order_aliases', [{ order_id: 'aliased', alias: 'cart=7', bound_at: at(0) }]);
    await client.insertRows('order_traces', [
      { order_id: 'traced', alias: '', trace_id: 't'.repeat(16), observed_at: at(0) },
      // A trace of two orders says nothing about which of them a message is for.
      { order_id: 'traced', alias: '', trace_id: 's'.repeat(16), observed_at: at(0) },
      { order_id: 'none', alias: '', trace_id: 's'.repeat(16), observed_at: at(0) },
    ]);
    await client.insertRows('queue_messages', [
      // Two sightings of one message, and one that overlaps it in another queue.
      message('n1', 10, null, { order_id: 'named' }),
      message('n1', null, 40, { order_id: 'named' }),
      message('n2', 30, 60, { order_id: 'named', queue: 'other' }),
      // Nobody has taken it yet; what is told by its body alone may be another one.
      message('n3', 150, null, { order_id: 'named' }),
      message('n4', 0, null, { order_id: 'named', key_kind: 3 }),
      message('a1', 90, 120, { alias: 'cart=7' }),
      message('t1', 5, 6, { trace_id: 't'.repeat(16) }),
      message('s1', 20, 90, { trace_id: 's'.repeat(16) }),
      message('d1', 50, null, { order_id: 'dead' }),
      message('l1', 10, 20, { order_id: 'lagged', unreliable: 1 }),
      message('l2', 30, 35, { order_id: 'lagged', unreliable: 1, published_stamp: at(31), delivered_stamp: at(34) }),
      message('st', 10, 20, { order_id: 'stamped', published_stamp: at(12), delivered_stamp: at(15) }),
      // The same message, carried on to a queue of the same name at another broker.
      message('b1', 10, 20, { order_id: 'brokers' }),
      message('b1', 50, 55, { order_id: 'brokers', broker: 'second' }),
    ]);
    await client.insertRows('dead_letters', [
      {
        broker: 'main',
        vhost: '/',
        queue: 'work.dead',
        message_key: 'd1'.padEnd(16, '.'),
        origin_queue: 'work',
        reason: 'rejected',
        count: 1,
        trace_id: '\0'.repeat(16),
        span_id: '\0'.repeat(8),
        observed_at: at(80),
      },
    ]);
  });

  afterAll(async () => {
    await store?.close();
  });

  /** Seconds in queues in the visits of an order, the last of which is 100 seconds old. */
  const queued = async (orderId: string) => {
    const found = await findOrderBreakdown(store.client, orderId, { now: T0 + 200n * SECOND, isFinal: () => false });
    return found?.visits.map(({ breakdown }) => (breakdown === null ? null : breakdown.queueMs / 1000));
  };

  it('counts as waiting in queues without a span of anybody, once where messages overlap', async () => {
    expect(await queued('named')).toEqual([50, 50]);
    expect(await queued('aliased')).toEqual([10, 20]);
    expect(await queued('none')).toEqual([null, null]);
  });

  it('belongs to the only order of the trace that a nameless message carries', async () => {
    expect(await queued('traced')).toEqual([1, 0]);
  });

  it('ends where the message died', async () => {
    expect(await queued('dead')).toEqual([30, 0]);
  });

  it('goes by the stamps of the broker, and counts nothing while the tracer lagged', async () => {
    expect(await queued('stamped')).toEqual([3, 0]);
    expect(await queued('lagged')).toEqual([3, 0]);
  });

  it('is told apart by the broker of the queue', async () => {
    expect(await queued('brokers')).toEqual([15, 0]);
  });

  it('is in the figures of statuses', async () => {
    let now = Number(T0 / 1_000_000n) + 200_000;
    const breakdowns = new Breakdowns({ store: store.client, now: () => now });
    breakdowns.start();
    breakdowns.notify(['named', 'aliased']);
    now += 60_000;
    breakdowns.notify([]);
    const rows = () =>
      store.client.query<{ order_id: string; queued: number }>(
        "SELECT order_id, queue_nano / 1e9 AS queued FROM visit_breakdowns WHERE status = 'A' ORDER BY order_id",
      );
    await expect.poll(rows, { timeout: 20_000 }).toEqual([
      { order_id: 'aliased', queued: 10 },
      { order_id: 'named', queued: 50 },
    ]);
    await breakdowns.stop();
  }, 30_000);
});
