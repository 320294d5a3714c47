import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkJsonShape, highOf, lowOf, readTime, readTimeHalves, timeHalves } from './json-shape.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('readTimeHalves', () => {
  it('reads every time as BigInt does, whatever its length and however it is written', () => {
    const digits = fc.string({ unit: fc.nat({ max: 9 }).map(String), minLength: 1, maxLength: 20 });
    const near = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const value = fc.oneof(digits, near.map(String), fc.maxSafeNat(), fc.constant(undefined), fc.constant('-5'));
    fc.assert(
      fc.property(value, (time) => {
        readTimeHalves(time, 'test');
        const expected = readTime(time, 'test');
        expect(timeHalves).toEqual({ low: lowOf(expected), high: highOf(expected) });
      }),
      { examples: [['18446744073709551615'], ['9999999999999999999'], ['4294967296000000000'], ['0000000000']] },
    );
  });
});

describe('checkJsonShape', () => {
  it('counts no bracket inside of a string, also behind escaped quotes and backslashes', () => {
    const text = '['.repeat(1000);
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(() => checkJsonShape(bytesOf(JSON.stringify([before, text, after])))).not.toThrow();
      }),
      {
        examples: [
          ['\\', '"'],
          ['\\"', ''],
        ],
      },
    );
  });

  it('refuses what is nested too deeply behind any string', () => {
    fc.assert(
      fc.property(fc.string(), (before) => {
        const body = bytesOf(`[${JSON.stringify(before)},${'['.repeat(200)}`);
        expect(() => checkJsonShape(body)).toThrow('nested too deeply');
      }),
    );
  });
});
