import { describe, expect, it } from 'vitest';
import { ByteBudget, type ByteLease } from './byte-budget.ts';
import { OtlpTally } from './tally.ts';

const budgetOf = (limit = 100_000_000): ByteBudget => new ByteBudget(limit, new OtlpTally());

/** Appends the bytes of a text one by one. */
function gather(lease: ByteLease, text: string): Buffer {
  for (const byte of Buffer.from(text)) lease.append(Buffer.of(byte), text.length);
  return lease.bytes();
}

describe('ByteLease.append', () => {
  it('puts chunks together, and gives the memory to the next request only when this one is over', () => {
    const budget = budgetOf();
    const [first, second, third] = [budget.lease(), budget.lease(), budget.lease()];
    const one = gather(first, 'one');
    const two = gather(second, 'second');
    expect([one.toString(), two.toString()]).toEqual(['one', 'second']);
    first.release();
    const three = gather(third, 'three');
    expect(three.buffer).toBe(one.buffer);
    expect([two.toString(), three.toString()]).toEqual(['second', 'three']);
  });

  it('leaves a single chunk where it is, and has no bytes before the first', () => {
    const lease = budgetOf().lease();
    expect(lease.bytes()).toHaveLength(0);
    const chunk = Buffer.from('whole');
    lease.append(chunk, 5);
    expect(lease.bytes()).toBe(chunk);
  });

  it.each([
    ['nobody says how large it will be', 0],
    ['it is said', 9_000_000],
    ['it is said to be smaller', 1000],
    ['it is said to be far larger', 60_000_000],
  ])('grows over the largest memory that is lent where %s', (_case, expected) => {
    const lease = budgetOf().lease();
    const chunks = Array.from({ length: 9 }, (_, index) => Buffer.alloc(1_000_000, index + 1));
    for (const chunk of chunks) {
      lease.append(chunk, expected);
      expect(lease.bytes().buffer.byteLength).toBeLessThanOrEqual(Math.max(65_536, 8 * lease.bytes().length));
    }
    expect(lease.bytes().equals(Buffer.concat(chunks))).toBe(true);
  });

  it('copies what came before a few times only, where nobody says how large it will be', () => {
    const lease = budgetOf().lease();
    const memories = new Set<ArrayBufferLike>();
    for (let index = 0; index < 300; index += 1) {
      lease.append(Buffer.alloc(65_536, index), 0);
      memories.add(lease.bytes().buffer);
    }
    expect(lease.bytes()).toHaveLength(300 * 65_536);
    expect(memories.size).toBeLessThan(12);
  });

  it('books what comes, and refuses a chunk that the budget has no room for', () => {
    const budget = budgetOf(10);
    const [first, second] = [budget.lease(), budget.lease()];
    gather(first, '1234567');
    expect(() => gather(second, 'abcd')).toThrow('as many bytes of requests as it may');
    first.release();
    second.release();
    expect(gather(budget.lease(), '0123456789')).toHaveLength(10);
  });

  it('takes memory back once, however often the lease is released', () => {
    const budget = budgetOf();
    const lease = budget.lease();
    gather(lease, 'ab');
    lease.release();
    lease.release();
    const [a, b] = [gather(budget.lease(), 'cd'), gather(budget.lease(), 'ef')];
    expect([a.toString(), b.toString()]).toEqual(['cd', 'ef']);
  });

  it('is empty after a release, for the next message', () => {
    const lease = budgetOf().lease();
    gather(lease, 'before');
    lease.release();
    expect(gather(lease, 'after').toString()).toBe('after');
  });
});
