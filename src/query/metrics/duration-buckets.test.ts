import { describe, expect, it } from 'vitest';
import { DURATION_BOUNDS_NANO, DURATION_BOUNDS_SECONDS, spreadBuckets } from './duration-buckets.ts';

describe('the buckets of durations', () => {
  it('rise from milliseconds to weeks', () => {
    expect(DURATION_BOUNDS_SECONDS).toEqual(DURATION_BOUNDS_SECONDS.toSorted((a, b) => a - b));
    expect(new Set(DURATION_BOUNDS_SECONDS).size).toBe(DURATION_BOUNDS_SECONDS.length);
    expect(DURATION_BOUNDS_SECONDS[0]).toBeLessThan(0.01);
    expect(DURATION_BOUNDS_SECONDS.at(-1)).toBe(8 * 7 * 86_400);
  });

  it('are at most a factor of 2.5 apart from a second on', () => {
    const slow = DURATION_BOUNDS_SECONDS.filter((bound) => bound >= 1);
    const factors = slow.slice(1).map((bound, index) => bound / (slow[index] ?? 0));
    expect(Math.max(...factors)).toBeLessThanOrEqual(2.5);
  });

  it('are whole nanoseconds', () => {
    expect(DURATION_BOUNDS_NANO.map((bound) => Number(bound) / 1e9)).toEqual(DURATION_BOUNDS_SECONDS);
  });

  it('take counts by the index of their bucket and have one for what is longer than every bound', () => {
    const counts = spreadBuckets([0, DURATION_BOUNDS_SECONDS.length, 0], [2, 3, 4]);
    expect(counts).toHaveLength(DURATION_BOUNDS_SECONDS.length + 1);
    expect(counts[0]).toBe(6);
    expect(counts.at(-1)).toBe(3);
  });
});
