import { describe, expect, it } from 'vitest';
import { Pace } from './pace.ts';

describe('Pace', () => {
  it('folds a first touch at once and further ones once per pause', () => {
    const pace = new Pace();
    expect(pace.take(['a', 'b'], 1, 0)).toEqual(['a', 'b']);
    pace.folded(['a', 'b'], 100);
    expect(pace.take(['a', 'c'], 2, 200)).toEqual(['c']);
    expect(pace.take(['a'], 3, 300)).toEqual([]);
    expect(pace.msUntilDue(300)).toBe(1_300);
    expect(pace.due(1_599)).toEqual([]);
    expect(pace.due(1_600)).toEqual(['a']);
    pace.folded(['a'], 1_600);
    expect(pace.msUntilDue(1_600)).toBeUndefined();
    expect(pace.take(['a', 'b'], 4, 1_700)).toEqual(['b']);
  });

  it('keeps the place behind the first segment of whatever waits, also while that is being folded', () => {
    const pace = new Pace();
    pace.folded(['a', 'b'], 0);
    pace.take(['a'], 5, 10);
    pace.take(['b', 'a'], 7, 20);
    expect(pace.foldedUpTo(9)).toBe(4);
    expect(pace.waitingSince()).toBe(10);
    expect(pace.due(2_000)).toEqual(['a', 'b']);
    expect(pace.foldedUpTo(9)).toBe(4);
    pace.folded(['a'], 2_000);
    expect(pace.foldedUpTo(9)).toBe(6);
    pace.folded(['b'], 2_000);
    expect(pace.foldedUpTo(9)).toBe(9);
  });
});
