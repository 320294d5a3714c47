import { describe, expect, it } from 'vitest';
import type { EventLogEvent } from '../../wire/eventlog/event.ts';
import { DescribedOrders } from './described-orders.ts';

const event = (caseId: string, attributes: EventLogEvent['attributes']): EventLogEvent => ({
  kind: 'event',
  caseId,
  activity: 'A',
  occurredAt: 0n,
  source: null,
  id: null,
  line: 1,
  ordinal: 0,
  attributes,
  caseAttributes: [['channel', 'string', 'web']],
});

describe('DescribedOrders', () => {
  it('tells each value once per run of events of a case, and again when it changed', () => {
    const described = new DescribedOrders();
    const wanted = ['channel', 'user'];
    expect(described.news(event('1', [['user', 'string', 'ann']]), wanted)).toEqual([
      ['channel', 'web'],
      ['user', 'ann'],
    ]);
    expect(described.news(event('1', [['user', 'string', 'bob']]), wanted)).toEqual([['user', 'bob']]);
    expect(described.news(event('2', []), wanted)).toEqual([['channel', 'web']]);
  });

  it('leaves out what is not wanted, empty, or no word', () => {
    const described = new DescribedOrders();
    const attributes: EventLogEvent['attributes'] = [
      ['user', 'string', ''],
      ['note', 'string', 'x'.repeat(257)],
      ['other', 'string', 'y'],
    ];
    expect(described.news(event('1', attributes), ['user', 'note'])).toEqual([]);
  });
});
