import { beforeAll, describe, expect, test } from 'vitest';
import { compileMachine, type Machine } from '../machine.ts';
import { hasRealLogs, type Log, loanApplications, orderToCash } from '../testing/real-logs.ts';
import { loanMachine } from '../testing/reference-machines.ts';
import { endingOf, openAligner } from './alignment.ts';
import { alignVariants } from './log-fitness.ts';
import { replay } from './replay.ts';
import { collectVariants, lifecycleFromVariants, machineFromVariants, type Variants } from './variants.ts';

function variantsOf(log: Log): Variants {
  return collectVariants([...log.values()].map((events) => events.map(({ status }) => status)));
}

/** Orders by the outcome of their replay. */
function replayed(machine: Machine, { variants }: Variants): Record<string, number> {
  const outcomes: Record<string, number> = { fits: 0, fits_so_far: 0, deviates: 0 };
  for (const { statuses, count } of variants) {
    const { kind } = replay(machine, statuses);
    outcomes[kind] = (outcomes[kind] ?? 0) + count;
  }
  return outcomes;
}

describe.skipIf(!hasRealLogs)('the order-to-cash log (real logs needed)', () => {
  let variants = collectVariants([]);
  beforeAll(() => {
    variants = variantsOf(orderToCash());
  });

  function topTen(): Machine {
    const lifecycle = lifecycleFromVariants('order to cash', machineFromVariants(variants.variants.slice(0, 10)));
    if (lifecycle === undefined) throw new Error('the ten most frequent variants do not start alike');
    return compileMachine(lifecycle);
  }

  test('has 800 variants in the order of the file', () => {
    expect(variants.variants).toHaveLength(800);
    expect(variants).toMatchObject({ counted: 21_159, dropped: 0 });
    expect(variants.variants.slice(0, 3).map(({ count }) => count)).toEqual([6_245, 4_719, 1_985]);
    expect(variants.variants.at(-1)?.coverage).toBe(1);
  });

  test('gives a machine of 8 statuses and 15 edges from its ten most frequent variants', () => {
    const found = machineFromVariants(variants.variants.slice(0, 10));
    expect([found.statuses.length, found.edges.length]).toEqual([8, 15]);
    expect(found.starts).toEqual(['Line Creation']);
    expect(found.finals).toEqual(['Good Issue', 'Schedule Line Rejected']);
  });

  test('fits it in 16,515 of 21,159 orders', () => {
    expect(replayed(topTen(), variants)).toMatchObject({ fits: 16_515 });
  });

  test('is aligned with it to the known fitness', () => {
    const { fitness, aligned } = alignVariants(openAligner(topTen()), variants.variants, () => 'complete');
    expect(fitness).toMatchObject({ orders: 21_159, fitting: 16_515, tooLong: 0 });
    expect(fitness.fittingPercent).toBeCloseTo(78.05189, 5);
    expect(fitness.averageTraceFitness).toBeCloseTo(0.95001185, 8);
    expect(fitness.logFitness).toBeCloseTo(0.92094591, 8);
    expect(fitness.visibleLogFitness).toBeCloseTo(0.92095713, 8);
    expect(aligned).toHaveLength(800);
  });
});

describe.skipIf(!hasRealLogs)('the loan application log (real logs needed)', () => {
  let variants = collectVariants([]);
  beforeAll(() => {
    variants = variantsOf(loanApplications());
  });

  test('fits its machine of 10 statuses and 21 edges, 399 open orders so far', () => {
    const machine = loanMachine();
    expect([machine.lifecycle.statuses.length, machine.lifecycle.transitions.length]).toEqual([10, 21]);
    expect(replayed(machine, variants)).toEqual({ fits: 12_688, fits_so_far: 399, deviates: 0 });
  });

  test('has no deviation when open orders are judged as open', () => {
    const machine = loanMachine();
    const { fitness } = alignVariants(openAligner(machine), variants.variants, (way) => endingOf(machine, way));
    expect(fitness).toMatchObject({
      orders: 13_087,
      fitting: 13_087,
      fittingPercent: 100,
      averageTraceFitness: 1,
      visibleLogFitness: 1,
    });
  });
});
