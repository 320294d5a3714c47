import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { z } from 'zod';
import { ledgerStress, type Matrix, matrix, soak } from '../../bench/results.ts';
import type { BenchResult } from '../../src/bench/result.ts';
import { markdownTable } from './markdown-table.ts';

const results = resolve(import.meta.dirname, '../../bench/results');

const intro = `# Measurements

<!-- Written by \`npm run docs\` from the results in bench/results; a test fails when it is stale. Do not edit. -->

\`waybill bench\` measures any OTLP receiver; without a target it starts a fresh Waybill with its defaults and measures it whole.

\`\`\`sh
npm run bench -- --seconds 60                                    # a fresh Waybill, as fast as it acknowledges
npm run bench -- --protocol grpc --rate 20000 --freshness        # an open loop
npm run bench -- --target http://127.0.0.1:4318 --pid 4711       # anything else: Jaeger, a Collector
npm run bench:matrix && npm run bench:docs                       # every figure below, and this page
npm run bench:schema -- --spans 10000000                         # our tables beside those of the Collector's exporter and Jaeger
npm run stress:ledger -- --rounds 100                            # is everything kept that was acknowledged?
npm run soak -- --minutes 60                                     # is memory flat?
\`\`\`
`;

const method = `## The method

- **Requests** are encoded beforehand from the traces of Online Boutique, a shop of ten services (traces of 1, 7, 32, 40 and 48 spans, as recorded
  in the Nezha data set); for each sending only ids, times and one attribute are written over. Ids are as random as real ones, so that they compress
  no better. A span has 264, 429 or 1,700 bytes on average in protobuf requests of 512, its share of the resource included; 12 attributes
  of the resource; one attribute (\`app.request.id\`) with 16 values, 10,000 values, or another one in every span. Every 512 spans, one order with
  four traces and four statuses. With gzip every request is compressed for itself, at level 1.
- **Load.** An open loop has a time for every request, whatever becomes of the others; latency counts from that time, so a stall is not hidden. A
  closed loop sends the next request when the last one is acknowledged, over 8 connections where the run does not say otherwise, and finds out what
  is taken at most. Nothing is sent twice.
- **Cost** is CPU of all processes of the system under test, the store's included, from the first request until everything is stored, every order is
  folded and broken down, and merges are over. The load begins when all this is done for the warm-up (the wait is bounded; a run that waited in
  vain says so), whose spans and work are not counted. The generator's CPU is not in it; it runs on the same cores.
- **What runs** is what \`npm install waybill\` installs: JavaScript, built first. From its TypeScript sources Node strips the types itself, and what
  does that takes 18 MB in each of two processes and a thread.
- **Durability** is the default: a request is acknowledged after fsync, redaction is on, the store inserts with fsync.
- **Ledger.** Offered = acknowledged + refused + failed + not sent. Then every row is read back: acknowledged spans that are missing, spans that are
  there twice, spans in the wrong trace. Each must be 0.
- **Disk** is the whole data directory after settling, journal and indexes included, without parts that are already merged into others (they are deleted
  a minute later). Nothing is optimised by hand. An almost empty store takes 5 to 10 MB for its many small files, so only loads of millions of
  spans tell what a span takes.
- **Of the limit.** Right before and after each run one core copies memory, visits every protobuf field of the same bytes, and compresses
  them with zstd at level 1. The limit is what a core could do if it only copied the bytes in, visited every field, and wrote, checksummed and compressed the
  columns; the share of it that was reached depends less on the machine than the rate does.
`;

/** The text of docs/performance.md, made of the results that are there. */
export function performanceDocument(): string {
  const measured = read('matrix.json', matrix);
  const parts = [intro];
  if (measured !== undefined) parts.push(...costSection(measured), loadSection(measured));
  parts.push(method, ...stressSection(), ...soakSection(), notes);
  return parts.join('\n');
}

const notes = `## What these figures are not

A comparison. Another machine, disk or shape of spans gives others; the commands above give yours.
`;

function read<Schema extends z.ZodType>(name: string, schema: Schema): z.output<Schema> | undefined {
  const file = resolve(results, name);
  return existsSync(file) ? schema.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}

function costSection({ runs, protobufjs }: Matrix): string[] {
  const [first] = runs;
  if (first === undefined) return [];
  const { machine, load, at } = first;
  const memory = (machine.memoryBytes / 2 ** 30).toFixed(0);
  return [
    `## What it costs

${machine.processor}, ${machine.cores} cores, ${memory} GiB, ${machine.system}, Node.js ${machine.node}, ${at.slice(0, 10)}; ${load.seconds} seconds a run, closed loop,
429 bytes a span, 512 spans a request and medium cardinality where nothing else is said. The load average before the runs was
${lowest(runs)} to ${highest(runs)}: a machine that does other work gives lower figures.
`,
    markdownTable(
      ['run', 'spans per CPU-second', 'of the limit', 'acknowledged a second', 'bytes a span on disk', 'memory'],
      runs.filter(({ load: { rate } }) => rate === null).map(costRow),
    ),
    `protobufjs needs a CPU-second only to decode ${whole(protobufjs.spansPerCpuSecond)} of the spans of the first run (its generated decoder, the same
process of measuring, before and after all runs).
`,
  ];
}

