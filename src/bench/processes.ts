import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of `/proc/PID/stat` in a second: USER_HZ, 100 on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** One process of a tree. */
export interface ProcessUse {
  readonly pid: number;
  /** File that it runs or its program's name: `cli.ts`, `server.ts`, `java`. */
  readonly name: string;
  /** User and system seconds, those of children that have ended and were collected included. */
  readonly cpuSeconds: number;
}

/** Resident memory of a tree of processes. */
export interface TreeMemory {
  /** Memory of its own of each program, by its name: heaps, stacks, shared memory. */
  readonly own: Readonly<Record<string, number>>;
  /** Pages of files (programs and libraries), each file once, however many of the processes have mapped it. */
  readonly files: number;
  /** All of it. */
  readonly bytes: number;
}

interface Stat {
  readonly parent: number;
  readonly ticks: number;
}

/** A process and everything that it started and that still lives; empty where it does not live. Linux only. */
export function processTree(root: number): ProcessUse[] {
  const children = new Map<number, number[]>();
  const stats = new Map<number, Stat>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const stat = readStat(pid);
    if (stat === undefined) continue;
    stats.set(pid, stat);
    children.set(stat.parent, [...(children.get(stat.parent) ?? []), pid]);
  }
  const found: ProcessUse[] = [];
  const visit = (pid: number): void => {
    const stat = stats.get(pid);
    if (stat === undefined) return;
    found.push({ pid, name: nameOf(pid), cpuSeconds: stat.ticks / TICKS_PER_SECOND });
    for (const child of children.get(pid) ?? []) visit(child);
  };
  visit(root);
  return found;
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((a, b) => a + b, 0);
}

/**
 * Resident memory of a process and everything that it started. Linux only.
 *
 * The sizes of processes as `ps` shows them do not add up: two that run the same program share its pages.
 */
export function treeMemory(root: number): TreeMemory {
  const own: Record<string, number> = {};
  const files = new Map<string, number>();
  for (const { pid, name } of processTree(root)) {
    for (const { file, resident, anonymous } of mappingsOf(pid)) {
      own[name] = (own[name] ?? 0) + (file === '' ? resident : anonymous);
      if (file !== '') files.set(file, Math.max(files.get(file) ?? 0, resident - anonymous));
    }
  }
  const inFiles = sum(files.values());
  return { own, files: inFiles, bytes: inFiles + sum(Object.values(own)) };
}

interface Mapping {
  /** Place in the file and the file's inode; empty where there is none. */
  readonly file: string;
  readonly resident: number;
  /** Of these, pages that are no longer the file's. */
  readonly anonymous: number;
}

/** A mapping in `/proc/PID/smaps`: address, rights, offset, device, inode, then a line for each figure, in kB. */
const MAPPING =
  /^[\da-f]+-[\da-f]+ \S+ ([\da-f]+) (\S+) (\d+).*\n(?:.*\n)*?Rss: +(\d+) kB\n(?:.*\n)*?Anonymous: +(\d+) kB$/gm;

function mappingsOf(pid: number): Mapping[] {
  const text = read(`/proc/${pid}/smaps`) ?? '';
  return [...text.matchAll(MAPPING)].map(([, offset, device, inode, resident, anonymous]) => ({
    file: inode === '0' ? '' : `${device} ${inode} ${offset}`,
    resident: Number(resident) * 1024,
    anonymous: Number(anonymous) * 1024,
  }));
}

/** CPU seconds of the threads of a process by their name; a thread that has ended is no longer in it. */
export function threadSeconds(pid: number): Record<string, number> {
  const seconds: Record<string, number> = {};
  for (const thread of list(`/proc/${pid}/task`)) {
    const text = read(`/proc/${pid}/task/${thread}/stat`);
    if (text === undefined) continue;
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    seconds[name] = (seconds[name] ?? 0) + ownTicks(fieldsOf(text)) / TICKS_PER_SECOND;
  }
  return seconds;
}

function readStat(pid: number): Stat | undefined {
  const text = read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = fieldsOf(text);
  // Fields 16 and 17: of children that have ended.
  const ticks = ownTicks(fields) + Number(fields[13]) + Number(fields[14]);
  return { parent: Number(fields[1]), ticks };
}

/** Fields from the third one: the second, the program's name in brackets, may hold anything. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Fields 14 and 15: user and system. */
function ownTicks(fields: readonly string[]): number {
  return Number(fields[11]) + Number(fields[12]);
}

function nameOf(pid: number): string {
  const [program = '', ...args] = (read(`/proc/${pid}/cmdline`) ?? '').split('\0');
  const script = args.find((argument) => /\.[cm]?[jt]s$/.test(argument));
  return (script ?? program).split('/').at(-1) ?? '';
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
