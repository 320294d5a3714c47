import { type ChildProcess, spawn } from 'node:child_process';
import { lstatSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WaybillError } from '../model/errors.ts';
import { StoreClient } from '../store/client.ts';

const START_WITHIN_MS = 90_000;
const STOP_WITHIN_MS = 60_000;
/** Everything else has its default. */
const CONFIG = 'http: {port: 0}\notlp: {http: {port: 0}, grpc: {port: 0}}\nmetrics: {prometheus: {port: 0}}\n';

/** Arguments of Node.js with which `bin/waybill.js` starts it; what is measured is what users run. */
export const NODE_ARGUMENTS: readonly string[] = ['--max-semi-space-size=4', '--heap-growing-percent=50'];
/** Of the environment in which `bin/waybill.js` starts it. */
export const ALLOCATION = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '131072' };

/** How to start it. */
export interface OwnWaybillOptions {
  /** File of the command line, `cli.ts` or `cli.js`. */
  readonly cli: string;
  /** Further lines of its configuration. */
  readonly config?: string;
  /** Kept when given; else a temporary one, which `stop` removes. */
  readonly directory?: string;
  /** Arguments of Node.js, such as `--cpu-prof`. */
  readonly nodeArguments?: readonly string[];
}

/** A Waybill with empty data and its defaults on free ports, in processes of its own. */
export class OwnWaybill {
  /** Base URLs. */
  readonly api: string;
  readonly otlpHttp: string;
  readonly otlpGrpc: string;
  readonly dataDir: string;
  /** Straight to its embedded store, past it. */
  readonly store: StoreClient;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #temporary: string | undefined;
  readonly #log: Log;

  private constructor(child: ChildProcess, ended: Promise<void>, said: string, place: Place) {
    this.#log = place.log;
    this.#child = child;
    this.#ended = ended;
    this.#temporary = place.temporary;
    this.dataDir = place.dataDir;
    this.api = urlAfter(said, 'Waybill is ready');
    this.otlpHttp = urlAfter(said, 'OTLP over HTTP');
    this.otlpGrpc = urlAfter(said, 'OTLP over gRPC');
    const socketPath = join(place.dataDir, 'store/engine.sock');
    this.store = new StoreClient({ url: 'http://localhost', socketPath, database: 'waybill' });
  }

  /** Starts it and waits until it is ready; throws `store_unavailable` when it does not start. */
  static async start({ cli, config = '', directory, nodeArguments = [] }: OwnWaybillOptions): Promise<OwnWaybill> {
    const temporary = directory === undefined ? await mkdtemp(join(tmpdir(), 'waybill-bench-')) : undefined;
    const base = directory ?? temporary ?? '';
    const file = join(base, 'waybill.yaml');
    writeFileSync(file, CONFIG + config);
    const dataDir = join(base, 'data');
    const args = [...NODE_ARGUMENTS, ...nodeArguments, cli, 'serve', '--config', file, '--data-dir', dataDir];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...ALLOCATION, ...process.env, NODE_NO_WARNINGS: '1' },
    });
    // When the measuring itself is ended, nothing that it started stays behind.
    const onExit = (): void => {
      child.kill('SIGKILL');
      if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    };
    process.once('exit', onExit);
    const ended = new Promise<void>((done) =>
      child.once('close', () => {
        process.off('exit', onExit);
        done();
      }),
    );
    let said = '';
    const log: Log = { tail: '', lines: 0 };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < 100_000) said += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log.tail = (log.tail + text).slice(-10_000);
      log.lines += text.split('\n').length - 1;
    });
    // The data directory is what it says last.
    for (const giveUpAt = Date.now() + START_WITHIN_MS; !said.includes(dataDir); await sleep(50)) {
      if (child.exitCode === null && child.signalCode === null && Date.now() < giveUpAt) continue;
      child.kill('SIGKILL');
      if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
      throw new WaybillError('store_unavailable', `a fresh Waybill did not start:\n${log.tail}`, {
        remedy: 'start `waybill serve` and see what it says',
      });
    }
    return new OwnWaybill(child, ended, said, { dataDir, temporary, log });
  }

  /** Of the server; the store is its child. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Lines that it wrote to its log, and the last of them. */
  get log(): Readonly<Log> {
    return this.#log;
  }

  /** Stops it as a user does and removes its directory where it is temporary. */
  async stop(): Promise<void> {
    this.store.close();
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_WITHIN_MS);
    await this.#ended;
    clearTimeout(timer);
    if (this.#temporary !== undefined) await rm(this.#temporary, { recursive: true, force: true, maxRetries: 5 });
  }

  /** `kill -9` of the server alone. */
  async kill(): Promise<void> {
    this.store.close();
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/** Exit code of a run that was ended from outside. */
const EXIT_STOPPED = 130;

/** Ends this process on a signal in such a way that every `OwnWaybill` ends with it; for programs, at their start. */
export function endOnSignal(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(EXIT_STOPPED));
}

interface Place {
  readonly dataDir: string;
  readonly temporary: string | undefined;
  readonly log: Log;
}

interface Log {
  tail: string;
  lines: number;
}

function urlAfter(text: string, label: string): string {
  const line = text.split('\n').find((each) => each.includes(label)) ?? '';
  return /https?:\/\/\S+/.exec(line)?.[0] ?? '';
}

/** Bytes that the files below a path take on their disk; links are not followed: the engine links every table from a second place. */
export function bytesBelow(path: string): number {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.blocks * 512;
  try {
    return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
  } catch {
    // Merged away meanwhile.
    return 0;
  }
}
