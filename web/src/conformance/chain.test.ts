import { describe, expect, it } from 'vitest';
import { chain } from './chain.ts';

describe('chain', () => {
  it('joins repetitions in a row', () => {
    expect(chain(['A', 'B', 'B', 'A'], 10).head).toEqual([
      { status: 'A', times: 1 },
      { status: 'B', times: 2 },
      { status: 'A', times: 1 },
    ]);
  });

  it('leaves out the middle of a long way and says how much', () => {
    const { head, leftOut, tail } = chain(['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'], 6);
    expect(head.map(({ status }) => status)).toEqual(['A', 'B', 'C', 'D']);
    expect(leftOut).toBe(2);
    expect(tail.map(({ status }) => status)).toEqual(['G', 'H']);
  });
});
