import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type Fault, stressLedger } from '../../bench/ledger-stress.ts';
import { CHECKOUT, endEverything, temporaryDirectory } from './harness.ts';

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
