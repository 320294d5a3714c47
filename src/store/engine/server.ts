import { readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createHttpFront } from './http-front.ts';
import { DataInserter } from './insert-data.ts';
import { type EngineOptions, type EngineReport, type EngineStart, EXIT_FATAL, EXIT_REFUSED } from './options.ts';
import { SessionPool } from './session-pool.ts';
import { Spool } from './spool.ts';

// The entry of the child process that holds the engine. A fatal error of the engine ends this process, not the server's.

/** Longest wait for statements that run when the process is told to stop, in milliseconds. */
const STOP_WITHIN_MS = 15_000;
/** Longest wait for a process that lost its supervisor and is about to let go of the directory, in milliseconds. */
const ORPHAN_WITHIN_MS = 20_000;
const MAX_WAITING = 1000;

function serverArguments(memory: number): string[] {
  // 32 MiB by default: the marks of a hundred million spans are some 25 MB.
  const cache = Math.floor(memory / 64);
  const settings: Record<string, number | string> = {
    max_server_memory_usage: memory,
    // The defaults are 5 GiB each.
    mark_cache_size: cache,
    primary_index_cache_size: cache,
    index_mark_cache_size: cache,
    index_uncompressed_cache_size: 0,
    uncompressed_cache_size: 0,
    query_condition_cache_size: 0,
    // By default a thousand threads that a busy minute needed stay, each with memory of its own.
    max_thread_pool_free_size: 16,
    background_pool_size: 2,
    background_schedule_pool_size: 4,
    'logger.level': 'none',
  };
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
}

function baseSettings(memory: number): ReadonlyMap<string, string> {
  const settings: Record<string, number> = {
    async_insert: 0,
    max_memory_usage: Math.floor(memory / 2),
    max_bytes_before_external_group_by: Math.floor(memory / 4),
    max_bytes_before_external_sort: Math.floor(memory / 4),
    max_result_bytes: Math.floor(memory / 8),
    max_threads: Math.min(8, Math.max(2, Math.ceil(availableParallelism() / 2))),
    // Nothing can stop a statement from outside; this is the only bound.
    max_execution_time: 300,
    input_format_skip_unknown_fields: 0,
  };
  return new Map(Object.entries(settings).map(([name, value]) => [name, String(value)]));
}

function report(message: EngineReport): Promise<void> {
  // Resolves when the message has left: the process may end right after.
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, () => resolve());
  });
}

function openPool(options: EngineOptions): SessionPool {
  return new SessionPool({
    path: join(options.directory, 'clickhouse'),
    connectionArgs: serverArguments(options.maxMemoryBytes),
    readers: options.readers,
    writers: options.writers,
    maxWaiting: MAX_WAITING,
    baseSettings: baseSettings(options.maxMemoryBytes),
    onFatal: () => process.exit(EXIT_FATAL),
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (cause) {
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM';
  }
}

/** A process that was killed but not yet collected by its parent; only Linux can tell. */
function isZombie(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function readHolder(path: string): Promise<{ pid: number; parent: number } | undefined> {
  try {
    const [pid = 0, parent = 0] = (await readFile(path, 'utf8')).split(' ').map(Number);
    return pid > 0 && pid !== process.pid && isAlive(pid) ? { pid, parent } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Opens the engine. The lock is the engine's own (`status`, which the kernel lets go of when the process ends, however it ends); the
 * pid file beside it only makes the refusal readable and tells an orphan, which is waited for, from a running Waybill.
 */
async function open(options: EngineOptions, pidFile: string): Promise<SessionPool | undefined> {
  const giveUpAt = Date.now() + ORPHAN_WITHIN_MS;
  for (;;) {
    const holder = await readHolder(pidFile);
    try {
      const pool = openPool(options);
      await writeFile(pidFile, `${process.pid} ${process.ppid}`);
      return pool;
    } catch (cause) {
      if (holder !== undefined && !isAlive(holder.parent) && Date.now() < giveUpAt) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        continue;
      }
      const message = cause instanceof Error ? cause.message : 'unknown error';
      if (holder === undefined) await report({ kind: 'failed', reason: 'engine', message });
      else await report({ kind: 'failed', reason: 'in_use', message: `process ${holder.pid} holds it` });
      return undefined;
    }
  }
}

async function letGo(pool: SessionPool, spool: Spool, pidFile: string): Promise<void> {
  try {
    await pool.close();
    await spool.close();
    await rm(pidFile, { force: true });
  } finally {
    process.exit(0);
  }
}

async function serve(options: EngineOptions): Promise<void> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  await chmod(options.directory, 0o700);
  const pidFile = join(options.directory, 'engine.pid');
  const pool = await open(options, pidFile);
  if (pool === undefined) {
    process.exit(EXIT_REFUSED);
  }
  const spool = await Spool.open(options.directory, options.maxInsertBytes);
  const { listen } = options;
  const password = listen.kind === 'loopback' ? listen.password : undefined;
  const http = createHttpFront({ pool, inserter: new DataInserter(pool, spool), password });
  // It is told to clients, and those that heed it (Node's agent does) give up idle connections first: none is closed under a request.
  http.keepAliveTimeout = 60_000;

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_WITHIN_MS).unref();
    http.close(() => void letGo(pool, spool, pidFile));
    http.closeIdleConnections();
  };
  process.on('SIGTERM', stop);
  // Ctrl-C reaches the whole process group; the supervisor decides when the engine may go.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', stop);
  if (!process.connected) stop();

  if (listen.kind === 'socket') {
    await rm(listen.path, { force: true });
    http.listen(listen.path, () => void report({ kind: 'ready', port: undefined, spool: spool.places }));
  } else {
    http.listen(listen.port, '127.0.0.1', () => {
      void report({ kind: 'ready', port: (http.address() as AddressInfo).port, spool: spool.places });
    });
  }
}

process.once('message', (message: EngineStart) => {
  serve(message.options).catch((cause: unknown) => {
    const text = cause instanceof Error ? cause.message : 'unknown error';
    void report({ kind: 'failed', reason: 'engine', message: text }).then(() => process.exit(EXIT_REFUSED));
  });
});
// Without a supervisor there is nothing to do; nobody starts this file by hand.
if (process.send === undefined) process.exit(EXIT_REFUSED);
