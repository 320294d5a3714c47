import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatRfc3339 } from '../model/units.ts';
import { storeConfigSchema } from '../store/config.ts';
import { openStore, type Store } from '../store/store.ts';
import { toDateTime64 } from '../store/time.ts';
import { lastMessages } from './last-messages.ts';

const SECOND = 1_000_000_000n;
/** Not long ago: the table forgets what is older. */
const T0 = BigInt(Math.floor(Date.now() / 1000) - 1_000) * SECOND;
const at = (seconds: number) => T0 + BigInt(seconds) * SECOND;

/** What one sighting brings; `key` names the message. */
function sighting(key: string, orderId: string, queue: string, more: Record<string, unknown>) {
  return {
    broker: 'main',
    vhost: '/',
    queue,
    message_key: key.padEnd(16, '.'),
    occurrence: 0,
    order_id: orderId,
    observed_at: toDateTime64(T0),
    key_kind: 1,
    exchange: 'orders',
    routing_key: queue,
    publisher: 'shop-api',
    consumer: 'mes-api',
    trace_id: '\0'.repeat(16),
    span_id: '\0'.repeat(8),
    alias: '',
    published_at: null,
    published_stamp: null,
    delivered_at: null,
    delivered_stamp: null,
    last_delivered_at: null,
    deliveries: 0,
    redelivered: 0,
    unreliable: 0,
    lateness_ms: 1,
    direct_reply: 0,
    body_bytes: 10,
    ...more,
  };
}

describe('the last message of orders', () => {
  let directory: string;
  let store: Store;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'waybill-last-messages-'));
    store = await openStore(storeConfigSchema.parse({}), { dataDir: directory, log: () => undefined });
    await store.client.insertRows('queue_messages', [
      sighting('a1', 'A', 'price', { published_at: toDateTime64(at(1)) }),
      sighting('a1', 'A', 'price', { delivered_at: toDateTime64(at(2)), deliveries: 1 }),
      sighting('a2', 'A', 'status', { published_at: toDateTime64(at(5)) }),
      sighting('b1', 'B', 'price', { published_at: toDateTime64(at(3)) }),
      sighting('b1', 'B', 'price', { delivered_at: toDateTime64(at(9)), deliveries: 1 }),
      sighting('c1', 'C', '', { published_at: toDateTime64(at(4)) }),
      sighting('d1', 'D', 'price', { delivered_at: toDateTime64(at(6)), deliveries: 1 }),
      sighting('e1', 'E', 'price', { published_at: toDateTime64(at(7)) }),
    ]);
  }, 60_000);
  afterAll(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('says of each order that was asked for where its last message is', async () => {
    const found = await lastMessages(store.client, ['A', 'B', 'C', 'D', 'no such order']);
    expect(Object.fromEntries(found)).toEqual({
      A: { queue: 'status', at: formatRfc3339(at(5)), fate: 'waiting' },
      B: { queue: 'price', at: formatRfc3339(at(3)), fate: 'delivered' },
      C: { queue: null, at: formatRfc3339(at(4)), fate: 'unroutable' },
      D: { queue: 'price', at: formatRfc3339(at(6)), fate: 'delivered' },
    });
  });

  it('asks nothing where there is no order', async () => {
    expect(await lastMessages(store.client, [])).toEqual(new Map());
  });
});
