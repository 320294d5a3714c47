import { randomInt } from 'node:crypto';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { resolve } from 'node:path';
import { type Calibration, calibrate, meanCalibration } from './calibration.ts';
import { Freshness } from './freshness.ts';
import { Generator } from './generator.ts';
import { ledgerOf, readBack } from './ledger.ts';
import { Load, type LoadOptions, type LoadPhase, type LoadResult } from './load.ts';
import { bytesBelow, OwnWaybill } from './own-waybill.ts';
import { type ProcessUse, processTree, threadSeconds, treeMemory } from './processes.ts';
import { checkReachable } from './reachable.ts';
import type { BenchResult } from './result.ts';
import { cpuSecondsOf, type Settled, type Sight, settle, storeBytes } from './settle.ts';

/** What one run measures. */
export interface BenchOptions extends Omit<LoadOptions, 'target' | 'seed'> {
  /** URL of an OTLP receiver; undefined: a fresh Waybill is started and measured whole. */
  readonly target: string | undefined;
  /** Base URL of the API where the target is a Waybill that runs already. */
  readonly api: string | undefined;
  /** Root of the target's processes on this machine. */
  readonly pid: number | undefined;
  /** Spans a second; undefined: closed loop. */
  readonly rate: number | undefined;
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** Whether traces are looked up in the API during the load; costs the system under test a few queries a second. */
  readonly freshness: boolean;
  /** Longest wait for rest after the load. */
  readonly settleSeconds: number;
  /** File of the command line, to start a fresh Waybill. */
  readonly cli: string;
  readonly nodeArguments?: readonly string[];
}

/**
 * Runs one measurement from start to end; `say` is told what is going on.
 *
 * Throws WaybillError `invalid_argument` where there is nobody to be measured.
 */
export async function runBench(options: BenchOptions, say: (text: string) => void): Promise<BenchResult> {
  const loadAverage = loadavg()[0] ?? 0;
  if (options.target !== undefined) {
    const sight = { api: options.api, store: undefined, pid: options.pid };
    await checkReachable(options.target, sight);
    return measure({ options, target: options.target, sight, own: undefined, loadAverage, say });
  }
  say('starting a fresh Waybill');
  const { cli, nodeArguments = [] } = options;
  const own = await OwnWaybill.start({ cli, nodeArguments });
  try {
    const target = options.protocol === 'grpc' ? own.otlpGrpc : own.otlpHttp;
    const sight = { api: own.api, store: own.store, pid: own.pid };
    return await measure({ options, target, sight, own, loadAverage, say });
  } finally {
    await own.stop();
  }
}

interface Measured {
  readonly options: BenchOptions;
  readonly target: string;
  readonly sight: Sight;
  readonly own: OwnWaybill | undefined;
  readonly loadAverage: number;
  readonly say: (text: string) => void;
}

