import { describe, expect, it } from 'vitest';
import { type FaultKind, type OrderPlan, statuses } from '../../examples/jewelry/faults.ts';
import { type BrokerFacts, brokerFindings, renderFindings } from './findings.ts';

const at = { base: 'http://w', timeScale: 0.1 };
const delay = {
  count: 9,
  meanMs: 200,
  p50Ms: 10,
  p95Ms: 1200,
  source: 'firehose_arrival' as const,
  uncertaintyMs: 1,
  estimatedP95Ms: 1200,
  suppressed: 0,
  anomalies: 0,
};
const facts: BrokerFacts = {
  queues: [{ queue: 'mes.previews', delay }],
  slowMessages: [
    { queue: 'mes.previews', delayMs: 20 },
    { queue: 'mes.previews', delayMs: 600 },
  ],
  unroutable: [{ routingKey: 'order.dispatched', count: 1 }],
  deadLetters: [
    { reason: 'rejected', originQueue: 'mes.price', orderId: 'JW-1' },
    { reason: 'expired', originQueue: 'crm.callbacks', orderId: 'JW-2' },
  ],
};

function plan(orderId: string, fault: FaultKind | null): OrderPlan {
  return { orderId, fault, visits: statuses, finalStatus: 'CLOSED' };
}

const plans = [
  plan('JW-1', 'poison_message'),
  plan('JW-2', 'expired_message'),
  plan('JW-3', 'slow_consumer'),
  plan('JW-4', 'unroutable_publish'),
];

describe('what is found inside the broker', () => {
  it('is every planned fault, with its figure and its page', () => {
    expect(brokerFindings(plans, facts, at).every(({ found }) => found)).toBe(true);
    expect(renderFindings(brokerFindings(plans, facts, at), { paint: (_: unknown, text: string) => text })).toEqual([
      '',
      '  inside the broker',
      '  ✓  slow_consumer       mes.previews: wait, p95: 1.2 s           http://w/queues',
      '  ✓  poison_message      mes.price: dead letters, rejected: 1     http://w/dead-letters?reason=rejected',
      '  ✓  expired_message     crm.callbacks: dead letters, expired: 1  http://w/dead-letters?reason=expired',
      '  ✓  unroutable_publish  order.dispatched: taken by no queue: 1   http://w/queues',
    ]);
  });

  it('misses what Waybill does not show, or shows of another order', () => {
    const poor: BrokerFacts = {
      queues: facts.queues,
      slowMessages: [
        { queue: 'mes.previews', delayMs: 20 },
        { queue: 'mes.price', delayMs: 600 },
      ],
      unroutable: [],
      deadLetters: facts.deadLetters.map((letter) => ({ ...letter, orderId: 'JW-9' })),
    };
    expect(brokerFindings(plans, poor, at).map(({ fault, found }) => [fault, found])).toEqual([
      ['slow_consumer', false],
      ['poison_message', false],
      ['expired_message', false],
      ['unroutable_publish', false],
    ]);
  });

  it('is nothing where nothing was planned', () => {
    expect(brokerFindings([plan('JW-1', null)], facts, at)).toEqual([]);
    expect(renderFindings([], { paint: (_: unknown, text: string) => text })).toEqual([]);
  });
});
