import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { CHECKOUT, endEverything, temporaryDirectory, Waybill } from './harness.ts';

afterEach(endEverything);

it('a changed lifecycle judges every order anew after a restart, also orders that nothing is heard of any more', async () => {
  const dataDir = await temporaryDirectory();
  const file = join(dataDir, 'lifecycle.yaml');
  const original = await readFile(join(CHECKOUT, 'examples/jewelry/lifecycle.yaml'), 'utf8');
  await writeFile(file, original);
  const settings = { dataDir, more: { lifecycle: { file } } };
  const before = await Waybill.start(settings);
  const transitions = ['INITIATED', 'SUBMITTED'].map((status, index) => ({
    orderId: 'L-1',
    status,
    occurredAt: `2026-11-01T00:0${index}:00Z`,
    source: 'test',
  }));
  expect((await before.api.report({ transitions })).status).toBe(202);
  await expect
    .poll(async () => (await before.api.order('L-1'))?.deviations.map(({ kind }) => kind), { timeout: 30_000 })
    .toEqual(['skipped']);
  expect((await before.api.order('L-1'))?.lifecycle.version).toBe('1');
  await before.stop();

  // Version 2 allows an order without a file.
  const changed = original
    .replace('version: "1"', 'version: "2"')
    .replace('from: INITIATED, to: [FILE_UPLOADED]', 'from: INITIATED, to: [FILE_UPLOADED, SUBMITTED]');
  expect(changed).toContain('[FILE_UPLOADED, SUBMITTED]');
  await writeFile(file, changed);
  const after = await Waybill.start(settings);
  await expect.poll(async () => (await after.api.order('L-1'))?.lifecycle.version, { timeout: 30_000 }).toBe('2');
  expect((await after.api.order('L-1'))?.deviations).toEqual([]);
  expect((await after.api.system()).projector.rejudging).toBe(0);
});
