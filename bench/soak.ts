import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Generator } from '../src/bench/generator.ts';
import { ledgerOf, readBack } from '../src/bench/ledger.ts';
import { endOnSignal, OwnWaybill } from '../src/bench/own-waybill.ts';
import { treeMemory } from '../src/bench/processes.ts';
import { settle } from '../src/bench/settle.ts';
import type { Soak } from './results.ts';

/*
 * Whether memory stays flat under a constant load: `npm run soak -- --minutes 60`. The first quarter fills caches and does not count;
 * through the rest a line of least squares is laid.
 */

const LOOK_EVERY_MS = 5_000;
/** Growth in an hour, as a share of the mean, up to which memory counts as flat. */
const FLAT_SHARE = 0.05;
const BATCH = 512;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    rate: { type: 'string', default: '10000' },
    out: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const rate = Number(values.rate);
if (!(minutes >= 0.5 && minutes <= 24 * 60)) throw new Error('--minutes is a number from 0.5 to 1440');
if (!(rate >= 1 && rate <= 1_000_000)) throw new Error('--rate is a number of spans a second');

type Sample = Soak['series'][number];

function totalOf({ rssBytes }: Sample): number {
  return Object.values(rssBytes).reduce((sum, bytes) => sum + bytes, 0);
}

/** Slope of the line of least squares through the memory, in bytes a second. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / Math.max(1, numbers.length);
  const atMean = mean(samples.map(({ atSeconds }) => atSeconds));
  const rssMean = mean(samples.map(totalOf));
  let covariance = 0;
  let variance = 0;
  for (const sample of samples) {
    covariance += (sample.atSeconds - atMean) * (totalOf(sample) - rssMean);
    variance += (sample.atSeconds - atMean) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance;
}

async function run(): Promise<Soak> {
  const waybill = await OwnWaybill.start({ cli: resolve(import.meta.dirname, '../dist/src/main/cli.js') });
  const seed = randomInt(2 ** 32 - 1);
  const generator = new Generator({
    target: waybill.otlpHttp,
    protocol: 'http',
    encoding: 'protobuf',
    gzip: false,
    spanBytes: 429,
    cardinality: 'medium',
    batch: BATCH,
    connections: 8,
    headers: {},
    seed,
  });
  const series: Sample[] = [];
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const { own, files } = treeMemory(waybill.pid);
    const rssBytes = { ...own, files };
    const sample = { atSeconds: (performance.now() - startedAt) / 1000, rssBytes };
    series.push(sample);
    process.stdout.write(`${sample.atSeconds.toFixed(0).padStart(6)} s  ${(totalOf(sample) / 1e6).toFixed(0)} MB\n`);
  }, LOOK_EVERY_MS);
  try {
    const load = await generator.run({ rate, seconds: minutes * 60 });
    clearInterval(timer);
    await settle({ api: waybill.api, store: waybill.store, pid: waybill.pid }, 300_000);
    const { missing, duplicates, wrong } = await readBack(waybill.store, [load], { batch: BATCH, seed });
    const counted = series.filter(({ atSeconds }) => atSeconds > minutes * 15);
    const meanRssBytes = counted.reduce((sum, sample) => sum + totalOf(sample), 0) / Math.max(1, counted.length);
    const slopeBytesPerHour = slopeOf(counted) * 3600;
    return {
      format: 1,
      at: new Date().toISOString(),
      minutes,
      rate,
      acknowledged: ledgerOf([load], BATCH).acknowledged,
      lost: missing + duplicates + wrong,
      meanRssBytes,
      maxRssBytes: series.reduce((most, sample) => Math.max(most, totalOf(sample)), 0),
      slopeBytesPerHour,
      isFlat: slopeBytesPerHour <= meanRssBytes * FLAT_SHARE,
      series,
    };
  } finally {
    clearInterval(timer);
    await generator.close();
    await waybill.stop();
  }
}

endOnSignal();
const result = await run();
const { meanRssBytes, maxRssBytes, slopeBytesPerHour, isFlat, acknowledged, lost } = result;
process.stdout.write(
  `${isFlat ? 'flat' : 'NOT flat'}: mean ${(meanRssBytes / 1e6).toFixed(0)} MB, at most ${(maxRssBytes / 1e6).toFixed(0)} MB, ` +
    `${(slopeBytesPerHour / 1e6).toFixed(1)} MB an hour; ${acknowledged} spans acknowledged, ${lost} lost\n`,
);
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, undefined, 2)}\n`);
process.exitCode = isFlat && lost === 0 ? 0 : 1;
