import { describe, expect, it } from 'vitest';
import { failureBars } from './series.ts';

const minute = 60_000;
const from = Date.UTC(2026, 10, 22, 12, 0);
const point = (at: string, of: 'timeout' | 'api_error', failures: number) => ({
  at: `2026-11-22T${at}Z`,
  class: of,
  failures,
});

describe('failureBars', () => {
  it('fills the time without failures with empty bars', () => {
    const series = { bucketMs: minute, points: [point('12:02:00', 'timeout', 3)] };
    const bars = failureBars(series, from, from + 4 * minute);
    expect(bars.map((bar) => bar.timeout)).toEqual([0, 0, 3, 0, 0]);
    expect(bars[0]?.at).toBe(from);
  });

  it('stacks the classes of one bucket', () => {
    const points = [point('12:00:00', 'timeout', 1), point('12:00:00', 'api_error', 2)];
    const [bar] = failureBars({ bucketMs: minute, points }, from, from);
    expect(bar).toEqual({ at: from, timeout: 1, api_error: 2, other: 0 });
  });

  it('keeps the phase of the buckets that the server chose', () => {
    const series = { bucketMs: minute, points: [point('12:01:30', 'timeout', 1)] };
    expect(failureBars(series, from, from + 2 * minute).map((bar) => (bar.at - from) / 1000)).toEqual([30, 90]);
  });

  it('draws nothing where nothing failed', () => {
    expect(failureBars({ bucketMs: minute, points: [] }, from, from + minute)).toEqual([]);
  });
});
