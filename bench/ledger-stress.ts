import { createHash, randomInt } from 'node:crypto';
import { appendFileSync, closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { system } from '../src/api/contract/system.ts';
import { ledgerOf, readBack } from '../src/bench/ledger.ts';
import { Load, type LoadOptions, type LoadResult } from '../src/bench/load.ts';
import { OwnWaybill } from '../src/bench/own-waybill.ts';
import { processTree } from '../src/bench/processes.ts';
import type { LedgerStress } from './results.ts';

/** What happens while spans stream in. `full disk` needs a directory on a small file system of its own. */
export const FAULTS = ['kill server', 'kill store', 'kill both', 'stop store', 'torn tail', 'full disk'] as const;
export type Fault = (typeof FAULTS)[number];

/** A round of the stress and how it ended. */
export type Round = LedgerStress['rounds'][number];

/** What to run. */
export interface StressOptions {
  /** File of the command line. */
  readonly cli: string;
  /** Where Waybill keeps its data over all rounds; made when missing. */
  readonly directory: string;
  /** One round each. */
  readonly faults: readonly Fault[];
  /** Of the moments at which faults happen. */
  readonly seed: string;
  readonly onRound?: (round: Round, index: number) => void;
  /** Told where spans are missing. */
  readonly onLost?: (evidence: string) => void;
}

const BATCH = 32;
const RATE = 5_000;
/** Small segments: some are in every state of their life when a fault comes. */
const CONFIG = 'journal: {segmentAgeMs: 200}\n';
const LOADED_WITHIN_MS = 180_000;
const READ_AGAIN_AFTER_MS = 5_000;

/**
 * Sends spans once each to a Waybill that is killed, stopped and starved, round by round, and reads the store back: after every round
 * every acknowledged span is there (`missing` 0), and none twice (`duplicates` 0; merges are held, which would hide them).
 */
export async function stressLedger(options: StressOptions): Promise<Round[]> {
  const rounds: Round[] = [];
  let waybill = await start(options);
  try {
    for (const [index, fault] of options.faults.entries()) {
      const moments = momentsOf(`${options.seed}/${index}`);
      const { round, next } = await runRound(options, waybill, fault, index, moments);
      waybill = next;
      rounds.push(round);
      options.onRound?.(round, index);
      await waybill.store.command('SYSTEM START MERGES');
    }
  } finally {
    await waybill.stop();
  }
  return rounds;
}

function start({ cli, directory }: StressOptions): Promise<OwnWaybill> {
  return OwnWaybill.start({ cli, directory, config: CONFIG });
}

/** Milliseconds from 0 to `most`, reproducible. */
type Moments = (most: number) => number;

function momentsOf(seed: string): Moments {
  let state = seed;
  return (most) => {
    state = createHash('sha256').update(state).digest('hex');
    return (Number.parseInt(state.slice(0, 8), 16) / 2 ** 32) * most;
  };
}

async function runRound(
  options: StressOptions,
  before: OwnWaybill,
  fault: Fault,
  index: number,
  moments: Moments,
): Promise<{ round: Round; next: OwnWaybill }> {
  await before.store.command('SYSTEM STOP MERGES');
  const seed = randomInt(2 ** 32 - 1);
  const protocol = index % 2 === 0 ? 'http' : 'grpc';
  const flows = Promise.withResolvers<void>();
  const shape: LoadOptions = {
    target: protocol === 'http' ? before.otlpHttp : before.otlpGrpc,
    protocol,
    encoding: 'protobuf',
    gzip: index % 3 === 0,
    spanBytes: 429,
    cardinality: 'medium',
    batch: BATCH,
    connections: 8,
    headers: {},
    seed,
  };
  const load = new Load(shape, () => flows.resolve());
  const sinceMs = Date.now() - 1000;
  const stop = new AbortController();
  const running = load.run({ rate: RATE, seconds: 120 }, stop.signal);
  await flows.promise;
  await sleep(moments(1200));
  const next = await INJECT[fault](options, before, moments);
  await sleep(moments(400));
  stop.abort();
  const result = await running;
  load.close();
  await untilLoaded(next);
  return {
    round: await settleAccounts(next, fault, result, { seed, sinceMs, onLost: options.onLost ?? (() => undefined) }),
    next,
  };
}

async function settleAccounts(
  waybill: OwnWaybill,
  fault: Fault,
  result: LoadResult,
  { seed, sinceMs, onLost }: { seed: number; sinceMs: number; onLost: (evidence: string) => void },
): Promise<Round> {
  const { offered, acknowledged, rejectedRetryable, rejectedForGood, failed } = ledgerOf([result], BATCH);
  const run = { batch: BATCH, seed, sinceMs };
  const { missing, duplicates, wrong, lost } = await readBack(waybill.store, [result], run);
  if (lost !== undefined) {
    // Whether rows are missing or an answer was: what is lost stays lost.
    await sleep(READ_AGAIN_AFTER_MS);
    const again = await readBack(waybill.store, [result], run);
    onLost(`${fault}: ${JSON.stringify({ missing, ...lost })}; read again: ${again.missing} missing`);
  }
  return {
    fault,
    offered,
    acknowledged,
    refused: rejectedRetryable + rejectedForGood,
    failed,
    missing,
    duplicates,
    wrong,
  };
}

type Inject = (options: StressOptions, waybill: OwnWaybill, moments: Moments) => Promise<OwnWaybill>;

const INJECT: Record<Fault, Inject> = {
  'kill server': async (options, waybill) => {
    await waybill.kill();
    return start(options);
  },
  'kill store': async (_options, waybill) => {
    process.kill(storePid(waybill), 'SIGKILL');
    await untilReady(waybill);
    await waybill.store.command('SYSTEM STOP MERGES');
    return waybill;
  },
  'kill both': async (options, waybill, moments) => {
    const store = storePid(waybill);
    process.kill(store, 'SIGKILL');
    await sleep(moments(50));
    await waybill.kill();
    return start(options);
  },
  'stop store': async (_options, waybill, moments) => {
    const store = storePid(waybill);
    process.kill(store, 'SIGSTOP');
    await sleep(500 + moments(2500));
    process.kill(store, 'SIGCONT');
    return waybill;
  },
  'torn tail': async (options, waybill, moments) => {
    const store = storePid(waybill);
    // While the store stands still, segments stay.
    process.kill(store, 'SIGSTOP');
    await sleep(600 + moments(600));
    await waybill.kill();
    process.kill(store, 'SIGKILL');
    tear(join(waybill.dataDir, 'journal'), moments);
    return start(options);
  },
  'full disk': async (_options, waybill, moments) => {
    const filler = join(dirname(waybill.dataDir), 'filler');
    fillDisk(filler);
    await sleep(800 + moments(1500));
    rmSync(filler);
    await untilReady(waybill);
    return waybill;
  },
};

function storePid({ pid }: OwnWaybill): number {
  const store = processTree(pid).find((process) => process.pid !== pid);
  if (store === undefined) throw new Error('the store does not run');
  return store.pid;
}

const RECORD_HEADER_BYTES = 12;

/** Writes the beginning of a record, cut anywhere, behind the last one: what a write leaves that a crash cut short. */
function tear(journal: string, moments: Moments): void {
  const last = readdirSync(journal)
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .at(-1);
  if (last === undefined) throw new Error('the journal is empty: there is nothing to tear');
  const file = join(journal, last);
  const bytes = readFileSync(file);
  // The length of the first record's payload stands at byte 4.
  const length = bytes.length < RECORD_HEADER_BYTES ? 0 : RECORD_HEADER_BYTES + bytes.readUInt32LE(4);
  appendFileSync(file, bytes.subarray(0, 1 + Math.floor(moments(Math.max(0, length - 2)))));
}

function fillDisk(filler: string): void {
  const file = openSync(filler, 'w');
  try {
    for (let size = 1024 * 1024; size >= 4096; ) {
      try {
        // A write may be taken in part before the disk is full.
        writeSync(file, Buffer.alloc(size));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size /= 2;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Waits until the store answers again. */
async function untilReady(waybill: OwnWaybill): Promise<void> {
  await until('the store does not come back', async () => {
    const response = await fetch(`${waybill.api}/api/health/ready`);
    await response.arrayBuffer();
    return response.ok;
  });
}

async function untilLoaded(waybill: OwnWaybill): Promise<void> {
  await until('the journal is not loaded', async () => {
    const { journal } = system.parse(await (await fetch(`${waybill.api}/api/system`)).json());
    return journal.segments === 0;
  });
}

async function until(complaint: string, isDone: () => Promise<boolean>): Promise<void> {
  for (const giveUpAt = Date.now() + LOADED_WITHIN_MS; !(await isDone()); await sleep(100)) {
    if (Date.now() > giveUpAt) throw new Error(complaint);
  }
}
