import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Batch } from '../../model/batch.ts';
import type { Consumer } from '../../model/consumer.ts';
import { WaybillError } from '../../model/errors.ts';
import type { StatusFact } from '../../model/order.ts';
import { encodeOrders } from '../../wire/eventlog/export.ts';
import { writeOcelSqlite } from '../../wire/eventlog/ocel-writer.ts';
import type { ExportedOrder } from '../../wire/eventlog/order-case.ts';
import { HashCounts } from './hash-counts.ts';
import { type ImportOptions, type ImportProgress, importEventLog, inspectEventLog } from './importer.ts';
import { proposalFlags } from './readers.ts';
import { RejectedFile } from './rejected-file.ts';

const T = '2025-01-01T00:00:00Z';
const T_NANO = 1_735_689_600_000_000_000n;
const COLUMNS = { case: 'case', activity: 'activity', timestamp: 'time' };
const HEADER = 'case,activity,time\n';

class Kept implements Consumer {
  readonly facts: StatusFact[] = [];
  readonly sizes: number[] = [];
  consume(batch: Batch): Promise<void> {
    if (batch.kind === 'facts') {
      this.facts.push(...batch.facts);
      this.sizes.push(batch.facts.length);
    }
    return Promise.resolve();
  }
}

let directory: string;
let number = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-import-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function file(content: string | Uint8Array, name = ''): Promise<string> {
  number += 1;
  const path = join(directory, `${number}${name}`);
  await writeFile(path, content);
  return path;
}

async function imported(path: string, options: Partial<ImportOptions> = {}) {
  const next = new Kept();
  const summary = await importEventLog({
    file: path,
    source: 'test',
    mapping: COLUMNS,
    next,
    now: () => 5n,
    ...options,
  });
  return { summary, facts: next.facts, sizes: next.sizes };
}

/** A zip archive as other tools write it; `change` spoils it. */
function zip(
  files: readonly { name: string; data: Buffer; stored?: boolean }[],
  change: (bytes: Buffer) => void = () => {},
): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const { name, data, stored = false } of files) {
    const body = stored ? data : deflateRawSync(data);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(4, 28);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(stored ? 0 : 8, 10);
    central.writeUInt32LE(crc32(data), 16);
    central.writeUInt32LE(body.length, 20);
    central.writeUInt32LE(data.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(offset, 42);
    locals.push(local, Buffer.from(name), Buffer.alloc(4), body);
    centrals.push(central, Buffer.from(name));
    offset += 34 + name.length + body.length;
  }
  const directoryBytes = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directoryBytes.length, 12);
  end.writeUInt32LE(offset, 16);
  const bytes = Buffer.concat([...locals, directoryBytes, end]);
  change(bytes);
  return bytes;
}

