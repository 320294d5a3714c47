import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { conformance, type Statuses, statuses, variants } from '../../src/api/contract/index.ts';
import { CHECKOUT, endEverything, temporaryDirectory, Waybill, waybillCommand } from './harness.ts';

const DATA = resolve(CHECKOUT, '../shared/data');
const ORDER_TO_CASH = join(DATA, 'o2c_sap_log.zip');
const LOAN_APPLICATIONS = join(DATA, 'bpi_challenge_2012_a.xes.gz');
const DAY_MS = 86_400_000;

afterEach(endEverything);

interface Edges {
  readonly initial: string;
  readonly finals: readonly string[];
  readonly edges: readonly (readonly [string, string])[];
}

/** Writes a lifecycle of bare edges; an edge out of a final status is a reopening. */
async function writeLifecycle(file: string, { initial, finals, edges }: Edges): Promise<void> {
  const label = { ru: 'Лог', en: 'Log' };
  const ids = [...new Set([initial, ...edges.flat()])];
  const content = {
    name: 'log',
    version: '1',
    label,
    initial,
    systems: { log: { label } },
    statuses: ids.map((id) => ({
      id,
      system: 'log',
      label: { ru: id, en: id },
      ...(finals.includes(id) && { final: true }),
    })),
    transitions: edges.map(([from, to]) => ({ from, to: [to], ...(finals.includes(from) && { reopen: true }) })),
  };
  await writeFile(file, stringify(content));
}

async function startWith(lifecycle: Edges): Promise<Waybill> {
  const dataDir = await temporaryDirectory();
  const file = join(dataDir, 'lifecycle.yaml');
  await writeLifecycle(file, lifecycle);
  return Waybill.start({ dataDir, more: { lifecycle: { file } } });
}

async function importLog(waybill: Waybill, file: string, ...flags: string[]): Promise<Record<string, unknown>> {
  const command = waybillCommand(['import', file, '--server', waybill.http, '--json', ...flags]);
  const { code } = await command.exited;
  expect(code, command.stderr).toBe(0);
  return JSON.parse(command.stdout) as Record<string, unknown>;
}

async function ask(waybill: Waybill, path: string): Promise<unknown> {
  return (await waybill.api.fetch(path)).json();
}

function completedDays(answer: Statuses, status: string): (number | null)[] {
  const found = answer.statuses.find((each) => each.status === status)?.completed;
  const days = [found?.meanMs, found?.medianMs, found?.p95Ms].map((ms) => (ms ?? Number.NaN) / DAY_MS);
  return [found?.count ?? null, ...days];
}

function expectClose(found: readonly (number | null)[], expected: readonly number[], tolerance: number): void {
  for (const [index, value] of expected.entries()) {
    expect(
      Math.abs((found[index] ?? Number.NaN) - value),
      `${found.join(' ')} against ${expected.join(' ')}`,
    ).toBeLessThanOrEqual(tolerance);
  }
}

const ORDER_TO_CASH_EDGES: Edges = {
  initial: 'Line Creation',
  finals: ['Good Issue', 'Schedule Line Rejected'],
  edges: [
    ['Line Creation', 'LgstCheckOnConfDat Removed'],
    ['LgstCheckOnConfDat Removed', 'Delivery'],
    ['Delivery', 'Good Issue'],
    ['Line Creation', 'Delivery'],
    ['Line Creation', 'Header Block Removed'],
    ['Header Block Removed', 'LgstCheckOnConfDat Removed'],
    ['LgstCheckOnConfDat Removed', 'Header Block Removed'],
    ['Header Block Removed', 'Delivery'],
    ['LgstCheckOnConfDat Removed', 'Schedule Line Rejected'],
    ['Header Block Removed', 'Document released for credit'],
    ['Document released for credit', 'Delivery'],
  ],
};

