import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { endOnSignal } from '../src/bench/own-waybill.ts';
import { FAULTS, type Fault, type Round, stressLedger } from './ledger-stress.ts';

/* The long form of the ledger test: `npm run stress:ledger -- --rounds 100`. The short form is test/system/ledger.test.ts. */

const root = resolve(import.meta.dirname, '..');
const cli = resolve(root, 'src/main/cli.ts');
/** Every so many-th round runs on a file system that is filled up; only root may mount one. */
const FULL_DISK_EVERY = 10;
const DISK = '1g';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now()) },
    out: { type: 'string' },
  },
});
const count = Number(values.rounds);
if (!(count >= 1 && count <= 100_000)) throw new Error('--rounds is a number from 1 to 100000');

const canMount = process.getuid?.() === 0 && process.platform === 'linux';
const fullDisks = canMount ? Math.ceil(count / FULL_DISK_EVERY) : 0;
const others = FAULTS.filter((fault) => fault !== 'full disk');
const faults = Array.from(
  { length: count - fullDisks },
  (_, index): Fault => others[index % others.length] ?? 'kill server',
);

function onRound(round: Round, index: number): void {
  const { fault, offered, acknowledged, refused, failed, missing, duplicates, wrong } = round;
  const verdict = missing + duplicates + wrong === 0 ? 'ok' : 'WRONG';
  process.stdout.write(
    `${String(index + 1).padStart(4)} ${fault.padEnd(12)} offered ${offered}, acknowledged ${acknowledged}, refused ${refused}, ` +
      `failed ${failed}; missing ${missing}, duplicates ${duplicates}, wrong ${wrong}: ${verdict}\n`,
  );
}

const directory = mkdtempSync(join(tmpdir(), 'waybill-stress-'));
const small = join(directory, 'small');
function onLost(evidence: string): void {
  isKept = true;
  process.stdout.write(`     LOST ${evidence}\n     the data stay in ${directory}\n`);
}

const rounds: Round[] = [];
let isMounted = false;
/** Whether the data is evidence. */
let isKept = false;
endOnSignal();
process.once('exit', () => {
  if (isMounted) execFileSync('umount', ['-l', small]);
  if (!isKept) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});
process.stdout.write(`seed ${values.seed}\n`);
rounds.push(...(await stressLedger({ cli, directory, faults, seed: values.seed, onRound, onLost })));
if (canMount) {
  mkdirSync(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', small]);
  isMounted = true;
  const full = Array.from({ length: fullDisks }, (): Fault => 'full disk');
  rounds.push(...(await stressLedger({ cli, directory: small, faults: full, seed: values.seed, onRound, onLost })));
} else process.stdout.write('without root there is no file system to fill: no rounds with a full disk\n');
const wrong = rounds.filter(({ missing, duplicates, wrong: mixedUp }) => missing + duplicates + mixedUp > 0).length;
const sum = (of: (round: Round) => number): number => rounds.reduce((total, round) => total + of(round), 0);
process.stdout.write(
  `${rounds.length} rounds, ${sum(({ acknowledged }) => acknowledged)} spans acknowledged, ${sum(({ missing }) => missing)} missing, ` +
    `${sum(({ duplicates }) => duplicates)} duplicates; ${wrong} rounds wrong\n`,
);
if (values.out !== undefined) {
  writeFileSync(values.out, `${JSON.stringify({ format: 1, at: new Date().toISOString(), rounds }, undefined, 2)}\n`);
}
process.exitCode = wrong === 0 ? 0 : 1;
