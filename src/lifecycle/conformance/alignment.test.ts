import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WaybillError } from '../../model/errors.ts';
import type { Machine } from '../machine.ts';
import { machineOf } from '../testing/reference-machines.ts';
import { type Alignment, type Ending, endingOf, openAligner } from './alignment.ts';
import { alignmentDeviations } from './alignment-deviations.ts';
import { alignVariants } from './log-fitness.ts';
import { replay } from './replay.ts';
import type { RunGraph } from './run-graph.ts';

const LINE = machineOf('A B C D!', 'A>B B>C C>D');
const SHORTCUT = machineOf('A B C D! E!', 'A>B B>C C>D A>D D>C B>E');

function align(machine: Machine, way: string, ending: Ending = 'complete'): Alignment {
  const alignment = openAligner(machine).align(way.split(''), ending);
  if (alignment === undefined) throw new Error('too long');
  return alignment;
}

/** `B` in both, `+B` in the log only, `-B` in the model only. */
function shown({ moves }: Alignment): string {
  return moves.map(({ kind, status }) => ({ both: '', log: '+', model: '-' })[kind] + status).join(' ');
}

/** `kind status@place`, and for a wrong order `>` where it belonged. */
function deviations(machine: Machine, way: string, ending: Ending = 'complete'): string[] {
  const aligner = openAligner(machine);
  return alignmentDeviations(aligner.graph, align(machine, way, ending)).map(
    ({ kind, status, at, expectedAt }) => `${kind} ${status}@${at}${expectedAt === null ? '' : `>${expectedAt}`}`,
  );
}

describe('an alignment', () => {
  test('costs one for each entry too many and each one missing', () => {
    expect(align(LINE, 'ABCD')).toMatchObject({ cost: 0, worst: 8, fitness: 1 });
    expect(align(LINE, 'ABD')).toMatchObject({ cost: 1, worst: 7, fitness: 1 - 1 / 7 });
    expect(align(LINE, 'ABXCD')).toMatchObject({ cost: 1, worst: 9 });
    expect(align(LINE, 'ACBD')).toMatchObject({ cost: 2, worst: 8, fitness: 0.75 });
    expect(align(LINE, '')).toMatchObject({ cost: 4, worst: 4, fitness: 0 });
  });

  test('counts the worst case by the shortest run', () => {
    expect(align(SHORTCUT, 'AD')).toMatchObject({ cost: 0, worst: 4 });
    expect(align(SHORTCUT, 'XXX')).toMatchObject({ cost: 5, worst: 5, fitness: 0 });
  });

  test('chooses what is seen first, then what is missing, then what is too much', () => {
    expect(shown(align(LINE, 'ABD'))).toBe('A B -C D');
    expect(shown(align(LINE, 'ACBD'))).toBe('A -B C +B D');
    expect(shown(align(LINE, 'ABABCD'))).toBe('A B +A +B C D');
    expect(shown(align(LINE, 'CD'))).toBe('-A -B C D');
  });

  test('of an open order may end anywhere', () => {
    expect(align(LINE, 'AB', 'open')).toMatchObject({ cost: 0, worst: 2, fitness: 1 });
    expect(align(LINE, 'AC', 'open')).toMatchObject({ cost: 1, worst: 2 });
    expect(align(LINE, '', 'open')).toMatchObject({ cost: 0, worst: 0, fitness: 1 });
    expect(align(LINE, 'AB', 'complete')).toMatchObject({ cost: 2 });
  });

  test('runs over any graph of runs, such as two regions side by side', () => {
    // A then B beside X, in any order: states are 0, A, X, AX, AB, ABX.
    const both: RunGraph = {
      moves: [
        [
          { status: 'A', to: 1 },
          { status: 'X', to: 2 },
        ],
        [
          { status: 'B', to: 4 },
          { status: 'X', to: 3 },
        ],
        [{ status: 'A', to: 3 }],
        [{ status: 'B', to: 5 }],
        [{ status: 'X', to: 5 }],
        [],
      ],
      finals: [false, false, false, false, false, true],
    };
    const aligner = openAligner(both);
    for (const way of ['AXB', 'XAB', 'ABX']) expect(aligner.align(way.split(''), 'complete')?.cost).toBe(0);
    expect(aligner.align('BXA'.split(''), 'complete')?.cost).toBe(2);
  });

  test('is refused where no end can be reached, and left out where a sequence is too long', () => {
    expect(() => openAligner(machineOf('A B!', 'A>A'))).toThrow(WaybillError);
    const aligner = openAligner(LINE);
    expect(
      aligner.align(
        Array.from({ length: aligner.maxLength + 1 }, () => 'A'),
        'complete',
      ),
    ).toBeUndefined();
  });

  test('ends completely where the latest known status is final', () => {
    expect(endingOf(LINE, 'ABD'.split(''))).toBe('complete');
    expect(endingOf(LINE, 'ABDX'.split(''))).toBe('complete');
    expect(endingOf(LINE, 'DAB'.split(''))).toBe('open');
    expect(endingOf(LINE, [])).toBe('open');
  });
});

