import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Segment, SegmentSource } from '../model/segment.ts';
import { littleEndianBytes } from '../wire/native/column.ts';
import { encodeBlock } from '../wire/native/encode.ts';
import { StoreClient } from './client.ts';
import { EmbeddedEngine } from './engine/supervisor.ts';
import { Loader } from './loader.ts';

/** A journal in memory: keeps the contract of SegmentSource. */
class MemorySource implements SegmentSource {
  readonly #segments: Segment[];
  readonly quarantined: { id: number; reason: string }[] = [];
  readonly done_: number[] = [];

  constructor(segments: readonly Segment[]) {
    this.#segments = [...segments];
  }

  next(): Promise<Segment | undefined> {
    return Promise.resolve(this.#segments[0]);
  }

  done(id: number): Promise<void> {
    if (this.#segments.shift()?.id !== id) throw new Error('done for another segment than the first');
    this.done_.push(id);
    return Promise.resolve();
  }

  quarantine(id: number, reason: string): Promise<void> {
    this.#segments.shift();
    this.quarantined.push({ id, reason });
    return Promise.resolve();
  }
}

/** Collects garbage; V8 hands the function out on request only. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

const ROWS = 400;

function idBlock(first: number, rows: number): Uint8Array {
  const ids = Uint32Array.from({ length: rows }, (_, index) => first + index);
  return encodeBlock([{ name: 'id', type: 'UInt32', data: { kind: 'fixed', bytes: littleEndianBytes(ids) } }], rows);
}

/** A segment with two blocks for table `a` and one for `b`; ids never repeat between segments. */
function segment(id: number): Segment {
  const first = id * ROWS;
  return {
    id,
    tables: [
      { table: 'a', rows: ROWS, blocks: [idBlock(first, ROWS - 1), idBlock(first + ROWS - 1, 1)] },
      { table: 'b', rows: ROWS, blocks: [idBlock(first, ROWS)] },
    ],
  };
}

describe('the loader', () => {
  let directory: string;
  let engine: EmbeddedEngine;
  let client: StoreClient;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'waybill-loader-'));
    engine = new EmbeddedEngine({ directory, maxMemoryBytes: 1024 ** 3, log: () => undefined });
    client = new StoreClient({ ...(await engine.start()), database: 'default' });
  });

  afterAll(async () => {
    client.close();
    await engine.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function createTables(): Promise<void> {
    for (const table of ['a', 'b']) {
      await client.command(`DROP TABLE IF EXISTS ${table}`);
      await client.command(
        `CREATE TABLE ${table} (id UInt32) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 10000`,
      );
    }
  }

  async function counts(): Promise<unknown> {
    const [row] = await client.query(
      `SELECT toUInt32(count()) AS a, toUInt32(uniqExact(id)) AS distinctA,
       (SELECT toUInt32(count()) FROM b) AS b, (SELECT toUInt32(uniqExact(id)) FROM b) AS distinctB FROM a`,
    );
    return row;
  }

  it('loads oldest first, tells who listens, and counts', async () => {
    await createTables();
    const source = new MemorySource([segment(1), segment(2)]);
    const heard: number[] = [];
    const loader = new Loader({ source, store: { client, installationId: 'x' } });
    loader.onLoaded((id) => heard.push(id));
    loader.start();
    await expect.poll(() => loader.stats.loadedSegments, { timeout: 10_000 }).toBe(2);
    await loader.stop();
    expect(heard).toEqual([1, 2]);
    expect(loader.stats).toEqual({
      loadedSegments: 2,
      loadedRows: 4 * ROWS,
      failures: 0,
      quarantinedSegments: 0,
      lastError: undefined,
      failingForMs: 0,
    });
    expect(await counts()).toEqual({ a: 2 * ROWS, distinctA: 2 * ROWS, b: 2 * ROWS, distinctB: 2 * ROWS });
  });

  it('keeps nothing of the segments that it loaded, however long it runs', async () => {
    await createTables();
    const given: WeakRef<Segment>[] = [];
    let done = 0;
    const source: SegmentSource = {
      next: () => {
        if (done === 5) return new Promise(() => undefined);
        const next = segment(done + 1);
        given.push(new WeakRef(next));
        return Promise.resolve(next);
      },
      done: () => {
        done += 1;
        return Promise.resolve();
      },
    };
    const loader = new Loader({ source, store: { client, installationId: 'x' } });
    loader.start();
    await expect.poll(() => loader.stats.loadedSegments, { timeout: 10_000 }).toBe(5);
    const alive = (): number => {
      collectGarbage();
      return given.filter((each) => each.deref() !== undefined).length;
    };
    await expect.poll(alive, { timeout: 10_000 }).toBeLessThan(2);
    await loader.stop();
  });

  it('loads a repeated segment once, and the same number of another installation too', async () => {
    await createTables();
    for (const installationId of ['x', 'x', 'y']) {
      const loader = new Loader({ source: new MemorySource([segment(5)]), store: { client, installationId } });
      loader.start();
      await expect.poll(() => loader.stats.loadedSegments, { timeout: 10_000 }).toBe(1);
      await loader.stop();
    }
    expect(await counts()).toEqual({ a: 2 * ROWS, distinctA: ROWS, b: 2 * ROWS, distinctB: ROWS });
  });

  it('sets aside what the store refuses, and goes on', async () => {
    await createTables();
    const cut: Segment = { id: 1, tables: [{ table: 'a', rows: ROWS, blocks: [idBlock(0, ROWS).subarray(0, 100)] }] };
    const source = new MemorySource([cut, segment(2)]);
    const loader = new Loader({
      source,
      store: { client, installationId: 'x' },
    });
    loader.start();
    await expect.poll(() => loader.stats.loadedSegments, { timeout: 10_000 }).toBe(1);
    await loader.stop();
    expect(source.quarantined).toEqual([{ id: 1, reason: expect.stringContaining('malformed_payload') }]);
    expect(source.done_).toEqual([2]);
    expect(loader.stats).toMatchObject({ failures: 3, quarantinedSegments: 1 });
  });

  it('waits for a missing table instead of setting segments aside', async () => {
    await createTables();
    await client.command('DROP TABLE b');
    const source = new MemorySource([segment(1)]);
    const loader = new Loader({ source, store: { client, installationId: 'x' } });
    loader.start();
    await expect.poll(() => loader.stats.failures, { timeout: 10_000 }).toBeGreaterThan(4);
    expect(loader.stats.lastError).toContain('no table b');
    await client.command(
      'CREATE TABLE b (id UInt32) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 10000',
    );
    await expect.poll(() => loader.stats.loadedSegments, { timeout: 10_000 }).toBe(1);
    await loader.stop();
    expect(source.quarantined).toEqual([]);
    expect(await counts()).toEqual({ a: ROWS, distinctA: ROWS, b: ROWS, distinctB: ROWS });
  });

  it('stops while its source is open and empty', async () => {
    const source: SegmentSource = { next: () => new Promise(() => undefined), done: () => Promise.resolve() };
    const loader = new Loader({ source, store: { client, installationId: 'x' } });
    loader.start();
    await loader.stop();
    expect(loader.stats.failures).toBe(0);
  });

  it('loads everything once while the server is killed again and again', async () => {
    await createTables();
    const segments = 90;
    const source = new MemorySource(Array.from({ length: segments }, (_, id) => segment(id)));
    const loader = new Loader({ source, store: { client, installationId: 'x' } });
    loader.start();
    for (let kills = 0; kills < 3; kills += 1) {
      const loaded = loader.stats.loadedSegments;
      await expect.poll(() => loader.stats.loadedSegments, { timeout: 20_000 }).toBeGreaterThan(loaded + 10);
      await sleep(Math.random() * 20);
      if (engine.pid !== undefined) process.kill(engine.pid, 'SIGKILL');
    }
    await expect.poll(() => loader.stats.loadedSegments, { timeout: 30_000 }).toBe(segments);
    await loader.stop();
    expect(engine.restarts).toBe(3);
    expect(source.quarantined).toEqual([]);
    const rows = segments * ROWS;
    expect(await counts()).toEqual({ a: rows, distinctA: rows, b: rows, distinctB: rows });
  });
});
