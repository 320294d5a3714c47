import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of `/proc/PID/stat` in a second: USER_HZ, 100 on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** One process of a tree. */
export interface ProcessUse {
  readonly pid: number;
  /** File that it runs or its program's name: `cli.ts`, `server.ts`, `java`. */
  readonly name: string;
  /** User and system seconds, those of children that have ended and were collected included. */
  readonly cpuSeconds: number;
  /** Resident memory; pages shared between processes count in each. */
  readonly rssBytes: number;
}

interface Stat {
  readonly parent: number;
  readonly ticks: number;
  readonly rssPages: number;
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
    const { ticks, rssPages } = stat;
    found.push({ pid, name: nameOf(pid), cpuSeconds: ticks / TICKS_PER_SECOND, rssBytes: rssPages * PAGE_BYTES });
    for (const child of children.get(pid) ?? []) visit(child);
  };
  visit(root);
  return found;
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
  return { parent: Number(fields[1]), ticks, rssPages: Number(fields[21]) };
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
