import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { journalConfig } from './config.ts';
import { Journal } from './journal.ts';
import { type JournalRecord, packRecord, readSegment } from './record.ts';

/** A real full disk needs a small file system of its own, which only root may mount. */
const canMount = process.getuid?.() === 0 && process.platform === 'linux';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-journal-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const record = (text: string, resourceIds: readonly bigint[] = []): JournalRecord =>
  packRecord([{ table: 'spans', rows: 1, block: Buffer.from(text) }], resourceIds);

async function openJournal(overrides: object = {}): Promise<Journal> {
  const journal = new Journal({ directory, config: journalConfig.parse({ segmentAgeMs: 20, ...overrides }) });
  await journal.start();
  return journal;
}

async function drain(journal: Journal): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const segment = await journal.next();
    if (segment === undefined) return texts;
    for (const { blocks } of segment.tables) for (const block of blocks) texts.push(Buffer.from(block).toString());
    await journal.done(segment.id);
  }
}

const segmentFiles = async (): Promise<string[]> =>
  (await readdir(directory)).filter((name) => name.endsWith('.segment')).sort();

describe('Journal', () => {
  it('hands every acknowledged record to the loader, in order, and deletes it afterwards', async () => {
    const journal = await openJournal();
    await Promise.all(Array.from({ length: 50 }, (_, index) => journal.append(record(`r${index}`))));
    await journal.stop();
    expect(await drain(journal)).toEqual(Array.from({ length: 50 }, (_, index) => `r${index}`));
    expect(await segmentFiles()).toEqual([]);
    expect(journal.stats()).toMatchObject({ segments: 0, bytes: 0, lagMs: 0 });
  });

  it('has what was acknowledged after a restart without a stop', async () => {
    const first = await openJournal({ segmentAgeMs: 60_000 });
    await first.append(record('survives'));
    const second = await openJournal();
    await second.stop();
    expect(await drain(second)).toEqual(['survives']);
  });

  it('repeats a segment until it is done', async () => {
    const journal = await openJournal();
    await journal.append(record('x'));
    await journal.stop();
    const [once, again] = [await journal.next(), await journal.next()];
    expect(again?.id).toBe(once?.id);
  });

  it('never looks loaded while a segment is being sealed', async () => {
    const journal = await openJournal({ segmentAgeMs: 60_000 });
    await journal.append(record('x'));
    const over = new AbortController();
    const stopped = journal.stop().then(() => over.abort());
    const seen = new Set<number>();
    while (!over.signal.aborted) {
      seen.add(journal.stats().segments);
      await new Promise(setImmediate);
    }
    await stopped;
    expect([...seen]).toEqual([1]);
    expect(await drain(journal)).toEqual(['x']);
  });

  it('cuts a tail torn at any byte and keeps every record before it', async () => {
    const whole = record('first');
    const torn = record('second');
    const name = '0000000000000001.segment';
    for (let cut = 0; cut < torn.bytes.length; cut += 1) {
      await rm(directory, { recursive: true, force: true });
      directory = await mkdtemp(join(tmpdir(), 'waybill-journal-'));
      await writeFile(join(directory, name), Buffer.concat([whole.bytes, torn.bytes.subarray(0, cut)]));
      const journal = await openJournal();
      expect(journal.stats().tornBytes).toBe(cut);
      expect((await stat(join(directory, name))).size).toBe(whole.bytes.length);
      await journal.stop();
      expect(await drain(journal)).toEqual(['first']);
    }
  });

  it('takes a flipped bit in a record for the end of the segment', async () => {
    const bytes = Buffer.concat([record('first').bytes, record('second').bytes]);
    for (let at = record('first').bytes.length; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      const { tables } = readSegment(flipped, 1);
      const [spans] = tables;
      expect(spans?.blocks.map((block) => Buffer.from(block).toString())[0]).toBe('first');
      expect(spans?.blocks.length).toBe(1);
    }
  });

  it('never gives a segment id twice, also when all segments were loaded and deleted', async () => {
    const ids: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const journal = await openJournal();
      await journal.append(record(`round ${round}`));
      await journal.stop();
      const segment = await journal.next();
      ids.push(segment?.id ?? 0);
      await journal.done(segment?.id ?? 0);
    }
    expect(new Set(ids).size).toBe(3);
    expect([...ids].sort((a, b) => a - b)).toEqual(ids);
  });

  it('gives ids above the one that it is told, and above those of a directory that was lost or is restored', async () => {
    const firstId = async (now: number, afterId?: number): Promise<number | undefined> => {
      const journal = new Journal({ directory, config: journalConfig.parse({}), now: () => now });
      await journal.start(afterId);
      await journal.append(record('x'));
      await journal.stop();
      const id = (await journal.next())?.id;
      await journal.done(id ?? 0);
      return id;
    };
    expect(await firstId(2_000_000)).toBe(2_000_000);
    // The reservation counts where the clock was set back.
    expect(await firstId(1_000)).toBe(2_001_000);
    expect(await firstId(1_000, 3_000_000)).toBe(3_000_001);
    expect(await firstId(4_000_000)).toBe(4_000_000);
    await rm(directory, { recursive: true });
    expect(await firstId(4_000_500)).toBe(4_000_500);
  });

  it('gathers what arrives while the loader is busy in one segment, and seals it as soon as the loader is free', async () => {
    const journal = await openJournal();
    await journal.append(record('a'));
    const first = await journal.next();
    await journal.append(record('b'));
    await sleep(60);
    await journal.append(record('c'));
    expect(await segmentFiles()).toHaveLength(2);
    await journal.done(first?.id ?? 0);
    const second = await journal.next();
    expect(second?.tables[0]?.blocks.map((block) => Buffer.from(block).toString())).toEqual(['b', 'c']);
    await journal.done(second?.id ?? 0);
    // Nothing waits now, so the age alone seals again.
    await journal.append(record('d'));
    expect((await journal.next())?.tables[0]?.rows).toBe(1);
    await journal.stop();
  });

  it('seals a segment that is large enough also while the loader is busy', async () => {
    const journal = await openJournal({ segmentRows: 2, segmentAgeMs: 60_000 });
    for (const text of ['a', 'b', 'c', 'd', 'e']) await journal.append(record(text));
    expect(journal.stats().segments).toBe(3);
    await journal.stop();
    expect(await drain(journal)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('knows a resource as stored only after its segment was loaded, and no more after a restart', async () => {
    const journal = await openJournal();
    await journal.append(record('a', [1n, 2n]));
    const segment = await journal.next();
    expect(journal.storedResources.has(1n)).toBe(false);
    await journal.done(segment?.id ?? 0);
    expect([1n, 2n, 3n].map((id) => journal.storedResources.has(id))).toEqual([true, true, false]);
    await journal.append(record('b', [3n]));
    await journal.quarantine((await journal.next())?.id ?? 0);
    expect(journal.storedResources.has(3n)).toBe(false);
    await journal.append(record('c', [4n]));
    await journal.stop();
    const restarted = await openJournal();
    await restarted.done((await restarted.next())?.id ?? 0);
    expect([1n, 4n].map((id) => restarted.storedResources.has(id))).toEqual([false, false]);
    await restarted.stop();
  });

  it('refuses with a retryable error when it is full, and accepts again when the loader caught up', async () => {
    const journal = await openJournal({ maxBytes: 1024 * 1024 });
    const large = record('x'.repeat(600_000));
    await journal.append(large);
    await expect(journal.append(large)).rejects.toMatchObject({ code: 'journal_full', retryable: true });
    expect(journal.stats().refusedBatches).toBe(1);
    const segment = await journal.next();
    await journal.done(segment?.id ?? 0);
    await expect(journal.append(large)).resolves.toBeUndefined();
    await journal.stop();
  });

  it('keeps a segment that the store refuses, out of the way of the next one', async () => {
    const journal = await openJournal();
    await journal.append(record('bad'));
    await journal.stop();
    const segment = await journal.next();
    await journal.quarantine(segment?.id ?? 0);
    expect(await journal.next()).toBeUndefined();
    const [kept] = await readdir(join(directory, 'refused'));
    const content = readSegment(await readFile(join(directory, 'refused', kept ?? '')), 1);
    expect(Buffer.from(content.tables[0]?.blocks[0] ?? []).toString()).toBe('bad');
    expect(journal.stats().refusedSegments).toBe(1);
  });

  it('refuses batches while it stops', async () => {
    const journal = await openJournal();
    await journal.stop();
    await expect(journal.append(record('late'))).rejects.toMatchObject({ code: 'shutting_down', retryable: true });
  });

  it.skipIf(!canMount)(
    'answers a full disk with a retryable error, keeps what it acknowledged, and goes on when there is space',
    async () => {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]);
      try {
        const journal = await openJournal({ segmentAgeMs: 60_000 });
        await journal.append(record('before'));
        const large = record('x'.repeat(2_000_000));
        await expect(journal.append(large)).rejects.toMatchObject({ code: 'disk_full', retryable: true });
        await journal.append(record('after'));
        await journal.stop();
        expect(await drain(journal)).toEqual(['before', 'after']);
      } finally {
        execFileSync('umount', ['-l', directory]);
      }
    },
  );

  it('stamps the number of the segment into the rows that carry it', () => {
    const block = Buffer.concat([Buffer.from('head'), Buffer.alloc(16)]);
    const { bytes } = packRecord([{ table: 'touches', rows: 2, block }]);
    const { tables } = readSegment(Buffer.from(bytes), 77);
    const stamped = Buffer.from(tables[0]?.blocks[0] ?? []);
    expect([stamped.readBigUInt64LE(4), stamped.readBigUInt64LE(12)]).toEqual([77n, 77n]);
  });
});
