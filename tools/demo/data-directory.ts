import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { DemoError } from './demo-error.ts';
import { endPostgresLeftover } from './postgres.ts';
import { endLeftover, processIdentity, recordedProcess } from './processes.ts';
import { endRabbitmqLeftover } from './rabbitmq.ts';
import { removeServerDirectory } from './server-directory.ts';

/** Says that the directory is ours to empty. */
const marker = 'made-by-waybill-demo';

/** The directory that one running demo owns. */
export interface DataDirectory {
  readonly path: string;
  /** As short as it can be written from the current directory. */
  readonly shown: string;
  /** How many processes an earlier, killed run had left running; they are ended. */
  readonly leftovers: number;
  /** A path inside. */
  at(...names: readonly string[]): string;
  /** The same, as {@link shown}. */
  shownAt(...names: readonly string[]): string;
  /** Where the process id of a child is kept. */
  record(name: string): string;
  /** Gives the directory up. */
  release(): void;
}

/**
 * Takes a data directory for this run.
 *
 * Ends what a killed run left behind in it, and empties it when `fresh`.
 *
 * @throws DemoError when another demo runs in it, or when it holds files that are not the demo's.
 */
export async function takeDataDirectory(path: string, options: { fresh: boolean }): Promise<DataDirectory> {
  const directory = resolve(path);
  const shown = shownPath(directory);
  const at = (...names: readonly string[]) => join(directory, ...names);
  const record = (name: string) => at('run', `${name}.pid.json`);
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  const found = readdirSync(directory);
  if (found.length > 0 && !found.includes(marker)) {
    throw new DemoError(`${shown} has files in it that are not the demo's.`, {
      remedy: ['Choose an empty directory with --data-dir.'],
    });
  }
  writeFileSync(
    at(marker),
    'This directory belongs to "npm run demo"; it may be deleted when the demo is not running.\n',
  );
  const lock = at('demo.pid.json');
  takeLock(lock, shown);
  const ended = [
    ...(await Promise.all(listing(at('run')).map((name) => endLeftover(at('run', name))))),
    ...(await Promise.all([endPostgresLeftover(at('postgres')), endRabbitmqLeftover(at('rabbitmq'))])).flat(),
  ];
  if (options.fresh) {
    removeServerDirectory(at('postgres'));
    for (const name of readdirSync(directory)) {
      if (name !== marker && at(name) !== lock) rmSync(at(name), { recursive: true, force: true });
    }
  }
  const leftovers = ended.filter((pid) => pid !== undefined).length;
  const shownAt = (...names: readonly string[]) => shownPath(at(...names));
  return { path: directory, shown, leftovers, at, shownAt, record, release: () => rmSync(lock, { force: true }) };
}

function takeLock(lock: string, shown: string): void {
  const content = `${JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) })}\n`;
  for (;;) {
    try {
      // Exclusive creation: of two demos that start at the same time one gets it.
      writeFileSync(lock, content, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const running = recordedProcess(lock);
    if (running !== undefined) {
      throw new DemoError(`A demo already runs with its data in ${shown}: process ${running.pid}.`, {
        remedy: [`Stop it with Ctrl-C or: kill ${running.pid}`, 'Or run a second one with a --data-dir of its own.'],
      });
    }
    rmSync(lock, { force: true });
  }
}

/** The path relative to the current directory when it is inside, else absolute. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}

function listing(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.pid.json'));
  } catch {
    return [];
  }
}
