import { describe, expect, it } from 'vitest';
import { Recheck } from './recheck.ts';

describe('Recheck', () => {
  it('brings a trace again after each delay, then lets it rest', () => {
    const recheck = new Recheck();
    recheck.add('a', 0);
    expect(recheck.msUntilDue(0)).toBe(5_000);
    expect(recheck.takeDue(4_999)).toEqual([]);
    expect(recheck.takeDue(5_000)).toEqual(['a']);
    expect(recheck.takeDue(65_000)).toEqual(['a']);
    expect(recheck.takeDue(665_000)).toEqual(['a']);
    expect(recheck.msUntilDue(665_000)).toBeUndefined();
  });

  it('starts the waiting anew when the trace is touched again', () => {
    const recheck = new Recheck();
    recheck.add('a', 0);
    recheck.add('a', 4_000);
    expect(recheck.takeDue(5_000)).toEqual([]);
    expect(recheck.takeDue(9_000)).toEqual(['a']);
  });

  it('is bounded, and counts what it lets go', () => {
    const recheck = new Recheck();
    for (let index = 0; index < 10_003; index += 1) recheck.add(`t${index}`, index);
    expect(recheck.letGo).toBe(3);
    expect(recheck.takeDue(1_000_000).length).toBe(10_000);
  });
});