describe('importing a file', () => {
  test('events become facts in file order, with evidence that names the import', async () => {
    const { facts, summary } = await imported(await file(`${HEADER}o1,A,${T}\no1,B,${T}\n`));
    expect(facts).toEqual([
      {
        order: { kind: 'order', orderId: 'o1' },
        status: 'A',
        occurredAt: T_NANO,
        observedAt: 5n,
        source: 'test',
        evidenceKind: 'import',
        evidenceId: expect.stringMatching(/^import:[0-9a-f]{32}$/),
        sequence: 0,
        traceId: null,
        spanId: null,
      },
      expect.objectContaining({ status: 'B', sequence: 1 }),
    ]);
    expect(summary).toEqual({
      format: 'csv',
      events: 2,
      facts: 2,
      cases: 1,
      activities: 2,
      rejected: 0,
      reasons: [],
      skipped: { lifecycle: 0, unrelated: 0 },
      ambiguousLocalTimes: 0,
    });
  });

  test('equal events stay several, and a repeated import gives the same evidence ids', async () => {
    const path = await file(`${HEADER}o1,A,${T}\no1,A,${T}\no1,A,${T}\no2,A,${T}\n`);
    const ids = (await imported(path)).facts.map(({ evidenceId }) => evidenceId);
    expect(new Set(ids).size).toBe(4);
    expect((await imported(path, { batchSize: 1 })).facts.map(({ evidenceId }) => evidenceId)).toEqual(ids);
    const other = (await imported(path, { source: 'other' })).facts.map(({ evidenceId }) => evidenceId);
    expect(other.filter((id) => ids.includes(id))).toEqual([]);
  });

  test('a bad row mended later leaves the ids of all others alone', async () => {
    const rows = (middle: string): string => `${HEADER}o1,A,${T}\n${middle}o1,A,${T}\no1,B,${T}\n`;
    const before = (await imported(await file(rows(`o1,C,soon\n`)))).facts;
    const after = (await imported(await file(rows(`o1,C,${T}\n`)))).facts;
    const ids = after.filter(({ status }) => status !== 'C').map(({ evidenceId, sequence }) => [evidenceId, sequence]);
    expect(before.map(({ evidenceId, sequence }) => [evidenceId, sequence])).toEqual(ids);
  });

  test('with a column of ids, the same event in two overlapping files is one', async () => {
    const mapping = { ...COLUMNS, id: 'nr' };
    const one = await imported(await file(`case,activity,time,nr\no1,A,${T},1\no1,A,${T},2\n`), { mapping });
    const two = await imported(await file(`case,activity,time,nr\no1,A,${T},2\no1,A,${T},3\n`), { mapping });
    expect(two.facts[0]?.evidenceId).toBe(one.facts[1]?.evidenceId);
    expect(new Set([...one.facts, ...two.facts].map(({ evidenceId }) => evidenceId)).size).toBe(3);
  });

  test('trace ids, sources of rows and aliases find their place in the fact', async () => {
    const trace = 'ab'.repeat(16);
    const text = `case,activity,time,system,trace_id,span_id\no1,A,${T},CRM,${trace},${'cd'.repeat(8)}\no1,B,${T},,nonsense,1\n`;
    const { facts } = await imported(await file(text), {
      mapping: { ...COLUMNS, source: 'system' },
      alias: 'shop.order',
    });
    expect(facts).toMatchObject([
      {
        order: { kind: 'alias', alias: { name: 'shop.order', value: 'o1' } },
        source: 'CRM',
        traceId: trace,
        spanId: 'cd'.repeat(8),
      },
      { source: 'test', traceId: null, spanId: null },
    ]);
  });

  test('facts go out in batches, one on its way at a time, and progress ends at the whole file', async () => {
    const rows = Array.from({ length: 23_000 }, (_, index) => `o${index},A,${T}\n`).join('');
    const path = await file(HEADER + rows);
    let active = 0;
    let most = 0;
    const sizes: number[] = [];
    const progress: ImportProgress[] = [];
    const next: Consumer = {
      consume: async (batch) => {
        active += 1;
        most = Math.max(most, active);
        await new Promise((resolve) => setTimeout(resolve, 2));
        if (batch.kind === 'facts') sizes.push(batch.facts.length);
        active -= 1;
      },
    };
    const { summary } = await imported(path, { next, progress: (one) => progress.push(one) });
    expect(sizes).toEqual([5000, 5000, 5000, 5000, 3000]);
    expect(most).toBe(1);
    expect(summary).toMatchObject({ events: 23_000, facts: 23_000, cases: 23_000 });
    const { size } = await stat(path);
    expect(progress.at(-1)).toEqual({ bytesRead: size, bytesTotal: size, facts: 23_000, rejected: 0 });
  });

  test('rejected rows are counted, the first are listed, all are kept apart with line, reason and text', async () => {
    const path = await file(`${HEADER}o1,A,${T}\no1,"x""y",soon\n,B,${T}\no1,B\n`);
    const keep = new RejectedFile(`${path}.rejected.csv`);
    const { summary } = await imported(path, { rejected: keep.write, maxReasons: 2 });
    await keep.close();
    expect(summary).toMatchObject({ events: 1, facts: 1, rejected: 3 });
    expect(summary.reasons.map(({ line }) => line)).toEqual([3, 4]);
    const text = await readFile(keep.path, 'utf8');
    expect(text).toContain('line,reason,raw\r\n3,"the timestamp is not a time');
    expect(text).toContain(
      `"o1,""x""""y"",soon"\r\n4,the case id is empty,",B,${T}"\r\n5,2 fields where the header has 3,"o1,B"\r\n`,
    );
    const none = new RejectedFile(`${path}.none.csv`);
    await none.close();
    await expect(stat(none.path)).rejects.toThrow('ENOENT');
  });

  test('a retryable refusal is retried, a permanent one ends the import, and both tell how far it came', async () => {
    const path = await file(`${HEADER}o1,A,${T}\no2,A,${T}\n`);
    let refusals = 2;
    const kept = new Kept();
    const busy: Consumer = {
      consume: (batch) => {
        refusals -= 1;
        return refusals >= 0 ? Promise.reject(new WaybillError('journal_full', 'full')) : kept.consume(batch);
      },
    };
    const { summary } = await imported(path, { next: busy });
    expect(summary.facts).toBe(2);
    expect(kept.facts).toHaveLength(2);
    const broken: Consumer = { consume: () => Promise.reject(new WaybillError('internal', 'broken')) };
    await expect(imported(path, { next: broken, batchSize: 1 })).rejects.toThrow('broken');
    const full: Consumer = { consume: () => Promise.reject(new WaybillError('journal_full', 'full')) };
    await expect(imported(path, { next: full, maxRetryMs: 0 })).rejects.toThrow('full');
  });

  test('a signal stops it, also while it waits for a retry', async () => {
    const path = await file(`${HEADER}o1,A,${T}\n`);
    await expect(imported(path, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    const controller = new AbortController();
    const full: Consumer = {
      consume: () => {
        controller.abort();
        return Promise.reject(new WaybillError('journal_full', 'full'));
      },
    };
    await expect(imported(path, { next: full, signal: controller.signal })).rejects.toThrow(/abort/i);
  });

  test('guessed columns are used when they are confirmed, and otherwise proposed as flags', async () => {
    const rows = Array.from({ length: 6 }, (_, index) => `o${index >> 1};S${index % 2};0${index + 1}/13/2025\n`).join(
      '',
    );
    const path = await file(`Order ID;status;date\n${rows}`);
    const { proposal } = await inspectEventLog({ file: path });
    expect(proposal && proposalFlags(proposal)).toBe(
      "--timestamp date --case 'Order ID' --activity status --timestamp-format mm/dd/yyyy",
    );
    const unmapped = { mapping: {} };
    await expect(imported(path, unmapped)).rejects.toMatchObject({
      remedy: expect.stringContaining("--case 'Order ID'"),
    });
    await expect(imported(path, { ...unmapped, confirm: () => false })).rejects.toThrow(/not confirmed/);
    const { summary } = await imported(path, { ...unmapped, confirm: () => Promise.resolve(true) });
    expect(summary).toMatchObject({ events: 6, cases: 3 });
    // Named columns leave nothing to confirm, so that nothing else is guessed either.
    const named = await imported(path, { mapping: { case: 'Order ID', activity: 'status', timestamp: 'date' } });
    expect(named.summary.reasons[0]?.reason).toContain('--timestamp-format');
    await expect(imported(await file('a;b\n1;2\n'), { ...unmapped, confirm: () => true })).rejects.toMatchObject({
      remedy: expect.stringContaining('--case COLUMN'),
    });
  });

  test('a source without name is refused', async () => {
    await expect(imported(await file(HEADER), { source: '' })).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

describe('packed files', () => {
  const text = Buffer.from(`${HEADER}o1,A,${T}\no2,B,${T}\n`);

  test('gzip and zip, stored or deflated, are read as what is in them', async () => {
    const plain = (await imported(await file(text))).facts;
    for (const packed of [
      gzipSync(text),
      zip([{ name: 'log.CSV', data: text }]),
      zip([
        { name: 'dir/', data: Buffer.alloc(0) },
        { name: 'read.me', data: text },
        { name: '__MACOSX/._log.csv', data: text },
        { name: 'dir/log.csv', data: text, stored: true },
      ]),
    ]) {
      const progress: ImportProgress[] = [];
      const path = await file(packed);
      expect((await imported(path, { progress: (one) => progress.push(one) })).facts).toEqual(plain);
      expect(progress.at(-1)).toMatchObject({ bytesRead: packed.length, bytesTotal: packed.length });
    }
  });

  test.each([
    [
      'two CSV files',
      zip([
        { name: 'a.csv', data: text },
        { name: 'b.csv', data: text },
      ]),
      /holds 2 CSV files/,
    ],
    ['no CSV file', zip([{ name: 'a.exe', data: text }]), /holds 0 CSV files/],
    [
      'an encrypted file',
      zip([{ name: 'a.csv', data: text }], (bytes) => bytes.writeUInt16LE(1, bytes.length - 22 - 51 + 8)),
      /encrypted/,
    ],
    [
      'another method',
      zip([{ name: 'a.csv', data: text }], (bytes) => bytes.writeUInt16LE(14, bytes.length - 22 - 51 + 10)),
      /other than deflate/,
    ],
    [
      'a wrong checksum',
      zip([{ name: 'a.csv', data: text }], (bytes) => bytes.writeUInt32LE(1, bytes.length - 22 - 51 + 16)),
      /damaged/,
    ],
    [
      'a lie about its size',
      zip([{ name: 'a.csv', data: text }], (bytes) => bytes.writeUInt32LE(5, bytes.length - 22 - 51 + 24)),
      /unpacks to more/,
    ],
    [
      'a huge size',
      zip([{ name: 'a.csv', data: text }], (bytes) => bytes.writeUInt32LE(0xfffffffe, bytes.length - 22 - 51 + 24)),
      /unpacks to more/,
    ],
    [
      'ZIP64',
      zip([{ name: 'a.csv', data: text }], (bytes) => bytes.writeUInt32LE(0xffffffff, bytes.length - 6)),
      /ZIP64/,
    ],
    [
      'a damaged directory',
      zip([{ name: 'a.csv', data: text }], (bytes) => bytes.writeUInt32LE(7, bytes.length - 22 - 51)),
      /damaged/,
    ],
    [
      'a wild directory',
      zip([{ name: 'a.csv', data: text }], (bytes) => bytes.writeUInt32LE(0x7fffffff, bytes.length - 6)),
      /too large/,
    ],
    [
      'a damaged file header',
      zip([{ name: 'a.csv', data: text }], (bytes) => bytes.writeUInt16LE(7, 2)),
      /header is damaged/,
    ],
    ['damaged data', zip([{ name: 'a.csv', data: text }], (bytes) => bytes.fill(0xff, 41, 60)), /damaged/],
    ['an archive that was cut off', zip([{ name: 'a.csv', data: text }]).subarray(0, -5), /cut off/],
    ['a gzip file that was cut off', gzipSync(text).subarray(0, -12), /damaged or cut off/],
    [
      'a gzip file with a wrong checksum',
      Buffer.concat([gzipSync(text).subarray(0, -8), Buffer.alloc(8, 1)]),
      /damaged/,
    ],
  ])('%s is refused', async (_name, bytes, message) => {
    await expect(imported(await file(bytes), { maxUnpackedBytes: 1_000_000_000 })).rejects.toThrow(message);
  });

  test('a bomb is stopped at the bound', async () => {
    const bomb = gzipSync(HEADER + `o1,A,${T}\n`.repeat(250_000));
    await expect(imported(await file(bomb), { format: 'csv', maxUnpackedBytes: 1_000_000 })).rejects.toMatchObject({
      code: 'payload_too_large',
      remedy: expect.stringContaining('--max-unpacked-bytes'),
    });
  });

  test.each([
    ['a file that is not there', undefined, 'not_found'],
    ['an empty file', '', 'malformed_payload'],
    ['an empty gzip file', gzipSync(''), 'malformed_payload'],
  ])('%s is named as such', async (_name, content, code) => {
    const path = content === undefined ? join(directory, 'absent') : await file(content);
    await expect(imported(path)).rejects.toMatchObject({ code });
  });

  test('a directory, and a file of another format than given, are refused', async () => {
    await expect(imported(directory)).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(imported(await file(text), { format: 'ocel-sqlite' })).rejects.toMatchObject({
      code: 'unsupported_media_type',
    });
    await expect(imported(await file(text), { format: 'xes' })).rejects.toMatchObject({ code: 'malformed_payload' });
  });
});

describe('what is exported can be imported', () => {
  const traceId = '12'.repeat(16);
  const order = (orderId: string): ExportedOrder => ({
    orderId,
    aliases: [{ name: 'crm.id', value: `c-${orderId}` }],
    attributes: [],
    visits: ['INITIATED', 'SHIPPED'].map((status, index) => ({
      status,
      system: 'shop',
      enteredAt: T_NANO + BigInt(index),
      leftAt: index === 0 ? T_NANO + 1n : null,
      dwell: index === 0 ? 1n : null,
      evidence: [
        {
          evidenceKind: 'span_event',
          evidenceId: `e${index}`,
          source: 'shop-api',
          occurredAt: T_NANO,
          observedAt: T_NANO,
          traceId,
          spanId: '34'.repeat(8),
        },
      ],
    })),
    traces: [{ id: traceId, attributes: [] }],
    messages: [],
  });
  async function* orders(): AsyncGenerator<ExportedOrder> {
    yield order('o1');
    yield order('o2');
  }
  const brief = (facts: readonly StatusFact[]): unknown[] =>
    facts.map((fact) => [fact.order, fact.status, fact.occurredAt, fact.source, fact.traceId]);
  const expected = ['o1', 'o2'].flatMap((orderId) =>
    ['INITIATED', 'SHIPPED'].map((status, index) => [
      { kind: 'order', orderId },
      status,
      T_NANO + BigInt(index),
      'shop-api',
      traceId,
    ]),
  );

  test.each([
    ['csv', { mapping: {}, confirm: () => true }],
    ['xes', { mapping: { source: 'org:resource' } }],
    ['ocel-json', { mapping: { source: 'source' } }],
    ['jsonl', { mapping: {} }],
  ] as const)('as %s, whose format is recognised', async (format, options) => {
    const parts: string[] = [];
    for await (const part of encodeOrders(format, orders())) parts.push(part);
    for (const bytes of [parts.join(''), gzipSync(parts.join(''))]) {
      const { facts, summary } = await imported(await file(bytes), options);
      expect(summary).toMatchObject({ format, events: 4, cases: 2, rejected: 0 });
      expect(brief(facts)).toEqual(expected);
    }
  });

  test('as ocel-sqlite, which tells its progress too', async () => {
    const path = await file('');
    await rm(path);
    await writeOcelSqlite(orders(), path);
    const progress: ImportProgress[] = [];
    const { facts, summary } = await imported(path, {
      mapping: { source: 'source' },
      progress: (one) => progress.push(one),
    });
    expect(summary).toMatchObject({ format: 'ocel-sqlite', events: 4, cases: 2 });
    const sorted = [...facts].sort((a, b) => a.sequence - b.sequence);
    expect(brief(sorted)).toEqual(expected);
    expect(progress.at(-1)).toMatchObject({ bytesRead: (await stat(path)).size, facts: 4 });
  });
});

describe('counting hashes', () => {
  test('answers how often a key was there, through growth, up to the bound', () => {
    const counts = new HashCounts(50_000);
    const answers = new Set<string>();
    for (let round = 0; round < 2; round += 1) {
      for (let key = 0; key < 40_000; key += 1) answers.add(`${round}: ${counts.add(key % 7, key)}`);
    }
    expect([...answers]).toEqual(['0: 0', '1: 1']);
    expect(counts.size).toBe(40_000);
    expect(() => {
      for (let key = 0; key < 100_000; key += 1) counts.add(9, key);
    }).toThrow(/more than 50000 different events/);
  });
});
