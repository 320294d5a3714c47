import { describe, expect, test } from 'vitest';
import { parseDuration } from './duration.ts';

describe('parseDuration', () => {
  test.each([
    ['30 s', 30_000_000_000n],
    ['5 min', 300_000_000_000n],
    ['3 h', 10_800_000_000_000n],
    ['2 d', 172_800_000_000_000n],
    ['250 ms', 250_000_000n],
    ['30s', 30_000_000_000n],
    ['1.5 h', 5_400_000_000_000n],
    ['0.000001 ms', 1n],
    ['1 h 30 min', 5_400_000_000_000n],
    ['1h 30min', 5_400_000_000_000n],
    [' 3650 d ', 315_360_000_000_000_000n],
  ])('reads %j to the nanosecond', (text, nanos) => {
    expect(parseDuration(text)).toBe(nanos);
  });

  test.each([
    '',
    '5',
    's',
    '5 parsecs',
    '5 months',
    '0 s',
    '-5 s',
    '1 s 1 h',
    '1 h 2 h',
    '1.2.3 s',
    '5 min!',
    '3651 d',
    '1e3 s',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
