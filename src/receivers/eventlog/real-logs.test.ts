import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { StatusFact } from '../../model/order.ts';
import { type ImportSummary, importEventLog, inspectEventLog } from './importer.ts';

/** Public logs that are not part of the project; beside its checkout where they are. */
const DATA = join(fileURLToPath(new URL('../../../', import.meta.url)), '..', 'shared', 'data');
const O2C = join(DATA, 'o2c_sap_log.zip');
const BPI_2012 = join(DATA, 'bpi_challenge_2012_a.xes.gz');

async function imported(file: string): Promise<{ summary: ImportSummary; facts: StatusFact[] }> {
  const facts: StatusFact[] = [];
  const summary = await importEventLog({
    file,
    source: 'log',
    confirm: () => true,
    next: {
      consume: (batch) => {
        if (batch.kind === 'facts') facts.push(...batch.facts);
        return Promise.resolve();
      },
    },
  });
  return { summary, facts };
}

/** Mean and median of first to last event in days, and variants in file order. */
function figures(facts: readonly StatusFact[]): { mean: number; median: number; variants: number; ties: number } {
  const cases = new Map<string, StatusFact[]>();
  for (const fact of facts) {
    const id = fact.order.kind === 'order' ? fact.order.orderId : '';
    const known = cases.get(id);
    if (known === undefined) cases.set(id, [fact]);
    else known.push(fact);
  }
  const variants = new Set<string>();
  const days: number[] = [];
  let ties = 0;
  for (const events of cases.values()) {
    events.sort((a, b) =>
      a.occurredAt === b.occurredAt ? a.sequence - b.sequence : a.occurredAt < b.occurredAt ? -1 : 1,
    );
    for (const [index, { occurredAt }] of events.entries()) if (events[index - 1]?.occurredAt === occurredAt) ties += 1;
    variants.add(JSON.stringify(events.map(({ status }) => status)));
    days.push(Number((events.at(-1)?.occurredAt ?? 0n) - (events[0]?.occurredAt ?? 0n)) / 86_400e9);
  }
  days.sort((a, b) => a - b);
  const middle = (days.length - 1) / 2;
  const median = ((days[Math.floor(middle)] ?? 0) + (days[Math.ceil(middle)] ?? 0)) / 2;
  return { mean: days.reduce((sum, one) => sum + one, 0) / days.length, median, variants: variants.size, ties };
}

describe('public logs', () => {
  test.skipIf(!existsSync(O2C))('the order-to-cash log (zip with CSV) is recognised and read whole', async () => {
    const { proposal } = await inspectEventLog({ file: O2C });
    expect(proposal?.mapping).toEqual({ case: 'Key', activity: 'Activity', timestamp: 'Date' });
    const { summary, facts } = await imported(O2C);
    expect(summary).toMatchObject({
      format: 'csv',
      cases: 21_159,
      events: 110_125,
      facts: 110_125,
      activities: 17,
      rejected: 0,
    });
    expect(new Set(facts.map(({ evidenceId }) => evidenceId)).size).toBe(110_125);
    const { mean, median, variants, ties } = figures(facts);
    expect(mean).toBeCloseTo(87.0052, 4);
    expect(median).toBeCloseTo(48.1288, 4);
    expect(variants).toBe(800);
    expect(ties).toBe(6233);
  });

  test.skipIf(!existsSync(BPI_2012))('the loan application log of BPI 2012 (XES, gzip) is read whole', async () => {
    const { summary, facts } = await imported(BPI_2012);
    expect(summary).toMatchObject({
      format: 'xes',
      cases: 13_087,
      events: 60_849,
      facts: 60_849,
      activities: 10,
      rejected: 0,
    });
    expect(summary.skipped).toEqual({ lifecycle: 0, unrelated: 0 });
    const again = await imported(BPI_2012);
    expect(again.facts.map(({ evidenceId }) => evidenceId)).toEqual(facts.map(({ evidenceId }) => evidenceId));
  });
});
