import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Load } from '../src/bench/load.ts';
import { endOnSignal } from '../src/bench/own-waybill.ts';
import type { BenchResult } from '../src/bench/result.ts';
import { type BenchOptions, runBench } from '../src/bench/run.ts';
import { formatResult } from '../src/bench/table.ts';
import { protobufjsSpansPerCpuSecond } from './protobufjs-decode.ts';
import { type Matrix, matrix } from './results.ts';

/*
 * Every load that docs/performance.md shows, one after the other, each on a fresh Waybill: `npm run bench:matrix`. Writes
 * bench/results/matrix.json, of which `npm run docs` makes the document.
 */

const root = resolve(import.meta.dirname, '..');

const base: BenchOptions = {
  target: undefined,
  api: undefined,
  pid: undefined,
  protocol: 'http',
  encoding: 'protobuf',
  gzip: false,
  spanBytes: 429,
  cardinality: 'medium',
  batch: 512,
  connections: 8,
  headers: {},
  rate: undefined,
  seconds: 20,
  warmupSeconds: 5,
  settleSeconds: 300,
  freshness: false,
  cli: resolve(root, 'dist/src/main/cli.js'),
};

const BASE = 'HTTP, protobuf';
const CASES: Readonly<Record<string, Partial<BenchOptions>>> = {
  [BASE]: {},
  gRPC: { protocol: 'grpc' },
  'HTTP, protobuf, gzip': { gzip: true },
  'gRPC, gzip': { protocol: 'grpc', gzip: true },
  'HTTP, JSON': { encoding: 'json' },
  '264 bytes a span': { spanBytes: 264 },
  '1,700 bytes a span': { spanBytes: 1700 },
  'low cardinality': { cardinality: 'low' },
  'one unique attribute a span': { cardinality: 'high' },
  '8 spans a request': { batch: 8 },
  '8 spans a request, 64 connections': { batch: 8, connections: 64 },
  '64 spans a request': { batch: 64 },
  '8,192 spans a request': { batch: 8192 },
};
const HALF = 'half of what the cores bear';

function say(text: string): void {
  process.stderr.write(`  ${text}\n`);
}

async function runCase(name: string, options: BenchOptions): Promise<BenchResult> {
  process.stdout.write(`\n${name}\n`);
  const result = { ...(await runBench(options, say)), name };
  process.stdout.write(formatResult(result));
  return result;
}

async function runMatrix(seconds: number, only: string | undefined): Promise<Matrix> {
  const { target: _target, ...load } = base;
  const body = new Load({ ...load, target: 'http://localhost', seed: 1 }).sample();
  const before = protobufjsSpansPerCpuSecond(body, base.batch);
  const runs: BenchResult[] = [];
  for (const [name, difference] of Object.entries(CASES)) {
    if (only !== undefined && !name.includes(only)) continue;
    runs.push(await runCase(name, { ...base, seconds, ...difference }));
  }
  const first = runs.find(({ name }) => name === BASE);
  if (first?.cpu !== null && first !== undefined) {
    // All cores at this cost, halved.
    const rate = Math.round((first.cpu.spansPerCpuSecond * first.machine.cores) / 2);
    runs.push(await runCase(HALF, { ...base, seconds: Math.max(seconds, 30), rate, freshness: true }));
  }
  const after = protobufjsSpansPerCpuSecond(body, base.batch);
  return matrix.parse({ format: 1, runs, protobufjs: { spansPerCpuSecond: (before + after) / 2 } });
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    only: { type: 'string' },
    out: { type: 'string', default: resolve(root, 'bench/results/matrix.json') },
  },
});
const seconds = Number(values.seconds);
if (!(seconds >= 1 && seconds <= 3600)) throw new Error('--seconds is a number from 1 to 3600');
endOnSignal();
const result = await runMatrix(seconds, values.only);
writeFileSync(values.out, `${JSON.stringify(result, undefined, 2)}\n`);
process.stdout.write(
  `\nprotobufjs, decoding only: ${Math.round(result.protobufjs.spansPerCpuSecond)} spans per CPU-second\n`,
);
process.stdout.write(`written to ${values.out}\n`);