describe('deviations', () => {
  test('are named with their places', () => {
    expect(deviations(LINE, 'ABCD')).toEqual([]);
    expect(deviations(LINE, 'AD')).toEqual(['skipped B@1', 'skipped C@1']);
    expect(deviations(LINE, 'ABC')).toEqual(['skipped D@3']);
    expect(deviations(LINE, 'ABBCD')).toEqual(['unexpected B@2']);
    expect(deviations(LINE, 'ACBD')).toEqual(['wrong_order B@2>1']);
    expect(deviations(LINE, 'ABXCD')).toEqual(['unknown_status X@2']);
    expect(deviations(LINE, 'ABCDA')).toEqual(['after_final A@4']);
    expect(deviations(LINE, 'ABCDX')).toEqual(['unknown_status X@4']);
    expect(deviations(LINE, 'ABDC')).toEqual(['wrong_order C@3>2']);
    expect(deviations(SHORTCUT, 'ADCD')).toEqual([]);
    expect(deviations(LINE, 'XBDD')).toEqual(['skipped A@0', 'unknown_status X@0', 'skipped C@2', 'after_final D@3']);
  });

  test('of an open order are none for what has not come yet', () => {
    expect(deviations(LINE, 'AB', 'open')).toEqual([]);
    expect(deviations(LINE, 'AC', 'open')).toEqual(['skipped B@1']);
  });
});

describe('the fitness of a log', () => {
  const aligner = openAligner(LINE);

  test('weighs variants by their orders', () => {
    const variants = [
      { statuses: 'ABCD'.split(''), count: 3 },
      { statuses: 'ABD'.split(''), count: 1 },
    ];
    const { fitness } = alignVariants(aligner, variants, () => 'complete');
    expect(fitness).toMatchObject({ orders: 4, fitting: 3, fittingPercent: 75, tooLong: 0 });
    expect(fitness.averageTraceFitness).toBeCloseTo((3 + 6 / 7) / 4, 12);
    expect(fitness.visibleLogFitness).toBeCloseTo(1 - 1 / 31, 12);
    expect(fitness.logFitness).toBeCloseTo(1 - 10_004 / 310_004, 12);
  });

  test('without any deviation is 1, and just below with the silent step at the end', () => {
    const { fitness } = alignVariants(aligner, [{ statuses: 'ABCD'.split(''), count: 5 }], () => 'complete');
    expect(fitness).toMatchObject({ averageTraceFitness: 1, visibleLogFitness: 1 });
    expect(fitness.logFitness).toBeCloseTo(1 - 1 / 80_001, 12);
    const open = alignVariants(aligner, [{ statuses: 'AB'.split(''), count: 5 }], () => 'open');
    expect(open.fitness).toMatchObject({ fitting: 5, logFitness: 1, visibleLogFitness: 1 });
  });

  test('of no orders is unknown, and what is too long is counted', () => {
    const long = Array.from({ length: aligner.maxLength + 1 }, () => 'A');
    const { fitness } = alignVariants(aligner, [{ statuses: long, count: 2 }], () => 'complete');
    expect(fitness).toMatchObject({
      orders: 0,
      fittingPercent: null,
      averageTraceFitness: null,
      logFitness: null,
      tooLong: 2,
    });
  });
});