async function measure(measured: Measured): Promise<BenchResult> {
  const { options, target, sight, say } = measured;
  const seed = randomInt(2 ** 32 - 1);
  const freshness = new Freshness(options.freshness ? sight.api : undefined, { seed, batch: options.batch });
  const generator = new Generator({ ...options, target, seed }, (request) => freshness.note(request));
  try {
    const sample = await generator.sample();
    const warmup =
      options.warmupSeconds > 0
        ? await phase(generator, { rate: options.rate, seconds: options.warmupSeconds }, say, 'warming up')
        : undefined;
    // What the warm-up left to do would be counted without its spans.
    if (warmup !== undefined) say('waiting until the warm-up is stored, folded and merged');
    const warmedUp = warmup === undefined ? undefined : await settle(sight, options.settleSeconds * 1000);
    // The limits are those of the same spans in protobuf, also where they are sent as JSON.
    const kernel = protobufOf({ ...options, target, seed });
    const calibrated = calibrate(kernel);
    const before = snapshot(sight);
    const diskBefore = await diskOf(measured);
    const memory = new MemoryWatch(sight.pid);
    const generatorBefore = process.cpuUsage();
    freshness.start();
    const load = await phase(generator, { rate: options.rate, seconds: options.seconds }, say, 'load');
    const { user, system } = process.cpuUsage(generatorBefore);
    const generatorSeconds = (user + system) / 1e6;
    const afterLoad = cpuSecondsOf(sight.pid);
    const freshnessOfLoad = await freshness.stop();
    say('waiting until everything is stored, folded and merged');
    const settled = await settle(sight, options.settleSeconds * 1000);
    const after = snapshot(sight);
    const disk = await diskOf(measured);
    const maxRssBytes = memory.stop();
    const stretches = warmup === undefined ? [load] : [warmup, load];
    if (sight.store !== undefined) say('reading every span back');
    const stored =
      sight.store === undefined ? null : await readBack(sight.store, stretches, { batch: options.batch, seed });
    const calibration = meanCalibration(calibrated, calibrate(kernel));
    const ledger = ledgerOf([load], options.batch);
    const cpu = cpuOf({ before, after, afterLoad, settled, acknowledged: ledger.acknowledged });
    const totalAcknowledged = ledgerOf(stretches, options.batch).acknowledged;
    const diskResult = diskResultOf(disk, diskBefore, totalAcknowledged, stored?.stored);
    return {
      format: 1,
      at: new Date().toISOString(),
      name: null,
      load: {
        system: measured.own !== undefined ? 'fresh Waybill' : sight.api === undefined ? 'other' : 'Waybill',
        ...loadShape(options),
        bodyBytesPerSpan: sample.length / options.batch,
        wireBytesPerSpan: ledger.offered === 0 ? 0 : load.sentBytes / (ledger.offered - ledger.unsent),
      },
      ledger,
      stored,
      answers: load.answers,
      acknowledgedPerSecond: ledger.acknowledged / load.seconds,
      latency: load.latency,
      lateness: load.lateness,
      freshness: freshnessOfLoad ?? null,
      cpu,
      generatorCpuSeconds: generatorSeconds,
      memory: maxRssBytes === undefined ? null : { maxRssBytes },
      disk: diskResult,
      calibration,
      limit: limitOf(options, calibration, diskResult?.columnBytesPerSpan, cpu?.spansPerCpuSecond),
      warnings: warningsOf(options, load, { generatorSeconds, warmedUp }),
      machine: machine(measured.loadAverage),
    };
  } finally {
    await generator.close();
  }
}

function loadShape(options: BenchOptions) {
  const { protocol, encoding, gzip, spanBytes, cardinality, batch, connections, seconds, warmupSeconds } = options;
  const rate = options.rate ?? null;
  return { protocol, encoding, gzip, spanBytes, cardinality, batch, connections, rate, seconds, warmupSeconds };
}

async function phase(
  generator: Generator,
  { rate, seconds }: LoadPhase,
  say: (text: string) => void,
  what: string,
): Promise<LoadResult> {
  say(`${what}: ${seconds} s, ${rate === undefined ? 'as fast as it is acknowledged' : `${rate} spans/s`}`);
  return generator.run({ rate, seconds });
}

function protobufOf(options: LoadOptions): Buffer {
  const load = new Load({ ...options, encoding: 'protobuf' });
  load.close();
  return load.sample();
}

interface Snapshot {
  readonly processes: readonly (ProcessUse & { readonly threads: Readonly<Record<string, number>> })[];
}

function snapshot({ pid }: Sight): Snapshot {
  if (pid === undefined) return { processes: [] };
  return { processes: processTree(pid).map((use) => ({ ...use, threads: threadSeconds(use.pid) })) };
}

function cpuOf(figures: {
  before: Snapshot;
  after: Snapshot;
  afterLoad: number | undefined;
  settled: Settled;
  acknowledged: number;
}): BenchResult['cpu'] {
  const { before, after, afterLoad, settled, acknowledged } = figures;
  if (settled.cpuSeconds === undefined || afterLoad === undefined) return null;
  const began = before.processes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  const seconds = settled.cpuSeconds - began;
  return {
    seconds,
    loadSeconds: afterLoad - began,
    spansPerCpuSecond: seconds > 0 ? acknowledged / seconds : 0,
    cameToRest: settled.isQuiet,
    processes: after.processes.map(({ pid, name, cpuSeconds, threads }) => {
      const then = before.processes.find((process) => process.pid === pid);
      const grown = Object.entries(threads).map(
        ([thread, now]) => [thread, now - (then?.threads[thread] ?? 0)] as const,
      );
      return {
        name,
        seconds: cpuSeconds - (then?.cpuSeconds ?? 0),
        threads: Object.fromEntries(grown.filter(([, spent]) => spent >= 0.01)),
      };
    }),
  };
}

