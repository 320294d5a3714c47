import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WaybillError } from '../../model/errors.ts';
import { benjaminiHochberg, fisherGreater } from './fisher.ts';
import { type DescribedVisit, explainSlow } from './over-represented.ts';

function choose(n: number, k: number): number {
  let product = k < 0 || k > n ? 0 : 1;
  for (let index = 1; index <= k; index += 1) product *= (n - k + index) / index;
  return product;
}

describe('fisherGreater', () => {
  test('gives the published values', () => {
    // Fisher's lady tasting tea: all 4 right 1/70, 3 of 4 right 17/70.
    expect(fisherGreater({ total: 8, slow: 4, marked: 4, both: 4 })).toBeCloseTo(1 / 70, 12);
    expect(fisherGreater({ total: 8, slow: 4, marked: 4, both: 3 })).toBeCloseTo(17 / 70, 12);
  });

  test('is the sum of the tail, counted out', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 30 }),
        fc.nat({ max: 30 }),
        fc.nat({ max: 30 }),
        fc.nat({ max: 31 }),
        (total, a, b, both) => {
          const slow = Math.min(a, total);
          const marked = Math.min(b, total);
          let tail = 0;
          for (let count = both; count <= Math.min(slow, marked); count += 1) {
            tail += (choose(marked, count) * choose(total - marked, slow - count)) / choose(total, slow);
          }
          expect(fisherGreater({ total, slow, marked, both })).toBeCloseTo(tail, 9);
        },
      ),
    );
  });

  test('holds with a million visits', () => {
    const even = fisherGreater({ total: 1_000_000, slow: 100_000, marked: 200_000, both: 20_000 });
    expect(even).toBeGreaterThan(0.49);
    expect(even).toBeLessThan(0.52);
    expect(fisherGreater({ total: 1_000_000, slow: 100_000, marked: 200_000, both: 30_000 })).toBeLessThan(1e-300);
  });
});

describe('benjaminiHochberg', () => {
  test('adjusts as R’s p.adjust does', () => {
    const adjusted = benjaminiHochberg([0.01, 0.04, 0.03, 0.005, 0.5]);
    for (const [index, expected] of [0.025, 0.05, 0.05, 0.025, 0.5].entries()) {
      expect(adjusted[index]).toBeCloseTo(expected, 12);
    }
    expect(benjaminiHochberg([])).toEqual([]);
  });
});

/** A repeatable pseudo-random number from 0 to 1. */
function noise(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
}

/** 1,000 visits of which those of partner P7 are slow, with a channel that does not matter. */
const VISITS: readonly DescribedVisit[] = Array.from({ length: 1_000 }, (_, index) => {
  const partner = `P${index % 20}`;
  return {
    duration: noise(index) * 10 + (partner === 'P7' ? 50 : 0),
    open: false,
    attributes: [
      ['partner', partner],
      ['channel', noise(index + 5_000) < 0.5 ? 'web' : 'shop'],
      ['id', String(index)],
    ],
  } satisfies DescribedVisit;
});

describe('explainSlow', () => {
  test('finds the value behind the slow visits, and nothing that is chance', () => {
    const found = explainSlow(VISITS);
    expect(found).toMatchObject({ slow: 100, judged: 1_000, undecided: 0, tested: 22, tooMany: [], significant: 1 });
    expect(found.findings).toHaveLength(1);
    const [finding] = found.findings;
    expect(finding).toMatchObject({ attribute: 'partner', value: 'P7', slow: 50, visits: 50, support: 0.5 });
    expect(finding?.lift).toBeCloseTo(10, 12);
    expect(finding?.adjustedPValue).toBeLessThan(1e-40);
  });

  test('is as good as silent where nothing matters', () => {
    const random = VISITS.map((visit, index) => ({ ...visit, duration: noise(index * 7 + 3) }));
    expect(explainSlow(random).findings).toEqual([]);
  });

  test('counts open visits once they are known to be slow, and leaves the others undecided', () => {
    const open = VISITS.map((visit, index) => (index % 20 === 7 ? { ...visit, open: true } : visit));
    const young = Array.from(
      { length: 30 },
      (): DescribedVisit => ({ duration: 0.1, open: true, attributes: [['partner', 'P7']] }),
    );
    const found = explainSlow([...open, ...young]);
    expect(found.undecided).toBe(30);
    expect(found.findings[0]).toMatchObject({ value: 'P7', slow: 50 });
  });

  test('takes a fixed threshold, and tells of everything that it leaves out', () => {
    const odd: DescribedVisit = { duration: -1, open: false, attributes: [] };
    const found = explainSlow([...VISITS, odd], { threshold: 40, maxValues: 100, maxAttributes: 2, leastVisits: 51 });
    expect(found).toMatchObject({ threshold: 40, slow: 50, anomalies: 1, rare: 20, tested: 2, dropped: 1_000 });
    expect(explainSlow(VISITS, { maxValues: 100 }).tooMany).toEqual(['id']);
  });

  test('says nothing where all visits are alike or there are none', () => {
    const alike = VISITS.map((visit) => ({ ...visit, duration: 5 }));
    expect(explainSlow(alike)).toMatchObject({ threshold: null, slow: 0, findings: [] });
    expect(explainSlow([])).toMatchObject({ threshold: null, slow: 0, judged: 0, findings: [] });
    expect(() => explainSlow([], { slowest: 10 })).toThrow(WaybillError);
  });

  test('a pair that an order repeats counts once', () => {
    const twice = VISITS.map((visit) => ({ ...visit, attributes: [...visit.attributes, ...visit.attributes] }));
    expect(explainSlow(twice)).toEqual(explainSlow(VISITS));
  });
});
