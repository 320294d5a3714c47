import { describe, expect, it } from 'vitest';
import { epochMs, formatExact, formatRelative } from './time.ts';

describe('epochMs', () => {
  it('reads whole seconds, milliseconds and nanoseconds', () => {
    expect(epochMs('2026-11-22T17:03:30Z')).toBe(Date.UTC(2026, 10, 22, 17, 3, 30));
    expect(epochMs('2026-11-22T17:03:30.5Z')).toBe(Date.UTC(2026, 10, 22, 17, 3, 30, 500));
    expect(epochMs('2026-11-22T17:03:30.123456789Z')).toBeCloseTo(Date.UTC(2026, 10, 22, 17, 3, 30, 123) + 0.456789, 3);
  });
});

describe('formatExact', () => {
  it('keeps every digit of the fraction', () => {
    expect(formatExact('2026-11-22T17:03:30.123456789Z', 'en')).toMatch(/:03:30\.123456789 (GMT|UTC)/);
    expect(formatExact('2026-11-22T17:03:30Z', 'en')).toMatch(/:03:30 (GMT|UTC)/);
  });
});

describe('formatRelative', () => {
  it('chooses the largest unit that fits', () => {
    const now = Date.UTC(2026, 10, 22);
    expect(formatRelative(now - 3 * 3_600_000, now, 'en')).toBe('3 hr. ago');
    expect(formatRelative(now - 2 * 86_400_000, now, 'ru')).toMatch(/позавчера|2\sдн\. назад/);
    expect(formatRelative(now - 10, now, 'en')).toBe('now');
  });
});
