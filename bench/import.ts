import { execFile } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs, promisify } from 'node:util';
import { endOnSignal, OwnWaybill } from '../src/bench/own-waybill.ts';
import { formatRfc3339 } from '../src/model/units.ts';
import { generateOrder, orderIdOf } from './generated-orders.ts';
import { machineLoad } from './machine-load.ts';

/*
 * How long an event log takes until all its orders are folded: `npm run bench:import -- --events 100000`.
 *
 * A CSV of generated orders (ten events each, or fewer where the rest lies ahead) is brought into a fresh Waybill by `waybill import`, as a
 * user does; the time is from the start of that command to its end, which comes when the last order is folded. A few rounds, each with a
 * Waybill of its own.
 */

const { values } = parseArgs({
  options: { events: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '3' } },
});
const events = Number(values.events);
const rounds = Number(values.rounds);
if (!(Number.isInteger(events) && events >= 1 && events <= 10_000_000)) {
  throw new Error('--events is a number from 1 to 10000000');
}
if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= 100)) throw new Error('--rounds is a number from 1 to 100');

const cli = resolve(import.meta.dirname, '../src/main/cli.ts');
const run = promisify(execFile);

function* lines(now: number): Generator<string> {
  yield 'case,activity,timestamp,system\n';
  let written = 0;
  for (let index = 0; written < events; index += 1) {
    const { facts, late } = generateOrder(index, now);
    for (const { status, occurredAt, source } of [...facts, ...late].slice(0, events - written)) {
      yield `${orderIdOf(index)},${status},${formatRfc3339(occurredAt)},${source}\n`;
      written += 1;
    }
  }
}

async function seconds(file: string): Promise<number> {
  const waybill = await OwnWaybill.start({ cli });
  try {
    const startedAt = performance.now();
    const columns = ['--case', 'case', '--activity', 'activity', '--timestamp', 'timestamp', '--source', 'system'];
    const { stdout } = await run(process.execPath, [
      cli,
      'import',
      file,
      '--server',
      waybill.api,
      ...columns,
      '--json',
    ]);
    const took = (performance.now() - startedAt) / 1000;
    const stored = await waybill.store.query<{ events: string }>('SELECT count() AS events FROM status_facts');
    if (Number(stored[0]?.events) !== events)
      throw new Error(`${stored[0]?.events} of ${events} events stored: ${stdout}`);
    return took;
  } finally {
    await waybill.stop();
  }
}

endOnSignal();
const directory = mkdtempSync(join(tmpdir(), 'waybill-import-'));
try {
  const file = join(directory, 'orders.csv');
  await pipeline(Readable.from(lines(Date.now())), createWriteStream(file));
  process.stdout.write(`load of the machine before ${machineLoad()}\n`);
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) took.push(await seconds(file));
  const ascending = took.toSorted((a, b) => a - b);
  const median = ascending[Math.floor(ascending.length / 2)] ?? 0;
  process.stdout.write(
    `${events.toLocaleString('en')} events imported and folded in ${median.toFixed(1)} s (median; ${took.map((each) => each.toFixed(1)).join(', ')}), ` +
      `${Math.round(events / median).toLocaleString('en')} events/s\n`,
  );
} finally {
  rmSync(directory, { recursive: true, force: true });
}
