import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FamilySpan, findParents, SPAN_KINDS } from './span-parents.ts';

function span(spanId: string, parentSpanId: string | null, kind: FamilySpan['kind'], service: string): FamilySpan {
  return { spanId, parentSpanId, kind, service };
}

/** `kind@service` of the parent of each span. */
function parentsOf(spans: readonly FamilySpan[]): (string | null)[] {
  return [...findParents(spans)].map((at) => {
    const parent = spans[at];
    return parent === undefined ? null : `${parent.kind}@${parent.service}`;
  });
}

describe('findParents', () => {
  it('finds parents by their ids; roots and spans without a known parent have none', () => {
    const spans = [
      span('a', null, 'server', 'shop'),
      span('b', 'a', 'internal', 'shop'),
      span('c', 'x', 'client', 'crm'),
    ];
    expect([...findParents(spans)]).toEqual([-1, 0, -1]);
  });

  it('puts the server’s half of a shared span below the client’s', () => {
    const spans = [
      span('b', 'a', 'server', 'mes'),
      span('b', 'a', 'client', 'shop'),
      span('a', null, 'server', 'shop'),
    ];
    expect(parentsOf(spans)).toEqual(['client@shop', 'server@shop', null]);
  });

  it('does so also for a shared root', () => {
    expect(parentsOf([span('a', null, 'client', 'shop'), span('a', null, 'server', 'mes')])).toEqual([
      null,
      'client@shop',
    ]);
  });

  it('hangs what names a shared id below the half of its own service', () => {
    const spans = [
      span('b', 'a', 'client', 'shop'),
      span('b', 'a', 'server', 'mes'),
      span('c', 'b', 'internal', 'shop'),
      span('d', 'b', 'client', 'mes'),
    ];
    expect(parentsOf(spans).slice(2)).toEqual(['client@shop', 'server@mes']);
  });

  it('hangs it below the server’s half where the service does not tell', () => {
    const halves = [span('b', 'a', 'client', 'shop'), span('b', 'a', 'server', 'mes')];
    expect(parentsOf([...halves, span('c', 'b', 'server', 'warehouse')])[2]).toBe('server@mes');
    const oneService = [span('b', null, 'client', 'shop'), span('b', null, 'server', 'shop')];
    expect(parentsOf([...oneService, span('c', 'b', 'internal', 'shop')])[2]).toBe('server@shop');
  });

  it('takes a server’s own parent where the client’s half has not arrived', () => {
    expect(parentsOf([span('a', null, 'internal', 'shop'), span('b', 'a', 'server', 'mes')])).toEqual([
      null,
      'internal@shop',
    ]);
  });

  it('finds a parent wherever one is known, and never makes a span its own parent', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd');
    const anySpan = fc.record({
      spanId: id,
      parentSpanId: fc.option(id),
      kind: fc.constantFrom(...SPAN_KINDS),
      service: fc.constantFrom('x', 'y'),
    });
    const unique = fc.uniqueArray(anySpan, { selector: ({ spanId, kind }) => `${spanId} ${kind}`, maxLength: 12 });
    fc.assert(
      fc.property(unique, (spans) => {
        const parents = findParents(spans);
        for (const [index, parent] of parents.entries()) {
          expect(parent).not.toBe(index);
          const [child, found] = [spans[index], spans[parent]];
          if (found !== undefined) expect([child?.parentSpanId, child?.spanId]).toContain(found.spanId);
        }
        // Every span with a known parent id other than its own has a parent.
        for (const [index, { spanId, parentSpanId }] of spans.entries()) {
          const isKnown = parentSpanId !== spanId && spans.some((other) => other.spanId === parentSpanId);
          if (isKnown) expect(parents[index]).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
