import { describe, expect, it } from 'vitest';
import { creationContext } from './creation-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const found = { traceId: TRACE, spanId: SPAN };

describe('creationContext', () => {
  it.each([
    [{ traceparent: `00-${TRACE}-${SPAN}-01` }, found],
    [{ Traceparent: `00-${TRACE.toUpperCase()}-${SPAN.toUpperCase()}-00` }, found],
    [{ traceparent: Buffer.from(`00-${TRACE}-${SPAN}-01`) }, found],
    [{ traceparent: `cc-${TRACE}-${SPAN}-01-later` }, found],
    [{ b3: `${TRACE}-${SPAN}-1` }, found],
    [{ b3: `${TRACE}-${SPAN}-d-05e3ac9a4f6e3b90` }, found],
    [{ b3: `${TRACE}-${SPAN}` }, found],
    [{ 'X-B3-TraceId': TRACE, 'X-B3-SpanId': SPAN, 'X-B3-Sampled': '1' }, found],
    [
      { 'x-b3-traceid': TRACE.slice(16), 'x-b3-spanid': SPAN },
      { traceId: TRACE.slice(16).padStart(32, '0'), spanId: SPAN },
    ],
    [{ traceparent: 'broken', b3: `${TRACE}-${SPAN}-1` }, found],
  ])('reads %j', (headers, expected) => {
    expect(creationContext(headers)).toEqual(expected);
  });

  it.each([
    [{}],
    [{ b3: '0' }],
    [{ traceparent: `00-${'0'.repeat(32)}-${SPAN}-01` }],
    [{ traceparent: `00-${TRACE}-${'0'.repeat(16)}-01` }],
    [{ traceparent: `ff-${TRACE}-${SPAN}-01` }],
    [{ traceparent: `00-${TRACE}-${SPAN}-01-extra` }],
    [{ traceparent: 42 }],
    [{ 'X-B3-TraceId': TRACE }],
  ])('finds nothing in %j', (headers) => {
    expect(creationContext(headers)).toBeNull();
  });
});
