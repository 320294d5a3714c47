import { describe, expect, it } from 'vitest';
import type { Span } from '../../../src/api/contract/index.ts';
import { errorText } from './failure.ts';
import { spanHint, spanMatches } from './hint.ts';

const base: Span = {
  spanId: '00000000000000aa',
  parentSpanId: null,
  name: 'POST /orders',
  kind: 'server',
  service: 'shop-api',
  startedAt: '2026-11-22T12:00:00Z',
  offsetMs: 0,
  durationMs: 1,
  status: { code: 'unset', message: '' },
  orderId: null,
  orderNamed: false,
  attributes: [
    { key: 'http.route', type: 'string', value: '/orders' },
    { key: 'http.response.status_code', type: 'int', value: '503' },
  ],
  events: [],
  links: [],
  scope: { name: '', version: '' },
  resourceId: '',
};
const failed: Span = {
  ...base,
  status: { code: 'error', message: '' },
  events: [
    {
      name: 'exception',
      at: base.startedAt,
      offsetMs: 0,
      attributes: [{ key: 'exception.message', type: 'string', value: 'timed out' }],
    },
  ],
};

describe('spanHint', () => {
  it('names the status code of a call', () => {
    expect(spanHint(base)).toBe('503');
  });

  it('prefers the error, and finds it in the exception where the status has no message', () => {
    expect(spanHint(failed)).toBe('timed out');
    expect(errorText({ ...failed, status: { code: 'error', message: 'HTTP 500' } })).toBe('HTTP 500');
  });
});

describe('spanMatches', () => {
  it('looks at names, ids and attributes without regard to case', () => {
    expect(spanMatches(base, 'post /ORD')).toBe(true);
    expect(spanMatches(base, '503')).toBe(true);
    expect(spanMatches(base, 'rabbit')).toBe(false);
  });
});
