import { describe, expect, it } from 'vitest';
import { deadLetterOf } from '../../wire/amqp/dead-letter.ts';
import { readDeaths } from '../../wire/amqp/deaths.ts';
import { DeadLetterBook, type TracedMessage } from './dead-letter-book.ts';

const T0 = 1_795_000_000_000_000_000n;
const SECOND = 1_000_000_000n;
const KEY = 'a'.repeat(32);
const PROPERTIES = {
  messageId: 'm-1',
  correlationId: null,
  contentType: null,
  type: null,
  appId: null,
  replyTo: null,
  timestamp: null,
};

const death = (queue: string, reason: string, count = 1) => ({
  queue,
  reason,
  count,
  exchange: 'orders',
  'routing-keys': ['created'],
  time: 1_795_000_000,
});

function traced(kind: 'publish' | 'deliver', queue: string, deaths: unknown, seconds = 10): TracedMessage {
  const headers = deaths === undefined ? {} : { 'x-death': deaths, 'x-order-id': 'A-1' };
  const firehose = {
    kind,
    vhost: '/',
    queues: [queue],
    headers,
    deaths: readDeaths(headers),
    properties: PROPERTIES,
    context: null,
  };
  return { firehose, messageKey: KEY, arrivedAt: T0 + BigInt(seconds) * SECOND, bodyBytes: 2, body: null };
}

const letter = (queue: string, deaths: unknown) =>
  deadLetterOf({
    vhost: '/',
    queue,
    headers: { 'x-death': deaths },
    properties: PROPERTIES,
    context: null,
    messageKey: KEY,
    bodyBytes: 2,
    body: null,
    observedAt: T0,
    resolution: null,
  });

function book(): DeadLetterBook {
  const made = new DeadLetterBook();
  const source = { exchange: 'dlx', routingKey: null, certain: true, cyclic: false };
  made.learn('/', {
    queues: new Map([
      ['dead', { queue: 'dead', sources: [{ queue: 'work', ...source }], bindings: [], overDefaultExchange: false }],
      ['retry', { queue: 'retry', sources: [{ queue: 'calls', ...source }], bindings: [], overDefaultExchange: false }],
    ]),
    targets: new Map([
      ['work', ['dead']],
      ['calls', ['retry']],
    ]),
    lost: new Set(),
    returns: new Set(['retry\ncalls']),
  });
  return made;
}

const outcome = (found: ReturnType<DeadLetterBook['resolutions']>) =>
  found.map(({ queue, reason, originQueue, count, resolution }) => [queue, reason, originQueue, count, resolution]);

describe('the book of dead letters', () => {
  it('takes a delivery from a dead-letter queue for its end there', () => {
    expect(outcome(book().resolutions(traced('deliver', 'dead', [death('work', 'rejected')])))).toEqual([
      ['dead', 'rejected', 'work', 1, 'consumed'],
    ]);
  });

  it('takes a delivery from a queue of work for none, though the message has died before', () => {
    expect(book().resolutions(traced('deliver', 'other.work', [death('work', 'rejected')]))).toEqual([]);
    expect(book().resolutions(traced('deliver', 'dead', undefined))).toEqual([]);
    expect(book().resolutions(traced('deliver', 'dead', 'rewritten by a client'))).toEqual([]);
  });

  it('takes a message that is back at work for the end of its stay in the retry queue', () => {
    const deaths = [death('retry', 'expired'), death('calls', 'rejected')];
    expect(outcome(book().resolutions(traced('deliver', 'calls', deaths)))).toEqual([
      ['retry', 'rejected', 'calls', 1, 'returned'],
    ]);
  });

  it('recognises a dead letter that is published again, with the headers of its death or without', () => {
    const found = book();
    const waiting = letter('dead', [death('work', 'rejected')]);
    if (waiting === undefined) throw new Error('no letter');
    found.remember(waiting);
    expect(outcome(found.resolutions(traced('publish', 'work', undefined)))).toEqual([
      ['dead', 'rejected', 'work', 1, 'republished'],
    ]);
    expect(found.resolutions(traced('publish', 'work', undefined))).toEqual([]);
    expect(outcome(book().resolutions(traced('publish', 'work', [death('work', 'expired')])))).toEqual([
      ['dead', 'expired', 'work', 1, 'republished'],
    ]);
  });

  it('does not take the publication that died for a second one', () => {
    const found = book();
    const waiting = letter('dead', [death('work', 'expired')]);
    if (waiting === undefined) throw new Error('no letter');
    found.remember(waiting);
    expect(found.resolutions(traced('publish', 'work', undefined, 1))).toEqual([]);
  });

  it('counts all deaths, and keeps reason and origin of the latest and place and time of the first', () => {
    const deaths = [death('dead', 'maxlen'), death('work', 'rejected', 3)];
    expect(letter('dead.dead', deaths)).toMatchObject({
      reason: 'maxlen',
      originQueue: 'dead',
      count: 4,
      exchange: 'orders',
      routingKeys: ['created'],
      firstAt: T0,
      deaths: [{ queue: 'dead' }, { queue: 'work', count: 3 }],
    });
    expect(letter('work', [death('work', 'rejected')])).toBeUndefined();
  });
});
