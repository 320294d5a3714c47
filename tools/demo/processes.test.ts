import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endLeftover, logFile, processIdentity, recordedProcess, startProcess, writeRecord } from './processes.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'demo-processes-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const node = (script: string, lines: string[] = []) => ({
  name: 'test',
  command: process.execPath,
  args: ['-e', script],
  log: (line: string) => void lines.push(line),
});

describe('a child process', () => {
  it('gives its output line by line, also the last line without an end', async () => {
    const lines: string[] = [];
    const running = await startProcess(node('process.stdout.write("one\\ntwo ж\\nthree")', lines));
    expect(await running.exited).toEqual({ code: 0, signal: null, requested: false });
    expect(lines).toEqual(['one', 'two ж', 'three']);
    expect(running.tail()).toEqual(lines);
  });

  it('is stopped by the gentlest signal that it obeys', async () => {
    const script =
      'process.on("SIGTERM", () => {}); process.on("SIGINT", () => process.exit(7)); console.log("up"); setInterval(() => {}, 1e3)';
    const up = Promise.withResolvers<void>();
    const running = await startProcess({
      ...node(script),
      log: () => up.resolve(),
      stopSignals: ['SIGTERM', 'SIGINT'],
      stopMs: 200,
    });
    await up.promise;
    await Promise.all([running.stop(), running.stop()]);
    expect(await running.exited).toEqual({ code: 7, signal: null, requested: true });
  });

  it('takes down what it started itself', async () => {
    const script =
      'const c = require("node:child_process").spawn("sleep", ["60"]); console.log(c.pid); setInterval(() => {}, 1e3)';
    const pid = Promise.withResolvers<number>();
    const running = await startProcess({ ...node(script), log: (line) => pid.resolve(Number(line)) });
    const grandchild = await pid.promise;
    await running.stop();
    await expect.poll(() => processIdentity(grandchild)).toBeUndefined();
  });

  it('cannot be started when the command does not exist', async () => {
    await expect(startProcess({ ...node(''), command: join(directory, 'nothing') })).rejects.toThrow('ENOENT');
  });

  it('has a record while it runs', async () => {
    const record = join(directory, 'run', 'test.pid.json');
    const running = await startProcess({ ...node('setInterval(() => {}, 1e3)'), record });
    expect(recordedProcess(record)?.pid).toBe(running.pid);
    await running.stop();
    expect(existsSync(record)).toBe(false);
  });
});

describe('what a killed run left behind', () => {
  it('is ended when the record names it', async () => {
    const running = await startProcess(node('setInterval(() => {}, 1e3)'));
    const record = join(directory, 'test.pid.json');
    writeRecord(record, running.pid);
    expect(await endLeftover(record)).toBe(running.pid);
    expect((await running.exited).signal).toBe('SIGTERM');
    expect(existsSync(record)).toBe(false);
  });

  it('is left alone when the process id belongs to another process by now', async () => {
    const record = join(directory, 'test.pid.json');
    writeFileSync(record, JSON.stringify({ pid: process.pid, identity: 'another boot:1' }));
    expect(await endLeftover(record)).toBeUndefined();
    expect(existsSync(record)).toBe(false);
  });

  it('is nothing when the record cannot be read', async () => {
    const record = join(directory, 'test.pid.json');
    writeFileSync(record, '{"pid":');
    expect(await endLeftover(record)).toBeUndefined();
    expect(await endLeftover(join(directory, 'missing'))).toBeUndefined();
  });
});

describe('a log file', () => {
  it('holds plain lines and keeps the log of the run before', () => {
    const file = join(directory, 'logs', 'mes.log');
    logFile(file)('first run');
    const echoed: string[] = [];
    logFile(file, (line) => echoed.push(line))('\u001b[32msecond\u001b[39m run');
    expect(readFileSync(file, 'utf8')).toBe('second run\n');
    expect(readFileSync(`${file}.1`, 'utf8')).toBe('first run\n');
    expect(echoed).toHaveLength(1);
  });
});
