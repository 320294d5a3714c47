import { describe, expect, it } from 'vitest';
import { ArrivalClock } from './sighting.ts';

const nextChunk = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('ArrivalClock', () => {
  it('gives all deliveries of one chunk the time of the first, however long they take to decode', async () => {
    let now = 100;
    const clock = new ArrivalClock(() => now);
    const first = clock.arrival();
    now = 107;
    await Promise.resolve();
    expect(clock.arrival()).toBe(first);
    await nextChunk();
    expect(clock.arrival().monotonicMs).toBe(107);
    expect(clock.arrival().at - first.at).toBe(7_000_000n);
  });

  it('knows how long a burst has been coming, until there was a gap', async () => {
    let now = 0;
    const clock = new ArrivalClock(() => now);
    const bursts: number[] = [];
    // When a chunk comes after the one before it was through, and how long it takes to decode.
    for (const [gap, decoding] of [
      [50, 3],
      [0.25, 5],
      [0.25, 2],
      [4, 1],
      [0.25, 1],
    ] as const) {
      now += gap;
      bursts.push(clock.arrival().burstMs);
      now += decoding;
      await nextChunk();
    }
    expect(bursts).toEqual([0, 3.25, 8.5, 0, 1.25]);
  });
});
