import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerPairs } from './field-values.ts';
import { decodeFirehoseEvent } from './firehose-event.ts';

const ARRIVED = 1_700_000_005_000;

/** Headers of events as RabbitMQ 3.10.8 sends them. */
const publish = {
  exchange_name: 'orders',
  routing_keys: ['order.paid', 'cc.key', 'bcc.key'],
  properties: {
    content_type: 'application/json',
    headers: {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      CC: ['cc.key'],
      'order-id': 'A-1',
      count: 7,
      exact: true,
      raw: Buffer.from([0xff, 0x00]),
      text: Buffer.from('texte'),
      nothing: null,
      nested: { a: [1, 'b', { c: Buffer.from('d') }] },
    },
    delivery_mode: 2,
    priority: 4,
    correlation_id: 'c-1',
    reply_to: 'answers',
    expiration: '60000',
    message_id: 'm-1',
    timestamp: 1_700_000_000,
    type: 'paid',
    user_id: 'shop',
    app_id: 'shop-api',
  },
  node: 'rabbit@one',
  vhost: '/',
  connection: '127.0.0.1:54352 -> 127.0.0.1:5672',
  channel: 1,
  user: 'shop',
  routed_queues: ['crm', 'mes'],
};

const { routed_queues: _queues, ...shared } = publish;
const deliver = { ...shared, redelivered: 1 };

describe('decodeFirehoseEvent', () => {
  it('reads every header of a publication', () => {
    const event = decodeFirehoseEvent('publish.orders', publish, ARRIVED);
    expect(event).toMatchObject({
      kind: 'publish',
      vhost: '/',
      node: 'rabbit@one',
      connection: '127.0.0.1:54352 -> 127.0.0.1:5672',
      channel: 1,
      user: 'shop',
      exchange: 'orders',
      routingKeys: ['order.paid', 'cc.key', 'bcc.key'],
      queues: ['crm', 'mes'],
      redelivered: false,
      directReply: false,
      properties: {
        messageId: 'm-1',
        correlationId: 'c-1',
        contentType: 'application/json',
        type: 'paid',
        appId: 'shop-api',
        replyTo: 'answers',
        timestamp: 1_700_000_000_000_000_000n,
      },
      context: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' },
      deaths: [],
      origin: { exchange: 'orders', routingKey: 'order.paid' },
      enteredAt: null,
      sentAt: null,
    });
    expect(headerPairs(event?.headers ?? {}, new Set(['traceparent']))).toEqual([
      { key: 'CC', value: '["cc.key"]' },
      { key: 'order-id', value: 'A-1' },
      { key: 'count', value: '7' },
      { key: 'exact', value: 'true' },
      { key: 'raw', value: '/wA=' },
      { key: 'text', value: 'texte' },
      { key: 'nothing', value: '' },
      { key: 'nested', value: '{"a":[1,"b",{"c":"d"}]}' },
    ]);
  });

  it('reads every header of a delivery; its queue is in the routing key, dots and all', () => {
    expect(decodeFirehoseEvent('deliver.crm.in', deliver, ARRIVED)).toMatchObject({
      kind: 'deliver',
      queues: ['crm.in'],
      redelivered: true,
      exchange: 'orders',
    });
  });

  it('knows an unroutable publication from a direct reply and from a broker that does not say', () => {
    const lost = { ...publish, exchange_name: '', routed_queues: [] };
    const reply = { ...lost, routing_keys: ['amq.rabbitmq.reply-to.g1h2AA5yZXBseUA='] };
    expect(decodeFirehoseEvent('publish.', lost, ARRIVED)).toMatchObject({ queues: [], directReply: false });
    expect(decodeFirehoseEvent('publish.', reply, ARRIVED)).toMatchObject({ queues: [], directReply: true });
    expect(decodeFirehoseEvent('publish.orders', shared, ARRIVED)?.queues).toBeNull();
  });

  it('reads x-death newest first and finds where a dead letter came from', () => {
    const headers = {
      'x-death': [
        { count: 2, reason: 'expired', queue: 'retry', time: 1_700_000_003, exchange: 'again', 'routing-keys': ['r'] },
        {
          count: 1,
          reason: 'rejected',
          queue: 'crm',
          time: 1_700_000_001,
          exchange: 'orders',
          'routing-keys': ['order.paid', 'cc'],
        },
        { reason: 'made up' },
        'not a table',
      ],
      'x-first-death-queue': 'crm',
      'x-first-death-reason': 'rejected',
    };
    const event = decodeFirehoseEvent(
      'deliver.crm.dead',
      { ...deliver, exchange_name: 'dlx', properties: { headers } },
      ARRIVED,
    );
    expect(event?.deaths.map(({ reason, queue, count }) => ({ reason, queue, count }))).toEqual([
      { reason: 'expired', queue: 'retry', count: 2 },
      { reason: 'rejected', queue: 'crm', count: 1 },
      { reason: 'unknown', queue: '', count: 1 },
    ]);
    expect(event?.deaths[1]?.firstAt).toBe(1_700_000_001_000_000_000n);
    expect(event?.origin).toEqual({ exchange: 'orders', routingKey: 'order.paid' });
  });

  it('takes the stamps of newer brokers', () => {
    const headers = { timestamp_in_ms: 1_700_000_004_001, 'x-opt-rabbitmq-sent-time': 1_700_000_004_009 };
    const event = decodeFirehoseEvent('deliver.crm', { ...deliver, properties: { headers } }, ARRIVED);
    expect(event).toMatchObject({ enteredAt: 1_700_000_004_001_000_000n, sentAt: 1_700_000_004_009_000_000n });
  });

  it('never throws, whatever stands in an event', () => {
    const anything = fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true });
    const event = fc.record(
      Object.fromEntries([...Object.keys(publish), 'redelivered'].map((key) => [key, anything])),
      { requiredKeys: [] },
    );
    const withProperties = fc.record({
      ...Object.fromEntries(Object.keys(shared).map((key) => [key, anything])),
      properties: fc.record({ headers: anything, timestamp: anything, message_id: anything }),
    });
    fc.assert(
      fc.property(fc.string(), fc.oneof(anything, event, withProperties), (key, headers) => {
        for (const routingKey of [key, `publish.${key}`, `deliver.${key}`]) {
          const decoded = decodeFirehoseEvent(routingKey, headers, ARRIVED);
          const pairs = decoded === undefined ? [] : headerPairs(decoded.headers, new Set());
          expect(pairs.length).toBeLessThanOrEqual(64);
        }
      }),
    );
  });
});
