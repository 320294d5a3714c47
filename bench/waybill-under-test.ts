import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type System, system } from '../src/api/contract/system.ts';

/** Ticks of `/proc/PID/stat` in a second: USER_HZ, 100 on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;
const START_WITHIN_MS = 60_000;

/** A Waybill with empty data and defaults, in processes of its own. */
export interface WaybillUnderTest {
  readonly api: string;
  readonly otlp: string;
  /** CPU seconds, user and system, that all its processes have used since they were started. */
  cpuSeconds(): number;
  /** Bytes of its data directory, the journal included. */
  diskBytes(): number;
  system(): Promise<System>;
  stop(): Promise<void>;
}

/** Starts the server of this checkout in a new temporary directory, which `stop` removes. */
export async function startWaybillUnderTest(): Promise<WaybillUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), 'waybill-bench-'));
  const config = join(directory, 'waybill.yaml');
  writeFileSync(
    config,
    'http: {port: 0}\notlp: {http: {port: 0}, grpc: {enabled: false}}\nmetrics: {prometheus: {port: 0}}\n',
  );
  const data = join(directory, 'data');
  const cli = resolve(import.meta.dirname, '../src/main/cli.ts');
  const child = spawn(process.execPath, [cli, 'serve', '--config', config, '--data-dir', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const giveUpAt = Date.now() + START_WITHIN_MS;
  // It says where it listens once it does.
  while (!said.includes('Data ')) {
    if (child.exitCode !== null || Date.now() > giveUpAt) {
      await stop();
      throw new Error('Waybill did not start; its output is above');
    }
    await sleep(100);
  }
  const [api = '', otlp = ''] = said.match(/http:\/\/\S+/g) ?? [];
  return {
    api,
    otlp: `${otlp}/v1/traces`,
    cpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    diskBytes: () => bytesBelow(data),
    system: async () => system.parse(await (await fetch(`${api}/api/system`)).json()),
    stop,
  };
}

/** Of a process and everything that it started and that still lives. */
function cpuSecondsOf(root: number): number {
  const processes = new Map<number, { parent: number; ticks: number }>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // The program's name is in brackets and may hold anything; the fields after it are 3 (state), 4 (parent) … 14, 15 (user, system).
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      processes.set(Number(name), { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) });
    } catch {
      // It ended meanwhile.
    }
  }
  const ticksOf = (pid: number): number => {
    const children = [...processes].filter(([, { parent }]) => parent === pid);
    return (processes.get(pid)?.ticks ?? 0) + children.reduce((sum, [child]) => sum + ticksOf(child), 0);
  };
  return ticksOf(root) / TICKS_PER_SECOND;
}

function bytesBelow(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.blocks * 512;
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
}
