import { describe, expect, it } from 'vitest';
import { toDuration } from './duration-parameter.ts';

describe('a duration of a query', () => {
  it.each([
    ['250ms', 250_000_000n],
    ['1.5s', 1_500_000_000n],
    ['2m30s', 150_000_000_000n],
    ['800us', 800_000n],
    ['800µs', 800_000n],
    ['800\u03bcs', 800_000n],
    ['7ns', 7n],
    ['0s', 0n],
    [' 1h ', 3_600_000_000_000n],
  ])('reads %s', (text, nanos) => {
    expect(toDuration('minDuration', text)).toBe(nanos);
  });

  it.each(['', '5', 'ms', '5 ms', '-1s', '1.s', '1d', '1s!', '999999999999h'])('refuses %j by its name', (text) => {
    expect(() => toDuration('minDuration', text)).toThrow('`minDuration` is not a duration');
  });

  it('is nothing where nothing was given', () => {
    expect(toDuration('minDuration', undefined)).toBeUndefined();
  });
});
