import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WaybillError } from '../../model/errors.ts';
import { moduleFile } from '../../model/module-file.ts';
import { Secret } from '../../model/secret.ts';
import type { StoreLog } from '../log.ts';
import type { EngineListen, EngineOptions, EngineReport, EngineStart, SpoolPlaces } from './options.ts';
import { Spool } from './spool.ts';

/** How to reach the embedded server; stays the same over restarts. */
export interface EngineEndpoint {
  readonly url: string;
  /** Path of the Unix socket; undefined on loopback. */
  readonly socketPath: string | undefined;
  readonly password: Secret | undefined;
  /** Where data of INSERTs may be put instead of sending it. */
  readonly spool: Spool;
}

/** Settings of the supervisor; the defaults are for one Waybill on one machine. */
export interface EmbeddedEngineOptions {
  /** Directory of the embedded server alone; made when missing. */
  readonly directory: string;
  readonly maxMemoryBytes: number;
  /** `socket` (default) or a random port on loopback with a random password. */
  readonly listen?: 'socket' | 'loopback';
  readonly log: StoreLog;
}

const READERS = 4;
const WRITERS = 2;
const MAX_INSERT_BYTES = 512 * 1024 * 1024;
/** Longest start in milliseconds; opening many parts and waiting for an orphan take seconds. */
const START_WITHIN_MS = 60_000;
/** Longest graceful stop in milliseconds; longer than the child's own bound. */
const STOP_WITHIN_MS = 20_000;
const BACK_OFF_MS = { first: 100, most: 5_000, forgottenAfter: 60_000 };
const PING = { everyMs: 10_000, withinMs: 10_000, missed: 3 };
/** Longest path of a Unix socket on Linux and macOS, the shorter one. */
const MAX_SOCKET_PATH = 103;
/** The end of what a child said on stderr, kept for the case that it dies. */
const MAX_LAST_WORDS = 64 * 1024;

type State = 'stopped' | 'starting' | 'running' | 'waiting' | 'stopping';

/**
 * Runs the embedded ClickHouse in a child process, restarts it with back-off when it dies, and stops it.
 *
 * A statement that runs when the child dies fails with a connection error; whoever sent it repeats it.
 */
export class EmbeddedEngine {
  readonly #options: EmbeddedEngineOptions;
  #state: State = 'stopped';
  #restarts = 0;
  #child: ChildProcess | undefined;
  #listen: EngineListen | undefined;
  #endpoint: EngineEndpoint | undefined;
  #temporaryDirectory: string | undefined;
  #backOffMs = BACK_OFF_MS.first;
  #retryTimer: NodeJS.Timeout | undefined;
  #pingTimer: NodeJS.Timeout | undefined;
  #missedPings = 0;
  #lastWords = '';

  constructor(options: EmbeddedEngineOptions) {
    this.#options = options;
  }

  /** How often the child was started again after it had died. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Whether the child answers. */
  get ok(): boolean {
    return this.#state === 'running';
  }

  /** Process id of the child while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Starts the child and waits until it answers.
   *
   * Throws `invalid_configuration` when another process holds the directory, `store_unavailable` when the engine does not start.
   */
  async start(): Promise<EngineEndpoint> {
    if (this.#endpoint !== undefined) return this.#endpoint;
    this.#state = 'starting';
    try {
      await mkdir(this.#options.directory, { recursive: true, mode: 0o700 });
      this.#listen = await this.#chooseListen();
      const { port, spool } = await this.#spawn(this.#listen);
      this.#endpoint = this.#makeEndpoint(this.#listen, port, new Spool(spool, MAX_INSERT_BYTES));
      // The next child must be found at the same place.
      if (this.#listen.kind === 'loopback' && port !== undefined) this.#listen = { ...this.#listen, port };
    } catch (cause) {
      this.#state = 'stopped';
      await this.#kill();
      await this.#keepLastWords();
      await this.#cleanUp();
      throw cause;
    }
    this.#state = 'running';
    this.#pingTimer = setInterval(() => void this.#watch(), PING.everyMs);
    this.#pingTimer.unref();
    return this.#endpoint;
  }

  /** Stops the child: running statements end first, within a bound. Idempotent. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopping';
    clearTimeout(this.#retryTimer);
    clearInterval(this.#pingTimer);
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      await ended;
      clearTimeout(timer);
    }
    await this.#cleanUp();
    this.#endpoint = undefined;
    this.#state = 'stopped';
  }

  async #chooseListen(): Promise<EngineListen> {
    if (this.#options.listen === 'loopback') {
      return { kind: 'loopback', port: 0, password: randomBytes(24).toString('base64url') };
    }
    const path = join(resolve(this.#options.directory), 'engine.sock');
    if (path.length <= MAX_SOCKET_PATH) return { kind: 'socket', path };
    this.#temporaryDirectory = await mkdtemp(join(tmpdir(), 'waybill-'));
    return { kind: 'socket', path: join(this.#temporaryDirectory, 'engine.sock') };
  }

  #makeEndpoint(listen: EngineListen, port: number | undefined, spool: Spool): EngineEndpoint {
    if (listen.kind === 'loopback') {
      return { url: `http://127.0.0.1:${port}`, socketPath: undefined, password: new Secret(listen.password), spool };
    }
    return { url: 'http://embedded', socketPath: listen.path, password: undefined, spool };
  }

  /** Starts one child; resolves when it answers. */
  #spawn(listen: EngineListen): Promise<{ readonly port: number | undefined; readonly spool: SpoolPlaces }> {
    const engine: EngineOptions = {
      directory: resolve(this.#options.directory),
      listen,
      maxMemoryBytes: this.#options.maxMemoryBytes,
      readers: READERS,
      writers: WRITERS,
      maxInsertBytes: MAX_INSERT_BYTES,
    };
    const child = fork(fileURLToPath(moduleFile(import.meta.url, './server')), [], {
      execArgv: [],
      // Nothing of our environment is the child's business. Statements hold a thread of libuv each; files and zlib need some too.
      // Of glibc's allocator every arena keeps what its threads freed, and there are eight for each core; what is mapped is given back.
      // The engine's own allocator is jemalloc, which otherwise keeps for five seconds what was freed.
      env: {
        TZ: 'UTC',
        UV_THREADPOOL_SIZE: String(READERS + WRITERS + 4),
        MALLOC_ARENA_MAX: '2',
        MALLOC_MMAP_THRESHOLD_: '1048576',
        JE_MALLOC_CONF: 'dirty_decay_ms:500',
      },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#lastWords = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-MAX_LAST_WORDS);
    });
    return new Promise((done, fail) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail(unavailable(`did not start within ${START_WITHIN_MS / 1000} s`));
      }, START_WITHIN_MS);
      child.once('error', (cause) => fail(unavailable(`could not be started: ${cause.message}`)));
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        fail(unavailable(`ended at its start (${signal ?? code})`));
        void this.#onExit(child, signal ?? `exit code ${code}`);
      });
      child.on('message', (message: EngineReport) => {
        clearTimeout(timer);
        if (message.kind === 'failed') fail(refusal(message, this.#options.directory));
        else this.#ping(message.port).then(() => done(message), fail);
      });
      child.send({ kind: 'start', options: engine } satisfies EngineStart);
    });
  }

