import { describe, expect, it } from 'vitest';
import { queueOfSpan } from './client-queue.ts';

/** A span that received a message, with its name, destination and routing key. */
function queue(name: string, destination?: string, routingKey?: string, source?: string): string | undefined {
  return queueOfSpan({ name, destination, routingKey, source });
}

describe('queueOfSpan', () => {
  it.each([
    ['Spring', 'billing receive', 'billing', undefined],
    ['Spring before 3.2', 'billing receive', undefined, undefined],
    ["Node.js's instrumentation", 'billing process', 'orders', 'order.paid'],
    ["Node.js's instrumentation, default exchange", 'billing process', '', 'billing'],
    ['conventions since 1.22', 'process orders:order.paid:billing', 'orders:order.paid:billing', 'order.paid'],
    ['conventions since 1.22, no exchange', 'process order.paid:billing', 'order.paid:billing', 'order.paid'],
    ['conventions since 1.22, fan-out', 'process', 'orders:billing', undefined],
    ["RabbitMQ's .NET client, default exchange", 'deliver', 'amq.default', 'billing'],
  ])('reads the queue from a span of %s', (_client, name, destination, routingKey) => {
    expect(queue(name, destination, routingKey)).toBe('billing');
  });

  it('takes what names the source for the queue', () => {
    expect(queue('receive', 'orders', 'order.paid', 'billing')).toBe('billing');
  });

  it.each([
    ["RabbitMQ's .NET client", 'deliver', 'orders', 'order.paid'],
    ['a client that repeats the exchange', 'process orders', 'orders', 'order.paid'],
    ['a client that leaves the queue out', 'process orders:order.paid', 'orders:order.paid', 'order.paid'],
    ['a client that says nothing', 'handle', undefined, undefined],
  ])('makes no queue of an exchange: %s', (_client, name, destination, routingKey) => {
    expect(queue(name, destination, routingKey)).toBeUndefined();
  });
});
