import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeDataDirectory } from './data-directory.ts';
import { startProcess } from './processes.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'demo-data-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the data directory', () => {
  it('belongs to one demo at a time', async () => {
    const first = await takeDataDirectory(directory, { fresh: false });
    await expect(takeDataDirectory(directory, { fresh: true })).rejects.toThrow(`process ${process.pid}`);
    first.release();
    const second = await takeDataDirectory(directory, { fresh: false });
    second.release();
  });

  it('keeps its data, and is emptied only when asked', async () => {
    (await takeDataDirectory(directory, { fresh: false })).release();
    writeFileSync(join(directory, 'waybill.yaml'), '');
    (await takeDataDirectory(directory, { fresh: false })).release();
    expect(existsSync(join(directory, 'waybill.yaml'))).toBe(true);
    (await takeDataDirectory(directory, { fresh: true })).release();
    expect(readdirSync(directory)).toEqual(['made-by-waybill-demo']);
  });

  it("is refused, and never emptied, when it holds somebody else's files", async () => {
    writeFileSync(join(directory, 'thesis.txt'), '');
    await expect(takeDataDirectory(directory, { fresh: true })).rejects.toThrow("not the demo's");
    expect(readdirSync(directory)).toEqual(['thesis.txt']);
  });

  it('ends what a killed demo left running in it', async () => {
    const killed = await takeDataDirectory(directory, { fresh: false });
    const args = ['-e', 'setInterval(() => {}, 1e3)'];
    const record = killed.record('shop');
    const left = await startProcess({ name: 'shop', command: process.execPath, args, record, log: () => {} });
    killed.release();
    const next = await takeDataDirectory(directory, { fresh: false });
    expect(next.leftovers).toBe(1);
    expect((await left.exited).signal).toBe('SIGTERM');
    next.release();
  });
});
