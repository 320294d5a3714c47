import { expect, test } from 'vitest';
import { machineOf } from '../testing/reference-machines.ts';
import { replay } from './replay.ts';

const machine = machineOf('A B C D!', 'A>B B>C C>D A>D B>B D>A');

test('fits from the initial status to a final one, self-edges and reopening included', () => {
  for (const way of ['ABCD', 'AD', 'ABBBCD', 'ADABCD'])
    expect(replay(machine, way.split(''))).toEqual({ kind: 'fits' });
});

test('an open order fits so far', () => {
  expect(replay(machine, 'AB'.split(''))).toEqual({ kind: 'fits_so_far', status: 'B' });
  expect(replay(machine, 'ADA'.split(''))).toEqual({ kind: 'fits_so_far', status: 'A' });
  expect(replay(machine, [])).toEqual({ kind: 'fits_so_far', status: null });
});

test('names the first place that is not allowed', () => {
  expect(replay(machine, 'BCD'.split(''))).toEqual({ kind: 'deviates', at: 0, status: 'B', from: null });
  expect(replay(machine, 'ACBD'.split(''))).toEqual({ kind: 'deviates', at: 1, status: 'C', from: 'A' });
  expect(replay(machine, 'ABCDD'.split(''))).toEqual({ kind: 'deviates', at: 4, status: 'D', from: 'D' });
});

test('does not pass over unknown statuses', () => {
  expect(replay(machine, ['A', 'X', 'D'])).toEqual({ kind: 'deviates', at: 1, status: 'X', from: 'A' });
});
