import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

/** Takes one line of a process's output, without its line end. */
export type LineSink = (line: string) => void;

/** What to run. */
export interface ProcessSpec {
  /** The name in messages and of the process record. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Default: the current directory. */
  readonly cwd?: string;
  /** The whole environment of the process. Default: that of the demo. */
  readonly env?: NodeJS.ProcessEnv;
  /** The account to run under; only root can choose one. */
  readonly account?: Account;
  /** Where its process id is kept, so that a later run finds what a killed one left behind. */
  readonly record?: string;
  readonly log: LineSink;
  /** The signals that stop it, gentlest first, each given `stopMs`; SIGKILL follows. Default: SIGTERM. */
  readonly stopSignals?: readonly NodeJS.Signals[];
  /** Milliseconds for each stop signal. Default 10 000. */
  readonly stopMs?: number;
}

/** An account of this machine. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** How a process ended; `requested` when we stopped it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly requested: boolean;
}

/** A child process of the demo. */
export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** The last lines that it wrote, oldest first; at most {@link tailLines}. */
  tail(): readonly string[];
  /** Settles once, never rejects. */
  readonly exited: Promise<Exit>;
  /** True once it has ended. */
  ended(): boolean;
  /** Stops it and waits for its end; idempotent. `graceMs` replaces the `stopMs` of its {@link ProcessSpec}. */
  stop(graceMs?: number): Promise<void>;
}

/** How many lines of output a {@link RunningProcess} remembers for error messages. */
export const tailLines = 12;

/** A line longer than this many characters is cut, so that a process cannot fill our memory. */
const maxLineLength = 16_384;

/** The process ids of our living children. */
const living = new Set<number>();

/** Ends every living child at once, with all that it started: the answer to a second Ctrl-C. */
export function killEverything(): void {
  for (const pid of living) signalGroup(pid, 'SIGKILL');
}

/**
 * Starts a process in a session of its own: Ctrl-C reaches only the demo, which then stops its processes in order.
 *
 * @throws when the command cannot be started at all.
 */
export async function startProcess(spec: ProcessSpec): Promise<RunningProcess> {
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: spec.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...spec.account,
  });
  const pid = await startedPid(child);
  living.add(pid);
  const tail: string[] = [];
  const take: LineSink = (line) => {
    tail.push(line);
    if (tail.length > tailLines) tail.shift();
    spec.log(line);
  };
  for (const stream of [child.stdout, child.stderr]) if (stream !== null) forEachLine(stream, take);
  if (spec.record !== undefined) writeRecord(spec.record, pid);
  let requested = false;
  let ended = false;
  // What it started itself must not outlive it: an orphan would hold ports, data directories and our end of its pipes.
  child.once('exit', () => {
    living.delete(pid);
    signalGroup(pid, 'SIGKILL');
  });
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      ended = true;
      if (spec.record !== undefined) rmSync(spec.record, { force: true });
      resolve({ code, signal, requested });
    });
  });
  const stop = async (graceMs = spec.stopMs ?? 10_000) => {
    requested = true;
    for (const signal of spec.stopSignals ?? (['SIGTERM'] as const)) {
      if (ended) break;
      child.kill(signal);
      await Promise.race([exited, sleep(graceMs, undefined, { ref: false })]);
    }
    if (!ended) signalGroup(pid, 'SIGKILL');
    await exited;
  };
  let stopping: Promise<void> | undefined;
  return {
    name: spec.name,
    pid,
    tail: () => tail,
    exited,
    ended: () => ended,
    stop: (graceMs) => (stopping ??= stop(graceMs)),
  };
}

function startedPid(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    // It stays: a signal that we may not send (to sudo's child, say) is an error event later on, and only that.
    child.on('error', reject);
    child.once('spawn', () => {
      if (child.pid === undefined) reject(new Error('The process has no id.'));
      else resolve(child.pid);
    });
  });
}

function forEachLine(stream: Readable, take: LineSink): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = (lines.pop() ?? '').slice(0, maxLineLength);
    for (const line of lines) take(line.slice(0, maxLineLength).trimEnd());
  });
  stream.on('end', () => {
    if (rest !== '') take(rest);
  });
  // A reset pipe only means that the process is gone, which `close` reports.
  stream.on('error', () => {});
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already: that is what the caller wants.
  }
}

/** Runs a command to its end. */
export async function runToEnd(spec: ProcessSpec, signal?: AbortSignal): Promise<Exit & { tail: readonly string[] }> {
  const running = await startProcess(spec);
  const abort = () => void running.stop();
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  const exit = await running.exited;
  signal?.removeEventListener('abort', abort);
  return { ...exit, tail: running.tail() };
}

/**
 * What identifies one life of a process, so that a process id used again by somebody else is never taken for ours.
 *
 * On Linux the boot id and the start time in clock ticks (proc(5), field 22 of stat); elsewhere what ps(1) says.
 */
export function processIdentity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 2 is the command in parentheses and may hold anything, so the fields are counted after the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`;
  } catch {
    if (existsSync('/proc/self/stat')) return undefined;
    const ps = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    const started = typeof ps.stdout === 'string' ? ps.stdout.trim() : '';
    return started === '' ? undefined : started;
  }
}

/** Writes which process runs, readable only by us. */
export function writeRecord(file: string, pid: number, more: Record<string, string | number> = {}): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ pid, identity: processIdentity(pid), ...more })}\n`, { mode: 0o600 });
}

/** The process of a record that is still the one that was recorded; undefined when it has ended. */
export function recordedProcess(file: string): { pid: number; record: Record<string, unknown> } | undefined {
  let record: unknown;
  try {
    record = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  if (typeof record !== 'object' || record === null || !('pid' in record) || !('identity' in record)) return undefined;
  const { pid, identity } = record;
  if (typeof pid !== 'number' || typeof identity !== 'string' || processIdentity(pid) !== identity) return undefined;
  return { pid, record: { ...record } };
}

/**
 * Ends what an earlier, killed run left behind; returns the process id when there was something to end.
 *
 * Only a process that the record identifies beyond doubt is touched.
 */
export async function endLeftover(
  record: string,
  signals: readonly NodeJS.Signals[] = ['SIGTERM'],
  graceMs = 10_000,
): Promise<number | undefined> {
  const found = recordedProcess(record);
  if (found !== undefined) {
    for (const signal of [...signals, 'SIGKILL'] as const) {
      if (recordedProcess(record) === undefined) break;
      if (signal === 'SIGKILL') signalGroup(found.pid, signal);
      else signalProcess(found.pid, signal);
      const until = Date.now() + graceMs;
      while (recordedProcess(record) !== undefined && Date.now() < until) await sleep(50);
    }
  }
  rmSync(record, { force: true });
  return found?.pid;
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the check and the signal.
  }
}

/** A log file grows to this many bytes; then it becomes `<file>.1`, which replaces an older one. */
export const maxLogBytes = 32 * 1024 * 1024;

/** A sink that appends lines to a file; the log of the run before is kept as `<file>.1`. */
export function logFile(file: string, echo?: LineSink): LineSink {
  mkdirSync(dirname(file), { recursive: true });
  rotate(file);
  let bytes = 0;
  return (line) => {
    if (bytes > maxLogBytes) {
      rotate(file);
      bytes = 0;
    }
    const text = `${stripVTControlCharacters(line)}\n`;
    bytes += Buffer.byteLength(text);
    // Synchronous on purpose: the last words of a crashing process are in the file when the crash is reported.
    appendFileSync(file, text);
    echo?.(line);
  };
}

function rotate(file: string): void {
  if (existsSync(file) && statSync(file).size > 0) renameSync(file, `${file}.1`);
}
