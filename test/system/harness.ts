import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { ApiClient } from './api-client.ts';

/** The root of the checkout. */
export const CHECKOUT = resolve(import.meta.dirname, '../..');

/** Longest start of a server and longest clean stop, in milliseconds; a busy machine of two cores takes seconds. */
const START_WITHIN_MS = 90_000;
const STOP_WITHIN_MS = 60_000;
/** Kept of what a process writes, in characters. */
const MAX_OUTPUT = 4 * 1024 * 1024;

const living = new Set<StartedProcess>();
const directories = new Set<string>();

// The last resort, when the tests themselves are ended: nothing that they started stays behind.
process.once('exit', () => {
  for (const started of living) started.signal(started.lastSignal);
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of the checkout that runs as a user runs it, with all that it wrote. */
export class StartedProcess {
  readonly exited: Promise<Exit>;
  /** What ends it for certain, with all that it started itself. */
  readonly lastSignal: NodeJS.Signals;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  #ended = false;

  constructor(
    args: readonly string[],
    options: { env?: Record<string, string>; lastSignal?: NodeJS.Signals; cwd?: string } = {},
  ) {
    this.lastSignal = options.lastSignal ?? 'SIGKILL';
    const { NO_COLOR: _colour, ...inherited } = process.env;
    this.#child = spawn(process.execPath, args, {
      cwd: options.cwd ?? CHECKOUT,
      env: { ...inherited, NODE_NO_WARNINGS: '1', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-MAX_OUTPUT);
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MAX_OUTPUT);
    });
    living.add(this);
    this.exited = new Promise((done, fail) => {
      this.#child.once('error', fail);
      this.#child.once('close', (code, signal) => {
        this.#ended = true;
        living.delete(this);
        done({ code, signal });
      });
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the process was not started');
    return this.#child.pid;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Sends a signal; nothing happens when the process has ended. */
  signal(name: NodeJS.Signals): void {
    if (!this.#ended) this.#child.kill(name);
  }

  /** Waits until standard output matches; throws with all output when the process ends before. */
  async says(pattern: RegExp, withinMs = START_WITHIN_MS): Promise<RegExpExecArray> {
    const until = Date.now() + withinMs;
    for (;;) {
      const match = pattern.exec(this.#stdout);
      if (match !== null) return match;
      if (this.#ended || Date.now() > until) {
        const what = this.#ended ? 'ended' : 'was not there in time';
        throw new Error(`the process ${what} before it said ${pattern}:\n${this.#stdout}\n${this.#stderr}`);
      }
      await sleep(20);
    }
  }

  /** Asks the process to end and waits for it; kills it when it does not. */
  async end(signal: NodeJS.Signals = 'SIGTERM', withinMs = STOP_WITHIN_MS): Promise<Exit> {
    this.signal(signal);
    const timer = setTimeout(() => this.signal(this.lastSignal), withinMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Ends every process that the test file started and removes its directories; for `afterAll` and `afterEach`. */
export async function endEverything(): Promise<void> {
  await Promise.all([...living].map((started) => started.end(started.lastSignal)));
  await Promise.all([...directories].map(removeDirectory));
}

async function removeDirectory(directory: string): Promise<void> {
  const store = storePid(directory);
  if (store !== undefined) await untilGone(store);
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  directories.delete(directory);
}

/** The store of a killed Waybill lets go of its files by itself within seconds. */
async function untilGone(pid: number): Promise<void> {
  const until = Date.now() + 20_000;
  while (isAlive(pid)) {
    if (Date.now() > until) process.kill(pid, 'SIGKILL');
    await sleep(100);
  }
}

/** Makes a directory that `endEverything` removes. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-test-'));
  directories.add(directory);
  // The account of a database server must be able to pass through.
  await chmod(directory, 0o711);
  return directory;
}

/** The process that holds the embedded store of a data directory; undefined when there is none. */
export function storePid(dataDir: string): number | undefined {
  const file = join(dataDir, 'store', 'engine.pid');
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').split(' ')[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

/** Whether a process runs; one that has ended and is not yet collected does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** What differs from the configuration that tests use: free ports on loopback. */
export interface WaybillSettings {
  readonly dataDir: string;
  readonly httpPort?: number;
  readonly otlpHttp?: Readonly<Record<string, unknown>>;
  readonly otlpGrpc?: Readonly<Record<string, unknown>>;
  /** Further parts of the configuration. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly env?: Record<string, string>;
}

const READY = /Waybill is ready\s+(\S+)\s+OTLP over HTTP\s+(\S+)\s+OTLP over gRPC\s+(\S+)/;

/** Starts `waybill serve` without waiting; for starts that are to fail. */
export function launchWaybill(settings: WaybillSettings): StartedProcess {
  const file = join(settings.dataDir, 'waybill.yaml');
  const config = {
    dataDir: settings.dataDir,
    http: { port: settings.httpPort ?? 0 },
    otlp: { http: { port: 0, ...settings.otlpHttp }, grpc: { port: 0, ...settings.otlpGrpc } },
    metrics: { prometheus: { port: 0 } },
    ...settings.more,
  };
  writeFileSync(file, stringify(config));
  return waybillCommand(['serve', '--config', file], settings.env);
}

/** Runs `waybill` with arguments. */
export function waybillCommand(args: readonly string[], env: Record<string, string> = {}): StartedProcess {
  return new StartedProcess([join(CHECKOUT, 'src/main/cli.ts'), ...args], { env });
}

/** A running Waybill: a real process that listens on free ports. */
export class Waybill {
  readonly process: StartedProcess;
  readonly api: ApiClient;
  /** URL of the pages and the API. */
  readonly http: string;
  readonly otlpHttp: string;
  readonly otlpGrpc: string;
  readonly dataDir: string;

  private constructor(started: StartedProcess, dataDir: string, [, http, otlpHttp, otlpGrpc]: RegExpExecArray) {
    this.process = started;
    this.dataDir = dataDir;
    this.http = http ?? '';
    this.otlpHttp = otlpHttp ?? '';
    this.otlpGrpc = otlpGrpc ?? '';
    this.api = new ApiClient(this.http);
  }

  /** Starts it and waits until it is ready. */
  static async start(settings: WaybillSettings): Promise<Waybill> {
    const started = launchWaybill(settings);
    return new Waybill(started, settings.dataDir, await started.says(READY));
  }

  /** Stops it as a user does. */
  stop(): Promise<Exit> {
    return this.process.end('SIGTERM');
  }

  /** `kill -9`: only the server; its store notices by itself. */
  kill(): Promise<Exit> {
    return this.process.end('SIGKILL');
  }
}

/**
 * Makes a function that asks again until the answer is as wanted; a busy machine takes its time. It throws with the last answer after `withinMs`,
 * or after what a call says for itself. A question that fails is asked again.
 */
export function untilWithin(withinMs: number) {
  return async <T>(
    ask: () => Promise<T | undefined>,
    wanted: (answer: T) => boolean,
    atMostMs = withinMs,
  ): Promise<T> => {
    const end = Date.now() + atMostMs;
    for (;;) {
      const answer = await ask().catch(() => undefined);
      if (answer !== undefined && wanted(answer)) return answer;
      if (Date.now() > end) throw new Error(`not in time; the last answer: ${JSON.stringify(answer)?.slice(0, 3000)}`);
      await sleep(100);
    }
  };
}