  #ping(port: number | undefined): Promise<void> {
    const listen = this.#listen;
    const target =
      listen?.kind === 'socket'
        ? { socketPath: listen.path, path: '/ping' }
        : { host: '127.0.0.1', port, path: '/ping' };
    return new Promise((done, fail) => {
      const request = get({ ...target, agent: false, timeout: PING.withinMs }, (response) => {
        response.resume();
        if (response.statusCode === 200) done();
        else fail(unavailable('does not answer'));
      });
      request.on('timeout', () => request.destroy(new Error('timeout')));
      request.on('error', () => fail(unavailable('does not answer')));
    });
  }

  /** Ends a child that lives but does not answer. */
  async #watch(): Promise<void> {
    if (this.#state !== 'running') return;
    try {
      await this.#ping(this.#listen?.kind === 'loopback' ? this.#listen.port : undefined);
      this.#missedPings = 0;
    } catch {
      this.#missedPings += 1;
      if (this.#missedPings < PING.missed || this.#state !== 'running') return;
      this.#options.log('error', 'the embedded store does not answer and is ended', { missedPings: this.#missedPings });
      this.#child?.kill('SIGKILL');
    }
  }

  async #onExit(child: ChildProcess, reason: string): Promise<void> {
    if (child !== this.#child) return;
    this.#child = undefined;
    if (this.#state !== 'running') return;
    this.#state = 'waiting';
    await this.#keepLastWords();
    this.#options.log('error', 'the embedded store died and is started again', { reason, restarts: this.#restarts });
    this.#retry();
  }

  #retry(): void {
    if (this.#state !== 'waiting') return;
    this.#retryTimer = setTimeout(() => void this.#restart(), this.#backOffMs);
    this.#backOffMs = Math.min(this.#backOffMs * 2, BACK_OFF_MS.most);
  }

  async #restart(): Promise<void> {
    if (this.#state !== 'waiting' || this.#listen === undefined) return;
    this.#restarts += 1;
    try {
      await this.#spawn(this.#listen);
      if (this.#state !== 'waiting') return;
      this.#state = 'running';
      this.#missedPings = 0;
      this.#options.log('info', 'the embedded store runs again', { restarts: this.#restarts });
      const restartsThen = this.#restarts;
      setTimeout(() => {
        if (this.#restarts === restartsThen) this.#backOffMs = BACK_OFF_MS.first;
      }, BACK_OFF_MS.forgottenAfter).unref();
    } catch (cause) {
      this.#options.log('error', 'the embedded store could not be started again', {
        reason: cause instanceof Error ? cause.message : 'unknown',
        restarts: this.#restarts,
      });
      await this.#kill();
      await this.#keepLastWords();
      this.#retry();
    }
  }

  async #kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
  }

  async #keepLastWords(): Promise<void> {
    if (this.#lastWords === '') return;
    // May quote statements, therefore a file beside the data and not the log.
    const path = join(this.#options.directory, 'engine.stderr.txt');
    await writeFile(path, this.#lastWords, { mode: 0o600 }).catch(() => undefined);
  }

  async #cleanUp(): Promise<void> {
    if (this.#temporaryDirectory !== undefined) await rm(this.#temporaryDirectory, { recursive: true, force: true });
    this.#temporaryDirectory = undefined;
  }
}

function unavailable(what: string): WaybillError {
  return new WaybillError('store_unavailable', `the embedded store ${what}`, {
    remedy: 'see engine.stderr.txt in its directory; check disk space and memory',
  });
}

function refusal(report: Extract<EngineReport, { kind: 'failed' }>, directory: string): WaybillError {
  if (report.reason === 'in_use') {
    return new WaybillError('invalid_configuration', `the data directory ${directory} is in use: ${report.message}`, {
      remedy: 'stop that process, or give this one another data directory',
    });
  }
  return unavailable(`could not be opened: ${report.message}`);
}
