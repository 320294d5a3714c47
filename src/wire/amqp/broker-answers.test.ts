import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNodeCounters, parseQueueDepths } from './broker-metrics.ts';
import { parseQueuePage } from './management.ts';
import { parsePrometheus } from './prometheus-text.ts';

const recorded = (name: string): string =>
  readFileSync(new URL(`./testing/broker-3.10.8/${name}`, import.meta.url), 'utf8');

describe('answers of a real broker (RabbitMQ 3.10.8)', () => {
  it('give the depth of every queue', () => {
    const depths = parseQueueDepths(recorded('detailed.txt'));
    expect(depths).toHaveLength(15);
    expect(depths.find(({ queue }) => queue === 'other.dead')).toEqual({
      vhost: '/',
      queue: 'other.dead',
      ready: 6,
      unacked: 0,
      consumers: 0,
    });
  });

  it('give dead letters by reason, apart from those that no exchange took, and unroutable messages', () => {
    const counters = parseNodeCounters(recorded('metrics.txt'));
    expect(Object.fromEntries(counters.deadLettered)).toEqual({
      rejected: 3,
      expired: 3,
      maxlen: 2,
      delivery_limit: 1,
    });
    expect(counters.discarded.get('maxlen')).toBe(0);
    expect(counters.unroutable).toBe(2);
  });

  it('give queues with policy, arguments, depth and rates', () => {
    const page = parseQueuePage(JSON.parse(recorded('queues.json')));
    expect(page).toMatchObject({ total: 15, pages: 1 });
    expect(page.items.find(({ name }) => name === 'orders.price')).toMatchObject({
      policy: 'orders-dlx',
      policyDefinition: { 'dead-letter-exchange': 'orders.dlx' },
      depth: { ready: 0, unacked: 0, consumers: 0 },
      rates: { publish: 0, deliver: 0, ack: 0 },
    });
    expect(page.items.find(({ name }) => name === 'q.quorum')?.type).toBe('quorum');
  });

  it('are no depth of a queue before the broker has figures: it is not empty for that', () => {
    const bare = { name: 'q', vhost: '/', type: 'classic', durable: true, arguments: [] };
    const [found] = parseQueuePage({ items: [bare], page_count: 1, total_count: 1 }).items;
    expect(found).toMatchObject({ depth: null, arguments: {} });
  });
});

describe('the text format of Prometheus', () => {
  it('keeps every label as it was, with quotes, braces, line ends and commas in it', () => {
    const escape = (text: string): string =>
      text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'binary' }), fc.integer(), (a, b, value) => {
        const text = `# TYPE depth gauge\nother{queue="${escape(a)}"} 1\ndepth{vhost="${escape(a)}",queue="${escape(b)}"} ${value} 1700000000\n`;
        const [sample, ...rest] = parsePrometheus(text, new Set(['depth']));
        expect(rest).toEqual([]);
        expect(sample?.value).toBe(value);
        expect(sample?.labels.get('vhost')).toBe(a);
        expect(sample?.labels.get('queue')).toBe(b);
      }),
    );
  });

  it('passes over whatever is none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const { value } of parsePrometheus(text, new Set(['a', 'depth']))) expect(value).not.toBeNaN();
      }),
    );
    expect([...parsePrometheus('depth{queue="a" 1\ndepth NaN\ndepth\n{} 1\ndepth +Inf', new Set(['depth']))]).toEqual(
      [],
    );
  });
});