type DiskFigures = Awaited<ReturnType<typeof diskOf>>;

async function diskOf({ own }: Measured) {
  if (own === undefined) return undefined;
  const { mergedPaths, ...bytes } = await storeBytes(own.store);
  const merged = mergedPaths.map((path) => bytesBelow(resolve(own.dataDir, 'store', path)));
  return {
    directoryBytes: bytesBelow(own.dataDir),
    mergedBytes: merged.reduce((sum, each) => sum + each, 0),
    ...bytes,
  };
}

/** Bytes for each span stored since the start: what an empty Waybill takes is small and counts in. */
function diskResultOf(
  disk: DiskFigures,
  before: DiskFigures,
  acknowledged: number,
  stored: number | undefined,
): BenchResult['disk'] {
  const spans = stored ?? acknowledged;
  if (disk === undefined || before === undefined || spans === 0) return null;
  const bytes = disk.directoryBytes - disk.mergedBytes;
  return {
    bytes,
    mergedAwayBytes: disk.mergedBytes,
    bytesPerSpan: bytes / spans,
    spanTableBytesPerSpan: disk.spanBytes / spans,
    columnBytesPerSpan: disk.spanColumnBytes / spans,
    activeParts: disk.activeParts,
  };
}

/**
 * What a core could do if it only did what cannot be left out, one after the other, at the calibrated rates: copy the bytes in, visit
 * every field, write the columns, checksum them, compress them.
 */
function limitOf(
  { spanBytes }: BenchOptions,
  calibration: Calibration,
  columnBytes = spanBytes,
  reached = 0,
): BenchResult['limit'] {
  if (reached === 0) return null;
  const { memcpy, protobufWalk, crc32, zstd } = calibration;
  const seconds =
    spanBytes / memcpy + spanBytes / protobufWalk + columnBytes / memcpy + columnBytes / crc32 + columnBytes / zstd;
  return { spansPerCpuSecond: 1 / seconds, fraction: reached * seconds };
}

/** Share of the machine's one core beyond which the generator may be what is measured. */
const GENERATOR_SHARE = 0.8;

function warningsOf(
  { rate, batch }: BenchOptions,
  load: LoadResult,
  { generatorSeconds, warmedUp }: { generatorSeconds: number; warmedUp: Settled | undefined },
): string[] {
  const warnings: string[] = [];
  if (warmedUp?.isQuiet === false)
    warnings.push('work of the warm-up was left when the load began, and is in the cost');
  const share = generatorSeconds / load.seconds;
  if (share > GENERATOR_SHARE) warnings.push(`the generator used ${(share * 100).toFixed(0)} % of a core`);
  const intervalMs = rate === undefined ? undefined : (batch / rate) * 1000;
  // A timer is right to a millisecond.
  if (intervalMs !== undefined && (load.lateness.p99 ?? 0) > Math.max(2, intervalMs / 10)) {
    warnings.push(`the generator was late: p99 ${(load.lateness.p99 ?? 0).toFixed(1)} ms`);
  }
  return warnings;
}

function machine(loadAverage: number): BenchResult['machine'] {
  const all = cpus();
  return {
    processor: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
    loadAverage,
  };
}

/** The largest memory of a tree, looked at twice a second. */
class MemoryWatch {
  #max = 0;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(pid: number | undefined) {
    if (pid === undefined) return;
    this.#timer = setInterval(() => {
      this.#max = Math.max(this.#max, treeMemory(pid).bytes);
    }, 500);
  }

  /** Bytes; undefined where nothing could be seen. */
  stop(): number | undefined {
    clearInterval(this.#timer);
    return this.#timer === undefined ? undefined : this.#max;
  }
}