describe('for any machine and any sequence', () => {
  const NAMES = 'ABCDEF'.split('');
  const edges = fc.array(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 })), { maxLength: 10 });
  const ways = fc.array(fc.constantFrom(...NAMES), { maxLength: 7 });
  const machines = fc
    .tuple(edges, fc.boolean())
    .map(([extra, second]) =>
      machineOf(
        `A B C${second ? '!' : ''} D E!`,
        ['A>B', 'B>C', 'C>D', 'D>E', ...extra.map(([from, to]) => `${NAMES[from]}>${NAMES[to]}`)].join(' '),
      ),
    );

  test('the cost is 0 exactly when the replay fits', () => {
    fc.assert(
      fc.property(machines, ways, (machine, way) => {
        const aligner = openAligner(machine);
        const { kind } = replay(machine, way);
        expect(aligner.align(way, 'complete')?.cost === 0).toBe(kind === 'fits');
        expect(aligner.align(way, 'open')?.cost === 0).toBe(kind !== 'deviates');
      }),
      { numRuns: 1_000 },
    );
  });

  test('the cost is that of the best of all short runs', () => {
    fc.assert(
      fc.property(machines, ways, (machine, way) => {
        // Without a run up to 14 long that is better, none is: a longer one would cost more than the worst case.
        let best = Number.POSITIVE_INFINITY;
        const length = way.length;
        const initial: Row = Array.from({ length: length + 1 }, (_, index) => index);
        let front = new Map<string, Row>([['', initial]]);
        for (let steps = 0; steps <= 14; steps += 1) {
          const next = new Map<string, Row>();
          for (const [from, row] of front) {
            if (machine.isFinal(from)) best = Math.min(best, row[length] ?? best);
            for (const to of from === '' ? ['A'] : machine.successors(from)) {
              const longer = extend(row, way, to);
              next.set(
                to,
                (next.get(to) ?? longer).map((cost, index) => Math.min(cost, longer[index] ?? cost)),
              );
            }
          }
          front = next;
        }
        expect(openAligner(machine).align(way, 'complete')?.cost).toBe(best);
      }),
      { numRuns: 300 },
    );
  });

  test('the moves spell the sequence and an allowed run, and their costs add up', () => {
    fc.assert(
      fc.property(machines, ways, fc.constantFrom<Ending>('complete', 'open'), (machine, way, ending) => {
        const aligner = openAligner(machine);
        const alignment = aligner.align(way, ending);
        const moves = alignment?.moves ?? [];
        expect(moves.filter(({ kind }) => kind !== 'model').map(({ status }) => status)).toEqual(way);
        const run = moves.filter(({ kind }) => kind !== 'log').map(({ status }) => status);
        expect(replay(machine, run).kind).toMatch(ending === 'complete' ? /^fits$/ : /^fits/);
        expect(moves.filter(({ kind }) => kind !== 'both')).toHaveLength(alignment?.cost ?? -1);
        expect(alignment?.fitness).toBeGreaterThanOrEqual(0);
        expect(alignmentDeviations(aligner.graph, alignment ?? align(machine, '')).length > 0).toBe(
          alignment?.cost !== 0,
        );
      }),
      { numRuns: 500 },
    );
  });
});

type Row = readonly number[];

/** One row of the edit distance (insert and delete 1, no replacing) for a run that takes one more step. */
function extend(row: Row, way: readonly string[], status: string): Row {
  const longer: number[] = [(row[0] ?? 0) + 1];
  for (const [index, seen] of way.entries()) {
    const both = seen === status ? (row[index] ?? 0) : Number.POSITIVE_INFINITY;
    longer.push(Math.min((row[index + 1] ?? 0) + 1, (longer[index] ?? 0) + 1, both));
  }
  return longer;
}