describe.skipIf(!existsSync(ORDER_TO_CASH))(
  'the order-to-cash log (public data that is not part of the project)',
  () => {
    it('gives its dwell and conformance figures over import and API, and the same ones when it is imported again', async () => {
      // The machine of the ten most frequent variants, as the log itself gives it.
      const discover = await startWith(ORDER_TO_CASH_EDGES);
      await importLog(discover, ORDER_TO_CASH, '--yes');
      const ways = variants.parse(await ask(discover, '/api/variants?limit=10'));
      expect([ways.orders, ways.total]).toEqual([21_159, 800]);
      const edges = new Map<string, readonly [string, string]>();
      for (const { statuses: way } of ways.variants) {
        for (const [index, to] of way.slice(1).entries()) edges.set(`${way[index]}\n${to}`, [way[index] ?? '', to]);
      }
      expect(edges.size).toBe(15);
      await discover.stop();

      const waybill = await startWith({ ...ORDER_TO_CASH_EDGES, edges: [...edges.values()] });
      for (let round = 0; round < 2; round += 1) {
        expect(await importLog(waybill, ORDER_TO_CASH, '--yes')).toMatchObject({
          events: 110_125,
          cases: 21_159,
          activities: 17,
          rejected: 0,
        });
        const held = conformance.parse(await ask(waybill, '/api/conformance?ending=complete'));
        expect(held.replay.fits).toBe(16_515);
        expectClose([held.alignment.fittingPercent], [78.05189], 1e-5);
        expectClose([held.alignment.averageTraceFitness, held.alignment.logFitness], [0.95001185, 0.92094591], 1e-6);
        const answer = statuses.parse(await ask(waybill, '/api/statuses'));
        const { count, meanMs, medianMs, p95Ms } = answer.leadTime.completed;
        expectClose(
          [count, ...[meanMs, medianMs, p95Ms].map((ms) => (ms ?? Number.NaN) / DAY_MS)],
          [21_159, 87.0052, 48.1288, 274.0294],
          1e-4,
        );
        expectClose(completedDays(answer, 'Line Creation'), [21_159, 9.3428, 0.1559, 66.0362], 1e-4);
        expectClose(completedDays(answer, 'LgstCheckOnConfDat Removed'), [19_720, 50.3253, 27.9405, 202.1046], 1e-4);
        expectClose(completedDays(answer, 'Delivery'), [23_674, 12.6469, 1.2536, 65.3786], 1e-4);
        expectClose(completedDays(answer, 'Header Block Removed'), [10_830, 16.1836, 0.886, 91.9509], 1e-4);
        expectClose(
          completedDays(answer, 'Sched.Line Changed Delivery Date'),
          [5_168, 18.0523, 0.2132, 100.8154],
          1e-4,
        );
      }
    });
  },
);

const LOAN_FINALS = ['A_DECLINED', 'A_CANCELLED', 'A_APPROVED', 'A_REGISTERED', 'A_ACTIVATED'];
const LOAN_WAY = ['A_SUBMITTED', 'A_PARTLYSUBMITTED', 'A_PREACCEPTED', 'A_ACCEPTED', 'A_FINALIZED'];
const APPROVALS = LOAN_FINALS.slice(2);

const LOAN_EDGES: Edges = {
  initial: 'A_SUBMITTED',
  finals: LOAN_FINALS,
  edges: [
    ...LOAN_WAY.slice(1).map((to, index): [string, string] => [LOAN_WAY[index] ?? '', to]),
    ...LOAN_WAY.slice(1).flatMap((from): [string, string][] => [
      [from, 'A_DECLINED'],
      [from, 'A_CANCELLED'],
    ]),
    ...APPROVALS.map((to): [string, string] => ['A_FINALIZED', to]),
    ...APPROVALS.flatMap((from) => APPROVALS.filter((to) => to !== from).map((to): [string, string] => [from, to])),
  ],
};

