import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { basename } from 'node:path';
import { DemoError } from './demo-error.ts';

/** Loopback: nothing of the demo listens anywhere else. */
export const loopback = '127.0.0.1';

/** True when a listener can be opened on this loopback port now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: loopback, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A loopback port that nobody listens on; the operating system chooses it. */
export function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: loopback, port: 0 }, () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('The socket has no port.'));
        else resolve(address.port);
      });
    });
  });
}

/** A port of the demo: `moved` says that the preferred one was taken. */
export interface ChosenPort {
  readonly port: number;
  readonly moved: boolean;
}

/**
 * Hands out loopback ports, each at most once.
 *
 * A default that is taken gives way to a free port; one that the user named does not: that is an error which names
 * the process that holds it.
 */
export class PortChooser {
  readonly #given = new Set<number>();

  /** The preferred port when it is free, else any free one. */
  async prefer(preferred: number): Promise<ChosenPort> {
    if (!this.#given.has(preferred) && (await isFree(preferred))) return this.#give(preferred, false);
    for (;;) {
      const port = await anyFreePort();
      if (!this.#given.has(port)) return this.#give(port, true);
    }
  }

  /** Exactly this port, or a {@link DemoError} with the option that chooses another. */
  async demand(port: number, option: string): Promise<ChosenPort> {
    if (!this.#given.has(port) && (await isFree(port))) return this.#give(port, false);
    const owner = portOwner(port);
    const by = owner === undefined ? 'another process' : `process ${owner.pid} (${owner.name})`;
    throw new DemoError(`Port ${port} is already used by ${by}.`, {
      remedy: [`Choose another port with ${option}, or leave ${option} out: a free one is found.`],
    });
  }

  #give(port: number, moved: boolean): ChosenPort {
    this.#given.add(port);
    return { port, moved };
  }
}

/** Who listens on a TCP port of this machine, as far as this user may see it. Linux only (proc(5)). */
export function portOwner(port: number): { pid: number; name: string } | undefined {
  const inodes = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(`/proc/net/${table}`, port)));
  if (inodes.size === 0) return undefined;
  for (const entry of listing('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const holds = listing(`/proc/${entry}/fd`).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkTarget(`/proc/${entry}/fd/${fd}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    });
    if (holds) return { pid: Number(entry), name: programOf(entry) };
  }
  return undefined;
}

/** The program's file name only: a whole command line may hold secrets, and threads name themselves as they like. */
function programOf(pid: string): string {
  const program = readText(`/proc/${pid}/cmdline`).split('\0')[0] ?? '';
  return basename(program) || readText(`/proc/${pid}/comm`).trim();
}

function listeningInodes(table: string, port: number): string[] {
  // Columns of /proc/net/tcp: sl local_address rem_address st … inode (the tenth); state 0A is LISTEN.
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readText(table)
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
    .filter((row) => row[1]?.endsWith(suffix) === true && row[3] === '0A')
    .flatMap((row) => (row[9] === undefined ? [] : [row[9]]));
}

/** Waits until a TCP connection to a loopback port succeeds; false when `until` (epoch milliseconds) passes first. */
export async function accepts(port: number, until: number, given: () => boolean): Promise<boolean> {
  while (Date.now() < until && !given()) {
    if (await connects(port)) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: loopback, port });
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.setTimeout(1000, () => end(false));
  });
}

function listing(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function linkTarget(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
