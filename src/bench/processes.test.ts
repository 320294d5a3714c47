import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { treeMemory } from './processes.ts';

const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** A process with `children` of the same program below it; resolves when all of them run. */
async function tree(children: number): Promise<number> {
  const program = `
    const { spawn } = require('node:child_process');
    const kept = Buffer.alloc(32 * 1024 * 1024, 1);
    const all = Array.from({ length: ${children} }, () =>
      spawn(process.execPath, ['-e', 'process.stdout.write("up"); process.stdin.resume()'], { stdio: ['pipe', 'pipe', 'ignore'] }));
    Promise.all(all.map((child) => new Promise((up) => child.stdout.once('data', up)))).then(() => process.stdout.write('up'));
    process.stdin.resume().once('end', () => process.exit(kept[0]));`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'ignore'] });
  started.push(child);
  await new Promise((up) => child.stdout?.once('data', up));
  return child.pid ?? 0;
}

function figure(pid: number, name: string): number {
  const [, kilobytes] =
    new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

test('a tree has all memory of its own, and the pages of a program once', async () => {
  const [alone, two] = [await tree(0), await tree(2)];
  const one = treeMemory(alone);
  const three = treeMemory(two);
  expect(one.bytes).toBe(one.files + Object.values(one.own).reduce((sum, bytes) => sum + bytes, 0));
  expect(one.files / figure(alone, 'RssFile')).toBeGreaterThan(0.8);
  expect(one.files / figure(alone, 'RssFile')).toBeLessThan(1.2);
  expect((one.own['node'] ?? 0) / figure(alone, 'RssAnon')).toBeGreaterThan(0.8);
  expect(one.own['node']).toBeGreaterThan(32 * 1024 * 1024);
  expect(three.own['node']).toBeGreaterThan((one.own['node'] ?? 0) * 1.2);
  expect(three.files).toBeLessThan(one.files * 1.5);
});

test('a process that is gone has none', () => {
  expect(treeMemory(2 ** 22 + 1)).toEqual({ own: {}, files: 0, bytes: 0 });
});
