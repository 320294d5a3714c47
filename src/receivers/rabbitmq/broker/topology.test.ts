import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BrokerBinding,
  type BrokerQueue,
  parseBindings,
  parseExchanges,
  parseQueuePage,
} from '../../../wire/amqp/management.ts';
import { deadLetterTopology, rulesOf } from './topology.ts';

const recorded = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../wire/amqp/testing/broker-3.10.8/${name}.json`, import.meta.url), 'utf8'));

function queue(name: string, args: Record<string, unknown> = {}, policy: Record<string, unknown> = {}): BrokerQueue {
  return {
    vhost: '/',
    name,
    type: 'classic',
    durable: true,
    exclusive: false,
    arguments: args,
    policy: null,
    policyDefinition: policy,
    depth: null,
    rates: null,
  };
}

function binding(source: string, destination: string, routingKey: string, toQueue = true): BrokerBinding {
  return { vhost: '/', source, destination, toQueue, routingKey, arguments: {} };
}

const exchange = (name: string, type: string, alternate: string | null = null) => ({
  vhost: '/',
  name,
  type,
  alternate,
});

describe('where dead letters go', () => {
  const { queues, targets, lost, returns } = deadLetterTopology({
    queues: parseQueuePage(recorded('queues')).items,
    exchanges: parseExchanges(recorded('exchanges')),
    bindings: parseBindings(recorded('bindings')),
  });

  it('is found out from what a real broker answers: arguments, policies, every type of exchange', () => {
    const sources = Object.fromEntries(
      [...queues.values()].map((found) => [found.queue, found.sources.map((source) => source.queue)]),
    );
    expect(sources).toEqual({
      'calls.retry': ['calls'],
      'def.dead': ['def.work'],
      'far.dead': ['far.work'],
      'far.rest': ['far.work'],
      'orders.dead': ['orders.price'],
      'other.dead': ['other.work', 'q.quorum'],
    });
    expect(targets.get('far.work')?.toSorted()).toEqual(['far.dead', 'far.rest']);
  });

  it('over the default exchange has no binding beside which another queue could stand', () => {
    expect(queues.get('def.dead')).toMatchObject({
      bindings: [],
      overDefaultExchange: true,
      sources: [{ exchange: '', routingKey: 'def.dead', certain: true, cyclic: false }],
    });
  });

  it('is uncertain where the message decides: its routing key, its headers, an exchange without a match', () => {
    expect(queues.get('other.dead')?.sources[0]?.certain).toBe(true);
    expect(queues.get('far.dead')?.sources[0]?.certain).toBe(false);
    expect(queues.get('far.rest')?.sources[0]?.certain).toBe(false);
    expect(queues.get('far.dead')?.bindings).toMatchObject([{ source: 'far.headers', arguments: { kind: 'pdf' } }]);
  });

  it('is nowhere when the exchange does not exist', () => {
    expect([...lost]).toEqual(['lost.work']);
  });

  it('knows a retry: going away is a dead letter, coming back to work is none', () => {
    expect(queues.get('calls.retry')?.sources).toMatchObject([{ queue: 'calls', cyclic: true }]);
    expect(queues.has('calls')).toBe(false);
    expect([...returns]).toEqual(['calls.retry\ncalls']);
  });

  it('takes a queue that dies into itself for no dead-letter queue', () => {
    const found = deadLetterTopology({
      queues: [queue('self', { 'x-dead-letter-exchange': '' })],
      exchanges: [],
      bindings: [binding('orders', 'self', 'created')],
    });
    expect([...found.queues]).toEqual([]);
  });

  it('follows a dead-letter routing key through topic patterns', () => {
    const found = deadLetterTopology({
      queues: [
        queue('work', { 'x-dead-letter-exchange': 'dlx', 'x-dead-letter-routing-key': 'mes.order.dead' }),
        queue('a'),
        queue('b'),
        queue('c'),
      ],
      exchanges: [exchange('dlx', 'topic')],
      bindings: [binding('dlx', 'a', 'mes.#'), binding('dlx', 'b', 'crm.*.dead'), binding('dlx', 'c', '*.*.dead')],
    });
    expect([...found.queues.keys()]).toEqual(['a', 'c']);
    expect(found.queues.get('a')?.sources[0]?.certain).toBe(true);
  });

  it('ends with exchanges that are bound in circles and queues that die in circles, whatever they look like', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd');
    const anyQueue = fc.record({
      name: names,
      dlx: fc.option(fc.constantFrom('', 'a', 'b', 'x')),
      key: fc.option(names),
    });
    const anyBinding = fc.record({ source: names, destination: names, key: names, toQueue: fc.boolean() });
    fc.assert(
      fc.property(fc.uniqueArray(anyQueue, { selector: ({ name }) => name }), fc.array(anyBinding), (all, bound) => {
        const found = deadLetterTopology({
          queues: all.map(({ name, dlx, key }) =>
            queue(name, {
              ...(dlx === null ? {} : { 'x-dead-letter-exchange': dlx }),
              ...(key === null ? {} : { 'x-dead-letter-routing-key': key, 'x-message-ttl': 5 }),
            }),
          ),
          exchanges: ['a', 'b', 'c', 'd'].map((name, index) =>
            exchange(name, ['direct', 'topic', 'fanout', 'headers'][index] ?? 'direct', name === 'a' ? 'b' : null),
          ),
          bindings: bound.map(({ source, destination, key, toQueue }) => binding(source, destination, key, toQueue)),
        });
        const known = new Set(all.map(({ name }) => name));
        for (const [name, { sources, bindings: ways, overDefaultExchange }] of found.queues) {
          expect(known).toContain(name);
          expect(sources.length).toBeGreaterThan(0);
          expect(ways.length > 0 || overDefaultExchange).toBe(true);
          expect(ways.every(({ destination, toQueue }) => toQueue && destination === name)).toBe(true);
        }
      }),
    );
  });
});

describe('the rules of a queue', () => {
  it('are its arguments over its policy, and the shorter of two limits', () => {
    const rules = rulesOf(
      queue(
        'q',
        { 'x-dead-letter-exchange': 'mine', 'x-max-length': 500, 'x-delivery-limit': 3 },
        {
          'dead-letter-exchange': 'theirs',
          'dead-letter-routing-key': 'dead',
          'max-length': 100,
          overflow: 'reject-publish',
        },
      ),
    );
    expect(rules).toEqual({
      deadLetterExchange: 'mine',
      deadLetterRoutingKey: 'dead',
      messageTtlMs: null,
      maxLength: 100,
      maxLengthBytes: null,
      overflow: 'reject-publish',
      deliveryLimit: 3,
    });
  });
});
