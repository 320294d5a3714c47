import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collectVariants, lifecycleFromVariants, machineFromVariants } from './variants.ts';

const way = (text: string): string[] => text.split('');

describe('collectVariants', () => {
  test('lists the most frequent way first, with the share covered so far', () => {
    const { variants, counted, dropped } = collectVariants(['AB', 'AC', 'AB', 'A', 'AB'].map(way));
    expect(variants.map(({ statuses, count, coverage }) => [statuses.join(''), count, coverage])).toEqual([
      ['AB', 3, 0.6],
      ['A', 1, 0.8],
      ['AC', 1, 1],
    ]);
    expect([counted, dropped]).toEqual([5, 0]);
  });

  test('keeps ways apart whose statuses only look alike when joined', () => {
    expect(collectVariants([['a,b'], ['a', 'b'], ['a","b']]).variants).toHaveLength(3);
  });

  test('counts what it leaves out at its limit', () => {
    expect(collectVariants(['A', 'B', 'C', 'A', 'B'].map(way), 1)).toMatchObject({ counted: 2, dropped: 3 });
    expect(collectVariants([])).toEqual({ variants: [], counted: 0, dropped: 0 });
  });

  test('does not depend on the order of the orders', () => {
    const ways = fc.array(fc.tuple(fc.array(fc.constantFrom('A', 'B', 'C'), { maxLength: 4 }), fc.nat()));
    fc.assert(
      fc.property(ways, (each) => {
        const shuffled = each.toSorted((a, b) => a[1] - b[1]).map(([statuses]) => statuses);
        expect(collectVariants(shuffled)).toEqual(collectVariants(each.map(([statuses]) => statuses)));
      }),
    );
  });
});

describe('machineFromVariants', () => {
  test('has every edge, start and end of the variants', () => {
    expect(machineFromVariants(['ABC', 'ACB', 'AB'].map((text) => ({ statuses: way(text) })))).toEqual({
      statuses: ['A', 'B', 'C'],
      edges: [
        ['A', 'B'],
        ['B', 'C'],
        ['A', 'C'],
        ['C', 'B'],
      ],
      starts: ['A'],
      finals: ['C', 'B'],
    });
  });

  test('becomes a lifecycle, with edges out of finals as reopening, when it starts in one status', () => {
    const lifecycle = lifecycleFromVariants(
      'log',
      machineFromVariants([{ statuses: way('AB') }, { statuses: way('ABBC') }]),
    );
    expect(lifecycle).toMatchObject({
      initial: 'A',
      statuses: [
        { id: 'A', final: false },
        { id: 'B', final: true },
        { id: 'C', final: true },
      ],
      transitions: [
        { from: 'A', to: 'B', reopen: false },
        { from: 'B', to: 'B', reopen: false },
        { from: 'B', to: 'C', reopen: true },
      ],
    });
    expect(
      lifecycleFromVariants('log', machineFromVariants([{ statuses: way('A') }, { statuses: way('B') }])),
    ).toBeUndefined();
    expect(lifecycleFromVariants('log', machineFromVariants([]))).toBeUndefined();
  });
});
