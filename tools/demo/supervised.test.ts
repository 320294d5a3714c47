import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DemoError, Interrupted } from './demo-error.ts';
import { supervise } from './supervised.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'demo-supervised-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const spec = (script: string, restarts: number) => ({
  name: 'mes',
  command: process.execPath,
  args: ['-e', script],
  log: () => {},
  logPath: 'logs/mes.log',
  isReady: async () => true,
  restarts,
});

describe('a supervised process', () => {
  it('is started again when it crashes, and says so', async () => {
    const file = join(directory, 'second');
    // Crashes once: the second life finds the file and stays.
    const script = `const fs = require('node:fs'); if (fs.existsSync('${file}.gone')) { fs.writeFileSync('${file}', ''); setInterval(() => {}, 1e3) } else { fs.writeFileSync('${file}.gone', ''); process.exit(3) }`;
    const reports: string[] = [];
    const running = await supervise(spec(script, 3), (sentence) => reports.push(sentence));
    await expect.poll(() => existsSync(file), { timeout: 10_000 }).toBe(true);
    expect(reports).toEqual(['mes ended by itself with exit code 3; starting it again (1 of 3). Log: logs/mes.log']);
    expect(running.restarted()).toBe(1);
    await running.stop();
  });

  it('has failed when it crashes once too often, with its last words and its log', async () => {
    const running = await supervise(spec('console.log("no database"); process.exit(1)', 0), () => {});
    const failure = await running.failed.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DemoError);
    expect(failure).toMatchObject({
      message: 'mes ended by itself with exit code 1.',
      remedy: ['no database', 'Log: logs/mes.log'],
    });
    await running.stop();
  });

  it('has finished when its work is done', async () => {
    const running = await supervise(spec('', 0), () => {});
    expect(await running.finished).toMatchObject({ code: 0 });
  });

  it('stops without counting as a crash', async () => {
    const reports: string[] = [];
    const running = await supervise(spec('setInterval(() => {}, 1e3)', 3), (sentence) => reports.push(sentence));
    await running.stop();
    expect(reports).toEqual([]);
  });

  it('is not left running when it does not become ready', async () => {
    const record = join(directory, 'mes.pid.json');
    const never = { ...spec('setInterval(() => {}, 1e3)', 3), record, isReady: async () => false, readyMs: 50 };
    await expect(supervise(never, () => {})).rejects.toThrow('mes was not ready within 0.05 s.');
    expect(existsSync(record)).toBe(false);
  });

  it('is not left running when the start is interrupted', async () => {
    const record = join(directory, 'mes.pid.json');
    const controller = new AbortController();
    const isReady = async () => {
      controller.abort();
      return false;
    };
    const starting = supervise(
      { ...spec('setInterval(() => {}, 1e3)', 3), record, isReady },
      () => {},
      controller.signal,
    );
    await expect(starting).rejects.toThrow(Interrupted);
    expect(existsSync(record)).toBe(false);
  });
});
