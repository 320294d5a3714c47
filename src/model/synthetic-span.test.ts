import { describe, expect, it } from 'vitest';
import { type CandidateSpan, hideDoubles, KIND_CONSUMER, KIND_PRODUCER } from './synthetic-span.ts';

const CONTEXT = 'context';
const span = (change: Partial<CandidateSpan> & { spanId: string }): CandidateSpan => ({
  parentSpanId: null,
  kind: 1,
  synthetic: false,
  name: 'work',
  values: [],
  links: [],
  ...change,
});
const made = span({ spanId: 'made-p', parentSpanId: CONTEXT, kind: KIND_PRODUCER, synthetic: true, name: 'publish x' });
const madeFor = (queue: string): CandidateSpan =>
  span({
    spanId: `made-${queue}`,
    parentSpanId: 'made-p',
    kind: KIND_CONSUMER,
    synthetic: true,
    name: `deliver ${queue}`,
    links: [CONTEXT],
  });
const producer = span({ spanId: CONTEXT, kind: KIND_PRODUCER });
const hiddenIn = (spans: readonly CandidateSpan[]): string[] => [...hideDoubles(spans).keys()].sort();

describe('hideDoubles', () => {
  it('hides a made producer only where the context is a producer span', () => {
    expect(hiddenIn([made, producer])).toEqual(['made-p']);
    expect(hiddenIn([made, span({ spanId: CONTEXT, kind: 2 })])).toEqual([]);
    expect(hiddenIn([made])).toEqual([]);
    expect(hideDoubles([made, producer]).get('made-p')).toEqual({ parentSpanId: CONTEXT, of: CONTEXT });
  });

  it('hides the made consumer of the queue that a client consumed, and shows that of another queue', () => {
    const crm = madeFor('crm');
    const mes = madeFor('mes');
    const own = (change: Partial<CandidateSpan>): CandidateSpan =>
      span({ spanId: 'own', parentSpanId: CONTEXT, kind: KIND_CONSUMER, ...change });
    expect(hiddenIn([made, crm, mes, own({ name: 'mes process' })])).toEqual(['made-mes']);
    expect(hiddenIn([made, crm, mes, own({ name: 'process mes' })])).toEqual(['made-mes']);
    expect(hiddenIn([made, crm, mes, own({ values: ['orders:order.paid:mes'] })])).toEqual(['made-mes']);
    expect(hiddenIn([made, crm, mes, own({ parentSpanId: null, links: [CONTEXT], values: ['mes'] })])).toEqual([
      'made-mes',
    ]);
    // It names no queue: it stands for one of them.
    expect(hiddenIn([made, crm, mes, own({})])).toHaveLength(1);
    expect(hiddenIn([made, crm, mes, own({ parentSpanId: 'elsewhere' })])).toEqual([]);
  });

  it('hides one made span for each of the client, so that a redelivery that it did not report stays', () => {
    const first = madeFor('crm');
    const again = { ...first, spanId: 'made-again' };
    const own = span({ spanId: 'own', parentSpanId: CONTEXT, kind: KIND_CONSUMER, name: 'crm process' });
    expect(hiddenIn([made, first, again, own])).toEqual(['made-crm']);
    expect(hiddenIn([made, first, again, own, { ...own, spanId: 'own-2' }])).toEqual(['made-again', 'made-crm']);
  });

  it('does nothing in a trace without made spans, and never hides a span of a client', () => {
    expect(hiddenIn([producer, span({ spanId: 'c', parentSpanId: CONTEXT, kind: KIND_CONSUMER })])).toEqual([]);
  });
});
