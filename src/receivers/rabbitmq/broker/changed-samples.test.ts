import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueueSample } from '../../../model/queue.ts';
import { ChangedSamples } from './changed-samples.ts';

const SECOND = 1_000_000_000n;

function sample(queue: string, ready: number): QueueSample {
  return {
    vhost: '/',
    queue,
    sampledAt: 0n,
    type: 'classic',
    ready,
    unacked: 0,
    consumers: 0,
    rates: null,
    details: null,
    gone: false,
  };
}

const namesOf = (samples: readonly QueueSample[]) => samples.map(({ queue, gone }) => (gone ? `-${queue}` : queue));

describe('samples that are written', () => {
  it('are those that changed, and all of them now and then', () => {
    const changed = new ChangedSamples();
    const look = (samples: QueueSample[], seconds: number) =>
      namesOf(changed.select(samples, new Set(samples.map(({ queue }) => queue)), BigInt(seconds) * SECOND));
    expect(look([sample('a', 1), sample('b', 1)], 0)).toEqual(['a', 'b']);
    expect(look([sample('a', 1), sample('b', 2)], 10)).toEqual(['b']);
    expect(look([sample('a', 1), sample('b', 2)], 299)).toEqual([]);
    expect(look([sample('a', 1), sample('b', 2)], 300)).toEqual(['a']);
    expect(look([sample('a', 1)], 301)).toEqual(['-b']);
    expect(look([sample('a', 1)], 302)).toEqual([]);
  });

  it('do not tell a queue as gone that only has no figures at the moment', () => {
    const changed = new ChangedSamples();
    changed.select([sample('a', 1)], new Set(['a']), 0n);
    expect(changed.select([], new Set(['a']), SECOND)).toEqual([]);
    expect(namesOf(changed.select([], new Set(), 2n * SECOND))).toEqual(['-a']);
  });

  it('are written again when writing them failed', () => {
    const changed = new ChangedSamples();
    changed.select([sample('a', 1)], new Set(['a']), 0n);
    changed.forget();
    expect(namesOf(changed.select([sample('a', 1)], new Set(['a']), SECOND))).toEqual(['a']);
  });

  it('tell the depth of every queue at every look, whatever happens', () => {
    const look = fc.uniqueArray(
      fc.record({ queue: fc.constantFrom('a', 'b', 'c'), ready: fc.integer({ min: 0, max: 2 }) }),
      {
        selector: ({ queue }) => queue,
      },
    );
    fc.assert(
      fc.property(fc.array(look, { maxLength: 20 }), (looks) => {
        const changed = new ChangedSamples();
        const known = new Map<string, number>();
        for (const [index, found] of looks.entries()) {
          const samples = found.map(({ queue, ready }) => sample(queue, ready));
          const names = new Set(found.map(({ queue }) => queue));
          for (const written of changed.select(samples, names, BigInt(index) * SECOND)) {
            if (written.gone) known.delete(written.queue);
            else known.set(written.queue, written.ready);
          }
          expect(known).toEqual(new Map(found.map(({ queue, ready }) => [queue, ready])));
        }
      }),
    );
  });
});
