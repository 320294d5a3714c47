import { readdir, readFile, readlink } from 'node:fs/promises';

/** Processes and files of each that are looked at. */
const MAX_PROCESSES = 5000;
const MAX_FILES = 4096;

/** Which process listens on a TCP port, such as `node (pid 123)`; undefined where that cannot be told: on other systems than Linux, or not ours. */
export async function ownerOfPort(port: number): Promise<string | undefined> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  const sockets = new Set(tables.flatMap((table) => listeningSockets(table, port)).map((inode) => `socket:[${inode}]`));
  if (sockets.size === 0) return undefined;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).slice(0, MAX_PROCESSES);
  for (const pid of pids) {
    if (!(await hasOneOf(pid, sockets))) continue;
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?');
    return `${name.trim()} (pid ${pid})`;
  }
  return undefined;
}

/** Inodes of the sockets that listen on a port, by the text of `/proc/net/tcp`. */
export function listeningSockets(table: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    // 0A is TCP_LISTEN.
    return inode !== undefined && state === '0A' && local?.endsWith(`:${hex}`) === true ? [inode] : [];
  });
}

async function hasOneOf(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const file of files.slice(0, MAX_FILES)) {
    const target = await readlink(`/proc/${pid}/fd/${file}`).catch(() => '');
    if (sockets.has(target)) return true;
  }
  return false;
}
