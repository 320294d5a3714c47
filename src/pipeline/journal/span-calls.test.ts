import { describe, expect, test } from 'vitest';
import { MESSAGING } from '../../model/work-span.ts';
import { inFlight, type SpanSketch } from '../testing/in-flight.ts';
import { spanCalls } from './span-calls.ts';

const CLIENT = 3;
const PRODUCER = 4;
const CONSUMER = 5;

/** What is read of one span between two others that say something else. */
function callOf(kind: number, attributes: SpanSketch['attributes']): { peer: string; messaging: string | null } {
  const other = { kind: CLIENT, attributes: { 'peer.service': 'other', 'messaging.operation': 'receive' } };
  const { spans } = inFlight([
    { id: 1, ...other },
    { id: 2, kind, ...(attributes === undefined ? {} : { attributes }) },
    { id: 3, ...other },
  ]);
  if (spans === undefined) throw new Error('there are no spans');
  const { peerIds, messaging } = spanCalls(spans);
  return { peer: spans.table.strings.text(peerIds[1] ?? 0), messaging: MESSAGING[messaging[1] ?? 0] ?? null };
}

describe('spanCalls', () => {
  test.each([
    ['nothing', {}, ''],
    ['the service before the address, wherever it stands', { 'server.address': 'db-1', 'peer.service': 'crm' }, 'crm'],
    [
      'the newer name of a database before the older',
      { 'db.system': 'pg', 'db.system.name': 'postgresql' },
      'postgresql',
    ],
    ['past a name that is empty', { 'peer.service': '', 'net.peer.name': 'mes' }, 'mes'],
    ['a number as its text', { 'server.address': 7 }, '7'],
    ['nothing from other attributes', { 'http.route': '/orders', 'peer.services': 'x' }, ''],
  ])('reads of a client: %s', (_, attributes, peer) => {
    expect(callOf(CLIENT, attributes)).toEqual({ peer, messaging: null });
  });

  test('takes no peer from kinds that call nobody', () => {
    for (const kind of [0, 1, 2, PRODUCER, CONSUMER]) {
      expect(callOf(kind, { 'peer.service': 'crm' }).peer).toBe('');
    }
  });

  test.each([
    [PRODUCER, { 'messaging.operation': 'publish' }, 'send'],
    [CLIENT, { 'messaging.operation.type': 'Create' }, 'send'],
    [CONSUMER, { 'messaging.operation.name': 'poll' }, 'receive'],
    [CONSUMER, { 'messaging.operation': 'process' }, null],
    [CONSUMER, { 'messaging.operation': 'receive', 'messaging.operation.type': 'process' }, null],
    [CONSUMER, { 'messaging.operation.name': 'ack', 'messaging.operation': 'receive' }, 'receive'],
    [2, { 'messaging.operation': 'publish' }, null],
  ])('tells what kind %i does to a message: %j', (kind, attributes, messaging) => {
    expect(callOf(kind, attributes).messaging).toBe(messaging);
  });
});
