import { describe, expect, test } from 'vitest';
import { compileMachine } from '../machine.ts';
import { regionsOf, WORKSHOP } from '../testing/region-lifecycles.ts';
import { endingOf, openAligner } from './alignment.ts';
import { alignVariants } from './log-fitness.ts';
import { replay } from './replay.ts';
import { runGraph } from './run-graph.ts';
import { collectVariants } from './variants.ts';

const MACHINE = compileMachine(WORKSHOP);

function way(text: string): string[] {
  return text.split(' ');
}

describe('conformance with parallel regions', () => {
  test('replay fits in any order that the guards allow, and deviates at the first move that they do not', () => {
    expect(replay(MACHINE, way('TAKEN MADE PACKED CHECKED SENT'))).toEqual({ kind: 'fits' });
    expect(replay(MACHINE, way('TAKEN MADE CHECKED PACKED SENT'))).toEqual({ kind: 'fits' });
    expect(replay(MACHINE, way('TAKEN MADE ASKED PACKED CHECKED SENT'))).toEqual({
      kind: 'fits_so_far',
      status: 'SENT',
    });
    expect(replay(MACHINE, way('TAKEN MADE PACKED SENT'))).toEqual({
      kind: 'deviates',
      at: 3,
      status: 'SENT',
      from: 'PACKED',
    });
    expect(replay(MACHINE, way('PACKED'))).toEqual({ kind: 'deviates', at: 0, status: 'PACKED', from: null });
  });

  test('an order is complete when its last status of every required region is final', () => {
    expect(endingOf(MACHINE, way('TAKEN MADE PACKED CHECKED SENT'))).toBe('complete');
    expect(endingOf(MACHINE, way('TAKEN MADE ODD CHECKED'))).toBe('open');
    expect(endingOf(MACHINE, way('TAKEN MADE ASKED PACKED CHECKED SENT'))).toBe('open');
  });

  test('an alignment names the one step that is missing', () => {
    const { moves, cost } = openAligner(MACHINE).align(way('TAKEN MADE PACKED SENT'), 'complete') ?? {};
    expect(cost).toBe(1);
    expect(moves?.filter(({ kind }) => kind !== 'both')).toMatchObject([{ kind: 'model', status: 'CHECKED', at: 3 }]);
  });

  test('the fitness of a log counts orders whatever order their regions took', () => {
    const log = ['TAKEN MADE PACKED CHECKED SENT', 'TAKEN MADE CHECKED PACKED SENT', 'TAKEN MADE PACKED SENT'].map(way);
    const { variants } = collectVariants(log);
    const { fitness } = alignVariants(openAligner(MACHINE), variants, () => 'complete');
    expect(fitness).toMatchObject({ orders: 3, fitting: 2, tooLong: 0 });
    expect(fitness.visibleLogFitness).toBeCloseTo(1 - 1 / 29, 10);
  });

  test('a model with too many runs for an alignment is still replayed, and its orders are counted as left out', () => {
    const names = Array.from({ length: 20 }, (_, index) => index);
    const apart = compileMachine(
      regionsOf(
        names.map((name) => `r${name}: A${name} B${name}!`),
        names.map((name) => `A${name}>B${name}`),
      ),
    );
    expect(runGraph(apart)).toBeUndefined();
    const aligner = openAligner(apart);
    expect([aligner.maxLength, aligner.align([], 'open')]).toEqual([-1, undefined]);
    const { fitness } = alignVariants(aligner, [{ statuses: ['A1', 'B1'], count: 3 }], () => 'open');
    expect(fitness).toMatchObject({ orders: 0, tooLong: 3 });
    expect(replay(apart, ['A1', 'A0', 'B1']).kind).toBe('fits_so_far');
  });
});
