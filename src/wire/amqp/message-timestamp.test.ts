import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stampMs, tracedTimestamp } from './message-timestamp.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What the broker's tracer makes of a number: signed 32 bits. */
const cut = (value: number): number => Number(BigInt.asIntN(32, BigInt(value)));

describe('tracedTimestamp', () => {
  const arrived = fc.integer({ min: 1_600_000_000_000, max: 2_100_000_000_000 });

  it('finds milliseconds again that the tracer cut, up to an hour old', () => {
    fc.assert(
      fc.property(arrived, fc.integer({ min: -HOUR_MS, max: HOUR_MS }), (at, age) => {
        expect(tracedTimestamp(cut(at - age), at)).toBe(BigInt(at - age) * 1_000_000n);
      }),
    );
  });

  it('reads seconds up to a year old, or says nothing where they look like milliseconds by chance', () => {
    fc.assert(
      fc.property(arrived, fc.integer({ min: -DAY_MS + 1000, max: 364 * DAY_MS }), (at, age) => {
        const seconds = Math.floor((at - age) / 1000);
        const found = tracedTimestamp(cut(seconds), at);
        const byChance = found !== null && Math.abs(Number(found / 1_000_000n) - at) <= HOUR_MS;
        expect(byChance || found === BigInt(seconds) * 1_000_000_000n).toBe(true);
      }),
    );
  });

  it('reads the value that a real broker showed', () => {
    expect(tracedTimestamp(-807_049_093, 1_700_000_001_000)).toBe(1_700_000_000_123_000_000n);
    expect(tracedTimestamp(1_700_000_000, 1_700_000_001_000)).toBe(1_700_000_000_000_000_000n);
  });

  it('says nothing about a number that is near to the arrival in no reading', () => {
    expect(tracedTimestamp(1_000_000_000, 1_700_000_000_000)).toBeNull();
    expect(tracedTimestamp(undefined, 1_700_000_000_000)).toBeNull();
  });
});

describe('stampMs', () => {
  it('takes milliseconds since 1970 and nothing else', () => {
    expect(stampMs(1_700_000_000_123)).toBe(1_700_000_000_123_000_000n);
    expect(stampMs('1700000000123')).toBe(1_700_000_000_123_000_000n);
    for (const wrong of [1_700_000_000, -1, Number.NaN, 'soon', null, undefined, {}]) expect(stampMs(wrong)).toBeNull();
  });
});
