import { describe, expect, it } from 'vitest';
import { formatAge, formatDuration, formatDurationCompact } from './duration.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [0.000456, '0.46 µs'],
    [0.25, '250 µs'],
    [1.234, '1.23 ms'],
    [999.6, '1 s'],
    [12_340, '12.3 s'],
    [59_970, '1 min'],
    [192_000, '3 min 12 s'],
    [3_599_900, '1 h'],
    [11_520_000, '3 h 12 min'],
    [86_399_000, '1 d'],
    [187_200_000, '2 d 4 h'],
    [-1500, '−1.5 s'],
  ])('writes %d ms as "%s"', (ms, text) => {
    expect(plain(formatDuration(ms, 'en'))).toBe(text);
  });

  it('uses Russian units and the decimal comma', () => {
    expect(plain(formatDuration(1.5, 'ru'))).toBe('1,5 мс');
    expect(plain(formatDuration(11_520_000, 'ru'))).toBe('3 ч 12 мин');
  });
});

describe('formatDurationCompact', () => {
  it('keeps to one unit', () => {
    expect(plain(formatDurationCompact(47_520_000, 'en'))).toBe('13 h');
    expect(plain(formatDurationCompact(224_640_000, 'en'))).toBe('2.6 d');
  });
});

describe('formatAge', () => {
  it('counts whole seconds below a minute', () => {
    expect(plain(formatAge(12_999, 'en'))).toBe('12 s');
    expect(plain(formatAge(61_000, 'en'))).toBe('1 min 1 s');
  });
});
