import { describe, expect, it } from 'vitest';
import { axisTicks, foldedScale } from './folded-scale.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const kinds = (moments: readonly number[], width = 1000): string[] =>
  foldedScale(moments, width).segments.map((segment) => segment.kind);

describe('foldedScale', () => {
  it('keeps evenly spread work to scale', () => {
    expect(kinds([0, 10, 20, 30, 40].map((minute) => minute * MINUTE))).toEqual(['linear']);
  });

  it('folds a gap of days between minutes of work', () => {
    const moments = [0, MINUTE, 2 * MINUTE, 3 * DAY, 3 * DAY + MINUTE];
    expect(kinds(moments)).toEqual(['linear', 'fold', 'linear']);
  });

  it('folds the outliers, and keeps the lengths of ordinary visits comparable', () => {
    const dwells = [4, 10, 3, 15, 46, 394, 76, 5820];
    let at = 0;
    const moments = [0, ...dwells.map((minutes) => (at += minutes * MINUTE))];
    const scale = foldedScale(moments, 1150);
    expect(scale.segments.filter((segment) => segment.kind === 'fold').map((fold) => fold.to - fold.from)).toEqual([
      394 * MINUTE,
      5820 * MINUTE,
    ]);
  });

  it('does not take the parts of one piece of work for visits', () => {
    const moments = [0, 20, 45, HOUR, HOUR + 12, HOUR + 30, 2 * HOUR, 2 * HOUR + 15, 3 * HOUR];
    expect(kinds(moments)).toEqual(['linear']);
  });

  it('folds the wait of an order whose whole way took less than some seconds', () => {
    const moments = [0, 622, 1157, 1290, 12 * MINUTE];
    expect(kinds(moments)).toEqual(['linear', 'fold']);
  });

  it('never folds gaps below a minute', () => {
    expect(kinds([0, 10, 50_000, 50_010])).toEqual(['linear']);
  });

  it('leaves something to look at when there are only two moments', () => {
    expect(kinds([0, 3 * DAY])).toEqual(['linear']);
  });

  it('fills the width exactly, and never runs backwards', () => {
    const scale = foldedScale([0, MINUTE, 2 * MINUTE, 3 * MINUTE, 2 * DAY, 2 * DAY + MINUTE], 800);
    expect(scale.segments.map((segment) => segment.kind)).toEqual(['linear', 'fold', 'linear']);
    const last = scale.segments.at(-1);
    expect((last?.x ?? 0) + (last?.width ?? 0)).toBeCloseTo(800, 6);
    let before = -1;
    for (let at = 0; at <= 3 * DAY; at += HOUR) {
      expect(scale.x(at)).toBeGreaterThanOrEqual(before);
      before = scale.x(at);
    }
  });

  it('clamps times outside of the range to its ends', () => {
    const scale = foldedScale([1000, 2000], 500);
    expect(scale.x(0)).toBe(0);
    expect(scale.x(9000)).toBe(500);
  });

  it('gives work more room than a fold hides', () => {
    const scale = foldedScale([0, MINUTE, 2 * MINUTE, 30 * DAY], 1000);
    expect(scale.x(2 * MINUTE)).toBeGreaterThan(800);
  });
});

describe('axisTicks', () => {
  it('keeps its distance and stays out of folds', () => {
    const scale = foldedScale([0, MINUTE, 2 * MINUTE, 3 * DAY, 3 * DAY + MINUTE], 1000);
    const ticks = axisTicks(scale, 80, 0);
    expect(ticks.length).toBeGreaterThan(3);
    const gaps = ticks.slice(1).map((tick, index) => tick.x - (ticks[index]?.x ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(80);
    expect(ticks.filter((tick) => tick.at > 2 * MINUTE && tick.at < 3 * DAY)).toEqual([]);
  });
});
