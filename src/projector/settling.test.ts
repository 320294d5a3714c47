import { describe, expect, it } from 'vitest';
import { Settling } from './settling.ts';

describe('orders that settle', () => {
  it('are due ten seconds after they were last told of, at the next full five seconds', () => {
    const settling = new Settling();
    settling.add(['a', 'b'], 0);
    settling.add(['a'], 4000);
    expect(settling.msUntilDue(4000)).toBe(6000);
    expect(settling.takeDue(9999, 10)).toEqual([]);
    expect(settling.takeDue(10_000, 10)).toEqual(['b']);
    expect(settling.takeDue(14_000, 10)).toEqual([]);
    expect(settling.msUntilDue(14_000)).toBe(1000);
    expect(settling.takeDue(15_000, 10)).toEqual(['a']);
    expect(settling.msUntilDue(15_000)).toBeUndefined();
  });

  it('are due after a minute at the longest, and anew when they are told of after that', () => {
    const settling = new Settling();
    for (let now = 0; now <= 100_000; now += 3000) {
      settling.add(['busy'], now);
      if (now >= 60_000 && now < 63_000) expect(settling.takeDue(now, 10)).toEqual(['busy']);
      else if (now < 60_000) expect(settling.takeDue(now, 10)).toEqual([]);
    }
    expect(settling.takeDue(200_000, 10)).toEqual(['busy']);
  });

  it('come in small portions', () => {
    const settling = new Settling();
    settling.add(['a', 'b', 'c'], 0);
    expect(settling.takeDue(20_000, 2)).toEqual(['a', 'b']);
    expect(settling.takeDue(20_000, 2)).toEqual(['c']);
  });

  it('are let go, the oldest first, and counted where too many wait', () => {
    const settling = new Settling();
    settling.add(
      Array.from({ length: 100_003 }, (_, index) => String(index)),
      0,
    );
    expect([settling.size, settling.letGo]).toEqual([100_000, 3]);
    expect(settling.takeDue(20_000, 1)).toEqual(['3']);
  });
});
