import { describe, expect, it } from 'vitest';
import { estimatedP95, estimateHealth, formatEstimate, formatInterval } from './estimate.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
const figures = (
  p95Ms: number | null,
  p95LowMs: number | null,
  p95HighMs: number | null,
  p95AtLeastMs: number | null,
) => estimatedP95({ estimated: { meanMs: null, medianMs: null, p95Ms, p95LowMs, p95HighMs, p95AtLeastMs } });

describe('the estimated p95', () => {
  it('is written with its interval', () => {
    const known = figures(3000, 2000, 5000, null);
    expect([formatEstimate(known, 'en'), formatInterval(known, 'en')].map(plain)).toEqual(['3 s', '2 s – 5 s']);
  });

  it('leaves the upper bound open while none is known', () => {
    expect(plain(formatInterval(figures(3000, 2000, null, null), 'en'))).toBe('2 s – …');
  });

  it('is a lower bound where the curve does not come down far enough', () => {
    const bound = figures(null, null, null, 4000);
    expect(plain(formatEstimate(bound, 'en'))).toBe('≥ 4 s');
    expect(formatInterval(bound, 'en')).toBe('—');
  });

  it('is a dash while nothing is known', () => {
    expect(formatEstimate(figures(null, null, null, null), 'en')).toBe('—');
  });
});

describe('estimateHealth', () => {
  it('is judged like any p95 when it is known', () => {
    expect(estimateHealth(figures(90, null, null, null), 100)).toBe('near');
  });

  it('proves with a lower bound only that the target is missed', () => {
    const bound = figures(null, null, null, 100);
    expect([50, 100, 200].map((target) => estimateHealth(bound, target))).toEqual(['over', 'noData', 'noData']);
    expect(estimateHealth(bound, null)).toBe('none');
  });
});
