import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type Fault, stressLedger } from '../../bench/ledger-stress.ts';
import { CHECKOUT, endEverything, temporaryDirectory, Waybill } from './harness.ts';
import { sendSpans } from './otlp-sender.ts';

afterAll(endEverything);

/** A disk can be filled only on a small file system of its own, which only root may mount. */
const canMount = process.getuid?.() === 0 && process.platform === 'linux';
const cli = join(CHECKOUT, 'src/main/cli.ts');

/** Faults of rounds that lost, doubled or mixed up spans, or in which nothing was acknowledged. */
async function badRounds(directory: string, faults: readonly Fault[]): Promise<unknown[]> {
  const rounds = await stressLedger({ cli, directory, faults, seed: 'short' });
  expect(rounds.map(({ fault }) => fault)).toEqual(faults);
  return rounds.filter(
    ({ missing, duplicates, wrong, acknowledged }) => missing + duplicates + wrong > 0 || acknowledged === 0,
  );
}

// The long form, a hundred rounds and more: npm run stress:ledger
it('keeps every acknowledged span once when server and store are killed or stopped and the journal has a torn tail', async () => {
  const faults = ['kill server', 'stop store', 'torn tail', 'kill both'] as const;
  expect(await badRounds(await temporaryDirectory(), faults)).toEqual([]);
});

it.skipIf(!canMount)('keeps every acknowledged span once when the disk is full for a while', async () => {
  const directory = await temporaryDirectory();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512m', 'tmpfs', directory]);
  try {
    expect(await badRounds(directory, ['full disk'])).toEqual([]);
  } finally {
    execFileSync('umount', ['-l', directory]);
  }
});

it('keeps what is acknowledged after the journal was lost and the store was not', async () => {
  const dataDir = await temporaryDirectory();
  const sendOne = async (digit: string): Promise<void> => {
    const waybill = await Waybill.start({ dataDir });
    const ids = { traceId: digit.repeat(32), spanId: digit.repeat(16) };
    const sent = await sendSpans(waybill.otlpHttp, [{ ...ids, service: 'shop', name: 'GET /', startedAt: 1n }]);
    expect(sent.status).toBe(200);
    // Once the span is found, the journal has nothing left of it.
    await expect.poll(() => waybill.api.trace(ids.traceId), { timeout: 20_000 }).toBeDefined();
    expect(await waybill.stop()).toMatchObject({ code: 0 });
  };
  await sendOne('a');
  await rm(join(dataDir, 'journal'), { recursive: true });
  // A segment with an id that the store has seen would be taken for a repetition.
  await sendOne('b');
});