function lowest(runs: readonly BenchResult[]): string {
  return Math.min(...runs.map(({ machine }) => machine.loadAverage)).toFixed(1);
}

function highest(runs: readonly BenchResult[]): string {
  return Math.max(...runs.map(({ machine }) => machine.loadAverage)).toFixed(1);
}

function costRow({ name, cpu, limit, acknowledgedPerSecond, disk, memory }: BenchResult): string[] {
  const cost = cpu === null ? '–' : `${whole(cpu.spansPerCpuSecond)}${cpu.cameToRest ? '' : ' (not at rest)'}`;
  return [
    name ?? '',
    cost,
    limit === null ? '–' : `${(limit.fraction * 100).toFixed(1)} %`,
    whole(acknowledgedPerSecond),
    disk === null ? '–' : `${disk.bytesPerSpan.toFixed(1)}, the span itself ${disk.spanTableBytesPerSpan.toFixed(1)}`,
    memory === null ? '–' : `${whole(memory.maxRssBytes / 1e6)} MB`,
  ];
}

function loadSection({ runs }: Matrix): string {
  const rows = runs.map((run) => [
    run.name ?? '',
    run.load.rate === null ? 'closed' : `open, ${whole(run.load.rate)} spans/s`,
    `${ms(run.latency.p50)} / ${ms(run.latency.p95)} / ${ms(run.latency.p99)}`,
    run.freshness === null ? '–' : `${ms(run.freshness.p50)} / ${ms(run.freshness.p95)}`,
    ledger(run),
  ]);
  return `## Latency, freshness and the ledger

Milliseconds. Latency is from when a request is due to its acknowledgement; freshness from the acknowledgement to the trace in the API.

${markdownTable(['run', 'loop', 'latency p50 / p95 / p99', 'freshness p50 / p95', 'spans'], rows)}`;
}

function ledger({ ledger: counts, stored }: BenchResult): string {
  const { acknowledged, rejectedRetryable, rejectedForGood, failed, unsent } = counts;
  const others = rejectedRetryable + rejectedForGood + failed + unsent;
  const kept =
    stored === null
      ? ''
      : `; ${whole(stored.missing)} missing, ${whole(stored.duplicates)} twice, ${whole(stored.wrong)} wrong`;
  return `${whole(acknowledged)} acknowledged, ${whole(others)} not${kept}`;
}

function stressSection(): string[] {
  const stress = read('ledger.json', ledgerStress);
  if (stress === undefined) return [];
  const faults = [...new Set(stress.rounds.map(({ fault }) => fault))];
  const rows = faults.map((fault) => {
    const rounds = stress.rounds.filter((round) => round.fault === fault);
    const sum = (of: (round: (typeof rounds)[number]) => number): string =>
      whole(rounds.reduce((total, round) => total + of(round), 0));
    return [
      fault,
      String(rounds.length),
      sum(({ acknowledged }) => acknowledged),
      sum(({ refused, failed }) => refused + failed),
      sum(({ missing }) => missing),
      sum(({ duplicates }) => duplicates),
    ];
  });
  return [
    `## Killed, stopped and starved

Spans stream in, each sent once, while at a random moment the server or its store is killed with \`kill -9\`, the store is stopped, a record is torn, or the
disk is full. After every round every acknowledged span must be there, and no span twice.

${markdownTable(['what happened', 'rounds', 'acknowledged', 'refused or not answered', 'missing', 'twice'], rows)}`,
  ];
}

function soakSection(): string[] {
  const run = read('soak.json', soak);
  if (run === undefined) return [];
  return [
    `## Memory over time

${run.minutes} minutes at ${whole(run.rate)} spans/s: ${run.isFlat ? 'flat' : 'not flat'}. Mean ${whole(run.meanRssBytes / 1e6)} MB and at most
${whole(run.maxRssBytes / 1e6)} MB for all processes, pages that they share counted once; ${(run.slopeBytesPerHour / 1e6).toFixed(1)} MB an hour along the line of least squares after the first quarter;
${whole(run.acknowledged)} spans acknowledged, ${whole(run.lost)} lost.
`,
  ];
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function ms(value: number | null): string {
  return value === null ? '–' : value.toFixed(value < 10 ? 1 : 0);
}
