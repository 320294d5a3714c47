import { describe, expect, it } from 'vitest';
import { inheritOrders } from './inheritance.ts';
import type { FamilySpan } from './span-parents.ts';

interface NamingSpan extends FamilySpan {
  readonly orderId: string | null;
}

const span = (
  spanId: string,
  parentSpanId: string | null,
  orderId: string | null = null,
  more: Partial<NamingSpan> = {},
): NamingSpan => ({ spanId, parentSpanId, orderId, kind: 'internal', service: 'shop', ...more });

function inherited(spans: readonly NamingSpan[]): (string | null)[] {
  return inheritOrders(
    spans,
    spans.map(({ orderId }) => orderId),
  );
}

/** The order of each span by its id. */
function ordersOf(spans: readonly NamingSpan[]): Record<string, string | null> {
  const orders = inherited(spans);
  return Object.fromEntries(spans.map(({ spanId }, index) => [spanId, orders[index] ?? null]));
}

describe('inheritOrders', () => {
  it('gives a span the order of its nearest ancestor that names one', () => {
    const orders = ordersOf([span('a', null, 'A'), span('b', 'a', 'B'), span('c', 'b'), span('d', 'a')]);
    expect(orders).toEqual({ a: 'A', b: 'B', c: 'B', d: 'A' });
  });

  it('gives spans above the naming one the only order of the trace', () => {
    const orders = ordersOf([span('root', null), span('child', 'root', 'A')]);
    expect(orders['root']).toBe('A');
  });

  it('leaves a span without a naming ancestor alone when the trace serves several orders', () => {
    const orders = ordersOf([span('root', null), span('x', 'root', 'A'), span('y', 'root', 'B')]);
    expect(orders['root']).toBeNull();
  });

  it('ends at missing parents and at cycles', () => {
    const orders = ordersOf([
      span('a', 'b'),
      span('b', 'a'),
      span('c', 'gone'),
      span('d', null, 'D'),
      span('e', null, 'E'),
    ]);
    expect([orders['a'], orders['b'], orders['c']]).toEqual([null, null, null]);
  });

  it('does not depend on the order of the spans', () => {
    const spans = [span('a', null, 'A'), span('b', 'a'), span('c', 'b', 'C'), span('d', 'c'), span('e', 'b')];
    const forward = ordersOf(spans);
    expect(ordersOf(spans.toReversed())).toEqual(forward);
  });

  it('lets the half of a shared span that names an order speak for both, and children follow their own half', () => {
    const client = span('call', 'root', null, { kind: 'client', service: 'crm' });
    const server = span('call', 'root', 'B', { kind: 'server', service: 'mes' });
    const spans = [
      span('root', null, 'A'),
      client,
      server,
      span('work', 'call', null, { service: 'mes' }),
      span('next', 'work', 'C'),
    ];
    expect(inherited(spans)).toEqual(['A', 'B', 'B', 'B', 'C']);
  });

  it('keeps apart the halves of a shared span that name two orders', () => {
    const spans = [
      span('call', null, 'A', { kind: 'client', service: 'crm' }),
      span('call', null, 'B', { kind: 'server', service: 'mes' }),
      span('before', 'call', null, { service: 'crm' }),
      span('work', 'call', null, { service: 'mes' }),
    ];
    expect(inherited(spans)).toEqual(['A', 'B', 'A', 'B']);
  });
});
