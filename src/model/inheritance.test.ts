import { describe, expect, it } from 'vitest';
import { inheritOrders } from './inheritance.ts';

const span = (spanId: string, parentSpanId: string | null, orderId: string | null = null) => ({
  spanId,
  parentSpanId,
  orderId,
});

describe('inheritOrders', () => {
  it('gives a span the order of its nearest ancestor that names one', () => {
    const orders = inheritOrders([span('a', null, 'A'), span('b', 'a', 'B'), span('c', 'b'), span('d', 'a')]);
    expect(Object.fromEntries(orders)).toEqual({ a: 'A', b: 'B', c: 'B', d: 'A' });
  });

  it('gives spans above the naming one the only order of the trace', () => {
    const orders = inheritOrders([span('root', null), span('child', 'root', 'A')]);
    expect(orders.get('root')).toBe('A');
  });

  it('leaves a span without a naming ancestor alone when the trace serves several orders', () => {
    const orders = inheritOrders([span('root', null), span('x', 'root', 'A'), span('y', 'root', 'B')]);
    expect(orders.get('root')).toBeNull();
  });

  it('ends at missing parents and at cycles', () => {
    const orders = inheritOrders([
      span('a', 'b'),
      span('b', 'a'),
      span('c', 'gone'),
      span('d', null, 'D'),
      span('e', null, 'E'),
    ]);
    expect([orders.get('a'), orders.get('b'), orders.get('c')]).toEqual([null, null, null]);
  });

  it('does not depend on the order of the spans', () => {
    const spans = [span('a', null, 'A'), span('b', 'a'), span('c', 'b', 'C'), span('d', 'c'), span('e', 'b')];
    const forward = Object.fromEntries(inheritOrders(spans));
    expect(Object.fromEntries(inheritOrders(spans.toReversed()))).toEqual(forward);
  });
});
