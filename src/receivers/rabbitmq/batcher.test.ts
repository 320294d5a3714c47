import { describe, expect, it } from 'vitest';
import type { Batch } from '../../model/batch.ts';
import { WaybillError } from '../../model/errors.ts';
import { Batcher, type FinishedBatch } from './batcher.ts';
import { Occurrences } from './occurrences.ts';
import { readSighting, type Sighting } from './sighting.ts';

function sighting(id: string): Sighting {
  const headers = { vhost: '/', routing_keys: ['k'], routed_queues: ['q'], properties: { message_id: id } };
  const reader = { salt: '', occurrences: new Occurrences('1'), needsBody: () => false };
  const read = readSighting(
    { routingKey: 'publish.', headers, body: undefined, redelivered: false },
    { at: 0n, monotonicMs: 0, burstMs: 0 },
    reader,
  );
  if (typeof read === 'string') throw new Error(read);
  return read;
}

/** A batcher of at most three whose consumer does what the test says; each `answer` settles one call. */
function started(limits = { maxBatch: 3, maxDelayMs: 5 }) {
  const batches: string[][] = [];
  const finished: FinishedBatch<number>[] = [];
  const answers: ((error?: unknown) => void)[] = [];
  const batcher = new Batcher<number>(
    {
      consume: (batch: Batch) => {
        if (batch.kind === 'messages') batches.push(batch.messages.map((each) => each.properties.messageId ?? ''));
        return new Promise<void>((resolve, reject) => {
          answers.push((error) => (error === undefined ? resolve() : reject(error)));
        });
      },
    },
    limits,
    {
      broker: 'main',
      learn: () => Promise.resolve(),
      nameOf: () => 'client',
      isMissing: () => false,
      measure: () => Promise.resolve(),
      latenessOf: () => ({ latenessMs: 1, reliable: true }),
      resolutions: () => [],
      done: (batch) => finished.push(batch),
    },
  );
  const answer = async (error?: unknown): Promise<void> => {
    await until(() => answers.length > 0);
    answers.shift()?.(error);
  };
  return { batcher, batches, finished, answer };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('Batcher', () => {
  it('hands on one batch after another and acknowledges each only when it is durable', async () => {
    const { batcher, batches, finished, answer } = started();
    for (const [tag, id] of ['a', 'b', 'c', 'd'].entries()) batcher.add(sighting(id), tag);
    await until(() => batches.length === 1);
    expect(batches).toEqual([['a', 'b', 'c']]);
    expect(finished).toEqual([]);
    await answer();
    await until(() => batches.length === 2);
    expect(finished).toEqual([{ last: 2, events: 3, unreliable: 0, dropped: 0 }]);
    await answer();
    await until(() => finished.length === 2);
    expect(finished[1]).toMatchObject({ last: 3, events: 1 });
  });

  it('keeps a batch that may be taken later, and lets one go that never will', async () => {
    const { batcher, batches, finished, answer } = started();
    batcher.add(sighting('a'), 1);
    await answer(new WaybillError('journal_full', 'full'));
    await answer(new WaybillError('journal_full', 'full'));
    expect(finished).toEqual([]);
    await answer();
    await until(() => finished.length === 1);
    expect(batches).toEqual([['a'], ['a'], ['a']]);
    batcher.add(sighting('b'), 2);
    await answer(new WaybillError('internal', 'never'));
    await until(() => finished.length === 2);
    expect(finished[1]).toEqual({ last: 2, events: 1, unreliable: 0, dropped: 1 });
  });

  it('acknowledges skipped deliveries with what stands before them, or at once', async () => {
    const { batcher, finished, answer } = started();
    batcher.skip(1);
    expect(finished).toEqual([{ last: 1, events: 0, unreliable: 0, dropped: 0 }]);
    batcher.add(sighting('a'), 2);
    batcher.skip(3);
    await answer();
    await until(() => finished.length === 2);
    expect(finished[1]).toMatchObject({ last: 3, events: 1 });
  });

  it('acknowledges nothing that is not durable when it stops', async () => {
    const { batcher, finished, answer } = started();
    batcher.add(sighting('a'), 1);
    const stopped = batcher.stop();
    await answer(new WaybillError('shutting_down', 'stopping'));
    await stopped;
    expect(finished).toEqual([]);
  });
});