describe.skipIf(!existsSync(LOAN_APPLICATIONS))('the loan log (public data that is not part of the project)', () => {
  it('fits its machine, open orders included, and gives what was known at a date', async () => {
    const waybill = await startWith(LOAN_EDGES);
    expect(await importLog(waybill, LOAN_APPLICATIONS)).toMatchObject({
      events: 60_849,
      cases: 13_087,
      activities: 10,
    });
    const held = conformance.parse(await ask(waybill, '/api/conformance'));
    expect(held.replay).toEqual({ fits: 12_688, fitsSoFar: 399, deviates: 0 });
    const whole = statuses.parse(await ask(waybill, '/api/statuses'));
    expectClose(completedDays(whole, 'A_PARTLYSUBMITTED'), [13_087, 0.101224, 0.000502, 0.596485], 1e-6);
    expectClose(completedDays(whole, 'A_FINALIZED'), [4_688, 17.838318, 14.560643, 36.446675], 1e-6);
    for (const [at, status, done, open, p95, estimatedP95, estimatedMedian] of [
      ['2011-11-15T00:00:00Z', 'A_PREACCEPTED', 2_028, 132, 4.8756, 30.5758, 0.1581],
      ['2011-11-15T00:00:00Z', 'A_FINALIZED', 902, 591, 30.7763, 33.9787, 14.211],
      ['2012-01-15T00:00:00Z', 'A_PREACCEPTED', 4_686, 175, 21.0204, 30.5186, 0.2458],
      ['2012-01-15T00:00:00Z', 'A_FINALIZED', 2_637, 646, 32.7195, 37.8487, 15.2072],
    ] as const) {
      const then = statuses.parse(await ask(waybill, `/api/statuses?at=${at}`));
      const found = then.statuses.find((each) => each.status === status);
      expect([found?.completed.count, found?.open.count]).toEqual([done, open]);
      const days = [found?.completed.p95Ms, found?.estimated.p95Ms, found?.estimated.medianMs].map(
        (ms) => (ms ?? Number.NaN) / DAY_MS,
      );
      expectClose(days, [p95, estimatedP95, estimatedMedian], 1e-4);
    }
  });
});

describe('waybill import and export', () => {
  it('bring the same orders from one Waybill into another, in every form', async () => {
    const first = await Waybill.start({ dataDir: await temporaryDirectory() });
    const transitions = ['A', 'B', 'C'].flatMap((orderId, index) =>
      ['INITIATED', 'FILE_UPLOADED', 'SUBMITTED', 'PRICE_CALCULATED'].slice(0, index + 2).map((status, step) => ({
        orderId,
        status,
        occurredAt: `2026-11-0${index + 1}T0${step}:00:00.123456789Z`,
        source: 'test',
      })),
    );
    expect((await first.api.report({ transitions })).status).toBe(202);
    await expect.poll(async () => (await first.api.orders('')).length, { timeout: 30_000 }).toBe(3);
    const expected = (await first.api.order('C'))?.visits.map(({ status, enteredAt }) => [status, enteredAt]);
    const directory = await temporaryDirectory();
    for (const [format, name] of [
      ['csv', 'log.csv'],
      ['xes', 'log.xes'],
      ['ocel-json', 'log.json'],
      ['ocel-sqlite', 'log.sqlite'],
      ['jsonl', 'log.jsonl'],
    ] as const) {
      const file = join(directory, name);
      const command = waybillCommand(['export', '--server', first.http, '--format', format, '--output', file]);
      expect((await command.exited).code, command.stderr).toBe(0);
      expect((await readFile(file)).length).toBeGreaterThan(100);
      const second = await Waybill.start({ dataDir: await temporaryDirectory() });
      expect(await importLog(second, file, '--yes'), format).toMatchObject({ events: 9, cases: 3, rejected: 0 });
      const imported = (await second.api.order('C'))?.visits.map(({ status, enteredAt }) => [status, enteredAt]);
      expect(imported, format).toEqual(expected);
      await second.stop();
    }
  });

  it('say what is wrong and what to do', async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, 'log.csv');
    await writeFile(
      file,
      `case,activity,time\n${Array.from({ length: 40 }, (_, index) => `1,A,2026-01-01T00:${index + 10}:00Z\n`).join('')}1,B,yesterday\n`,
    );
    const nobody = waybillCommand(['import', file, '--server', 'http://127.0.0.1:1']);
    expect((await nobody.exited).code).toBe(2);
    expect(nobody.stderr).toMatch(/no Waybill answers.*\n.*waybill serve/);

    const waybill = await Waybill.start({ dataDir: await temporaryDirectory() });
    const unconfirmed = waybillCommand(['import', file, '--server', waybill.http]);
    expect((await unconfirmed.exited).code).toBe(2);
    expect(unconfirmed.stderr).toMatch(/--case case.*--activity activity/s);

    const rejectedFile = join(directory, 'rejected.csv');
    const partly = waybillCommand(['import', file, '--server', waybill.http, '--yes', '--rejected', rejectedFile]);
    expect((await partly.exited).code).toBe(1);
    expect(partly.stdout).toMatch(/40 events of 1 orders/);
    expect(partly.stdout).toMatch(/line 42: /);
    expect(await readFile(rejectedFile, 'utf8')).toContain('yesterday');
  });
});
