import { describe, expect, it } from 'vitest';
import { ByteBudget } from './byte-budget.ts';
import { OtlpTally } from './tally.ts';

const chunksOf = (text: string): Buffer[] => Array.from(Buffer.from(text), (byte) => Buffer.of(byte));

describe('ByteLease.join', () => {
  it('puts chunks together, and gives the memory to the next request only when this one is over', () => {
    const budget = new ByteBudget(1_000_000, new OtlpTally());
    const [first, second, third] = [budget.lease(), budget.lease(), budget.lease()];
    const one = first.join(chunksOf('one'), 3);
    const two = second.join(chunksOf('second'), 6);
    expect([one.toString(), two.toString()]).toEqual(['one', 'second']);
    first.release();
    const three = third.join(chunksOf('three'), 5);
    expect(three.buffer).toBe(one.buffer);
    expect([two.toString(), three.toString()]).toEqual(['second', 'three']);
  });

  it('joins twice under one lease, also what is larger than the first', () => {
    const lease = new ByteBudget(1_000_000, new OtlpTally()).lease();
    expect(lease.join(chunksOf('ab'), 2).toString()).toBe('ab');
    const halves = [Buffer.alloc(80_000, 1), Buffer.alloc(80_000, 2)];
    expect(lease.join(halves, 160_000).equals(Buffer.concat(halves))).toBe(true);
  });

  it('takes memory back once, however often the lease is released', () => {
    const budget = new ByteBudget(1_000_000, new OtlpTally());
    const lease = budget.lease();
    lease.join(chunksOf('ab'), 2);
    lease.release();
    lease.release();
    const [a, b] = [budget.lease().join(chunksOf('cd'), 2), budget.lease().join(chunksOf('ef'), 2)];
    expect([a.toString(), b.toString()]).toEqual(['cd', 'ef']);
  });
});
