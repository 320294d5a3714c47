import { expect, test } from 'vitest';
import { readScope, splitAttribute, statusesParameters } from './scope.ts';

test('reads what an address says and leaves out what it cannot mean', () => {
  expect(
    readScope({ window: '7d', at: '2026-01-15T12:00:00+03:00', by: 'order.channel=web=b2b', time: 'working' }),
  ).toEqual({
    window: '7d',
    at: '2026-01-15T09:00:00.000Z',
    by: 'order.channel=web=b2b',
    time: 'working',
  });
  expect(readScope({ window: 'toString', at: 'yesterday', by: 'channel', time: 'moon', other: '1' })).toEqual({});
});

test('an attribute is split at the first sign of equality', () => {
  expect(splitAttribute('order.channel=web=b2b')).toEqual({ name: 'order.channel', value: 'web=b2b' });
  expect(splitAttribute('order.channel=')).toEqual({ name: 'order.channel', value: '' });
});

test('the window ends at the time of the scope', () => {
  expect(statusesParameters({ window: '24h', at: '2026-01-15T09:00:00.000Z' })).toMatchObject({
    since: '2026-01-14T09:00:00.000Z',
    at: '2026-01-15T09:00:00.000Z',
  });
  expect(statusesParameters({}).since).toBeUndefined();
});
