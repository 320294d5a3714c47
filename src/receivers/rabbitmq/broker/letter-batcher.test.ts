import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../model/batch.ts';
import { WaybillError } from '../../../model/errors.ts';
import { deadLetterOf } from '../../../wire/amqp/dead-letter.ts';
import { LetterBatcher } from './letter-batcher.ts';

function letter(queue: string) {
  const found = deadLetterOf({
    vhost: '/',
    queue,
    headers: { 'x-death': [{ queue: 'work', reason: 'expired', count: 1 }] },
    properties: {
      messageId: null,
      correlationId: null,
      contentType: null,
      type: null,
      appId: null,
      replyTo: null,
      timestamp: null,
    },
    context: null,
    messageKey: '0'.repeat(32),
    bodyBytes: 0,
    body: null,
    observedAt: 0n,
    resolution: null,
  });
  if (found === undefined) throw new Error('no dead letter');
  return found;
}

const sizeOf = (batch: Batch) => (batch.kind === 'messages' ? batch.deadLetters.length : 0);

describe('dead letters on their way', () => {
  it('go on together, and are done when they are durable', async () => {
    const sizes: number[] = [];
    const batcher = new LetterBatcher(
      {
        consume: (batch) => {
          sizes.push(sizeOf(batch));
          return Promise.resolve();
        },
      },
      'main',
    );
    const outcomes = await Promise.all(['a', 'b', 'c'].map((queue) => batcher.add(letter(queue))));
    expect(outcomes).toEqual(['durable', 'durable', 'durable']);
    expect(sizes).toEqual([3]);
  });

  it('are tried again while that may help, and given back to the broker at the stop', async () => {
    let attempts = 0;
    let stopped: Promise<void> | undefined;
    const batcher = new LetterBatcher(
      {
        consume: () => {
          attempts += 1;
          if (attempts === 2) stopped = batcher.stop();
          return Promise.reject(new WaybillError('journal_full', 'full'));
        },
      },
      'main',
    );
    expect(await batcher.add(letter('a'))).toBe('given_up');
    await stopped;
    expect(attempts).toBe(2);
    expect(batcher.refused).toBe(0);
  });

  it('are counted when they are refused for good, and do not come again', async () => {
    const batcher = new LetterBatcher({ consume: () => Promise.reject(new WaybillError('internal', 'never')) }, 'main');
    expect(await batcher.add(letter('a'))).toBe('durable');
    expect(batcher.refused).toBe(1);
  });
});
