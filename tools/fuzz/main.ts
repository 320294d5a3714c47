import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';

/* Attacks the decoders with mutated payloads: `npm run fuzz -- --cases 1000000 [--seed 7]`. */

const { values } = parseArgs({ options: { cases: { type: 'string', default: '100000' }, seed: { type: 'string' } } });
const cases = Number(values.cases);
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
if (!Number.isInteger(cases) || cases < 1 || !Number.isInteger(seed)) {
  process.stderr.write('--cases and --seed are whole numbers\n');
  process.exit(2);
}

const began = performance.now();
process.stdout.write(`${cases} cases, seed ${seed}\n`);
try {
  const reports = await fuzz(cases, seed, (done) => {
    if (done % 50_000 === 0) process.stdout.write(`${done} done\n`);
  });
  for (const [target, { cases: count, taken, slowestMs }] of reports) {
    const share = `${taken} taken, ${count - taken} refused`;
    process.stdout.write(`${target.padEnd(18)} ${count} cases, ${share}, slowest ${slowestMs.toFixed(1)} ms\n`);
  }
  process.stdout.write(`all survived in ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
