import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mix, RunIds, unmix } from './ids.ts';

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('RunIds', () => {
  it('mixes 32 bits so that they can be taken back', () => {
    fc.assert(
      fc.property(word, (value) => {
        expect(unmix(mix(value))).toBe(value);
        expect(mix(unmix(value))).toBe(value);
      }),
    );
  });

  it('tells which span of the run has an id', () => {
    fc.assert(
      fc.property(word, word, (seed, span) => {
        const ids = new RunIds(seed);
        const text = [ids.spanHalf(span, 0), ids.spanHalf(span, 1)].map((half) => half.toString(16).padStart(8, '0'));
        expect(ids.spanOf(text.join(''))).toBe(span);
      }),
    );
  });

  it('knows an id of another run for foreign', () => {
    const text = [0, 1]
      .map((half) =>
        new RunIds(1)
          .spanHalf(7, half as 0 | 1)
          .toString(16)
          .padStart(8, '0'),
      )
      .join('');
    expect(new RunIds(2).spanOf(text)).toBeUndefined();
  });

  it('gives neighbouring traces ids that have nothing in common', () => {
    const ids = new RunIds(5);
    const prefixes = Array.from({ length: 1000 }, (_, trace) => ids.traceText(trace).slice(0, 4));
    expect(new Set(prefixes).size).toBeGreaterThan(950);
  });
});
