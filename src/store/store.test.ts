import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { WaybillError } from '../model/errors.ts';
import { Secret } from '../model/secret.ts';
import { StringTable } from '../model/string-table.ts';
import { littleEndianBytes, type NativeColumn } from '../wire/native/column.ts';
import { encodeBlock } from '../wire/native/encode.ts';
import { StoreClient } from './client.ts';
import { storeConfigSchema } from './config.ts';
import { EmbeddedEngine } from './engine/supervisor.ts';
import { applySchema, readSchemaFiles } from './schema.ts';
import { openStore, type Store } from './store.ts';
import { toDateTime64, unixNanoText } from './time.ts';

const GIBIBYTE = 1024 ** 3;
const config = storeConfigSchema.parse({ maxMemoryBytes: GIBIBYTE });
const log = (): void => undefined;

async function failureOf(work: Promise<unknown>): Promise<WaybillError> {
  const failure = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (failure instanceof WaybillError) return failure;
  throw new Error('expected a WaybillError', { cause: failure });
}

/** Column `id` with the numbers from `first` on. */
function idColumn(first: number, rows: number): NativeColumn {
  const ids = Uint32Array.from({ length: rows }, (_, index) => first + index);
  return { name: 'id', type: 'UInt32', data: { kind: 'fixed', bytes: littleEndianBytes(ids) } };
}

function ends(...values: number[]): Uint32Array {
  return Uint32Array.from(values);
}

function idBlock(first: number, rows: number): Uint8Array {
  return encodeBlock([idColumn(first, rows)], rows);
}

const DEDUPLICATED = 'ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 1000';

describe('the store', () => {
  let directory: string;
  let store: Store;
  let client: StoreClient;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'waybill-store-'));
    store = await openStore(config, { dataDir: directory, log });
    client = store.client;
    await client.command(`CREATE TABLE numbers_in (id UInt32) ${DEDUPLICATED}`);
  });

  afterAll(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('is embedded and well', async () => {
    expect(await store.status()).toEqual({ kind: 'embedded', ok: true, restarts: 0 });
  });

  it('takes parameters larger than a statement may be by default, in sessions that have not run anything yet', async () => {
    const fresh = await mkdtemp(join(tmpdir(), 'waybill-fresh-'));
    const other = await openStore(config, { dataDir: fresh, log });
    const text = JSON.stringify(Array.from({ length: 20_000 }, (_, index) => `order-${index}-${'x'.repeat(20)}`));
    const asked = Array.from({ length: 8 }, () => other.client.queryCells('SELECT length({text:String})', { text }));
    expect(await Promise.all(asked)).toEqual(asked.map(() => [[String(text.length)]]));
    await other.close();
    await rm(fresh, { recursive: true, force: true });
  });

  it('applies each schema file once', async () => {
    const before = await client.query('SELECT version, applied_at FROM schema_versions ORDER BY version');
    expect(before.length).toBe((await readSchemaFiles()).length);
    await applySchema(client, { retentionDays: 30 });
    expect(await client.query('SELECT version, applied_at FROM schema_versions ORDER BY version')).toEqual(before);
  });

  it('changes the retention of the spans when the configuration does', async () => {
    const ttl = async (): Promise<unknown> =>
      (await client.query<{ engine_full: string }>("SELECT engine_full FROM system.tables WHERE name = 'spans'"))[0]
        ?.engine_full;
    expect(await ttl()).toContain('toIntervalDay(30)');
    await applySchema(client, { retentionDays: 7 });
    expect(await ttl()).toContain('toIntervalDay(7)');
    expect(await ttl()).toContain('non_replicated_deduplication_window = 10000');
    await applySchema(client, { retentionDays: 30 });
  });

  it('refuses data of a newer version and of a changed schema file', async () => {
    const files = await readSchemaFiles();
    const newer = await failureOf(applySchema(client, { retentionDays: 30, files: files.slice(0, -1) }));
    expect(newer).toMatchObject({ code: 'invalid_configuration', message: expect.stringContaining('newer') });
    const changed = files.map((file) => ({ ...file, sql: `${file.sql} ` }));
    expect((await failureOf(applySchema(client, { retentionDays: 30, files: changed }))).code).toBe(
      'invalid_configuration',
    );
  });

  it('keeps nanoseconds both ways', async () => {
    const times = [0n, 1n, -1n, 1_795_341_600_123_456_789n, 999_999_999n, -2_208_988_800_000_000_000n];
    await client.command("CREATE TABLE times (n UInt8, at DateTime64(9, 'UTC')) ENGINE = MergeTree ORDER BY n");
    await client.insertRows(
      'times',
      times.map((at, n) => ({ n, at: toDateTime64(at) })),
    );
    const row = z.object({ nano: unixNanoText });
    const rows = await client.query('SELECT toUnixTimestamp64Nano(at) AS nano FROM times ORDER BY n', {}, row);
    expect(rows.map(({ nano }) => nano)).toEqual(times);
    const [, , , at = 0n] = times;
    const found = await client.query("SELECT n FROM times WHERE at = {at:DateTime64(9, 'UTC')}", {
      at: toDateTime64(at),
    });
    expect(found).toEqual([{ n: 3 }]);
  });

  it('brings every kind of Native column into a table unchanged', async () => {
    await client.command(`CREATE TABLE kinds (id UInt32, fixed FixedString(2), text String, low LowCardinality(String),
      lows Array(LowCardinality(String)), lists Array(Array(LowCardinality(String))), texts Array(Array(String)),
      maybe Nullable(DateTime64(9, 'UTC')), maybes Array(Nullable(UInt8)), wide Int64) ENGINE = MergeTree ORDER BY id`);
    const strings = new StringTable();
    strings.internText('never used');
    const ids = (...texts: string[]): Uint32Array => Uint32Array.from(texts, (text) => strings.internText(text));
    const long = 'ж'.repeat(300);
    const low = (...texts: string[]) => ({ kind: 'low_cardinality', ids: ids(...texts), strings }) as const;
    const columns = (first: number): NativeColumn[] => [
      // Another order than the table's: columns go by name.
      { name: 'text', type: 'String', data: { kind: 'string', ids: ids('', long, 'a\n\nb\0'), strings } },
      idColumn(first, 3),
      { name: 'fixed', type: 'FixedString(2)', data: { kind: 'fixed', bytes: Buffer.from('aabbcc') } },
      { name: 'low', type: 'LowCardinality(String)', data: low('x', '', 'x') },
      {
        name: 'lows',
        type: 'Array(LowCardinality(String))',
        data: { kind: 'array', ends: ends(2, 2, 3), inner: low('p', 'q', 'p') },
      },
      {
        name: 'lists',
        type: 'Array(Array(LowCardinality(String)))',
        data: { kind: 'array', ends: ends(0, 0, 0), inner: { kind: 'array', ends: ends(), inner: low() } },
      },
      {
        name: 'texts',
        type: 'Array(Array(String))',
        data: {
          kind: 'array',
          ends: ends(1, 3, 3),
          inner: { kind: 'array', ends: ends(2, 2, 3), inner: { kind: 'string', ids: ids('1', '', '3'), strings } },
        },
      },
      {
        name: 'maybe',
        type: "Nullable(DateTime64(9, 'UTC'))",
        data: {
          kind: 'nullable',
          nulls: Uint8Array.of(0, 1, 0),
          inner: { kind: 'fixed', bytes: new Uint8Array(new BigInt64Array([1n, 0n, -1n]).buffer) },
        },
      },
      {
        name: 'maybes',
        type: 'Array(Nullable(UInt8))',
        data: {
          kind: 'array',
          ends: ends(0, 2, 2),
          inner: { kind: 'nullable', nulls: Uint8Array.of(1, 0), inner: { kind: 'fixed', bytes: Uint8Array.of(0, 9) } },
        },
      },
      {
        name: 'wide',
        type: 'Int64',
        data: { kind: 'fixed', bytes: new Uint8Array(new BigInt64Array([-(2n ** 63n), 0n, 2n ** 63n - 1n]).buffer) },
      },
    ];
    const blocks = [encodeBlock(columns(0), 3), encodeBlock(columns(3), 3)];
    await client.insertBlocks('kinds', [Buffer.concat(blocks)]);
    const rows = await client.query(
      'SELECT * EXCEPT (maybe), toUnixTimestamp64Nano(maybe) AS maybe FROM kinds ORDER BY id',
    );
    const expected = [
      {
        fixed: 'aa',
        text: '',
        low: 'x',
        lows: ['p', 'q'],
        texts: [['1', '']],
        maybes: [],
        wide: '-9223372036854775808',
        maybe: '1',
      },
      { fixed: 'bb', text: long, low: '', lows: [], texts: [[], ['3']], maybes: [null, 9], wide: '0', maybe: null },
      {
        fixed: 'cc',
        text: 'a\n\nb\0',
        low: 'x',
        lows: ['p'],
        texts: [],
        maybes: [],
        wide: '9223372036854775807',
        maybe: '-1',
      },
    ].map((row) => ({ ...row, lists: [] }));
    expect(rows).toEqual([...expected, ...expected].map((row, id) => ({ id, ...row })));
  });

  it('brings large dictionaries into a table unchanged', async () => {
    await client.command('CREATE TABLE many (id UInt32, low LowCardinality(String)) ENGINE = MergeTree ORDER BY id');
    const strings = new StringTable();
    const rows = 70_000;
    const ids = Uint32Array.from({ length: rows }, (_, index) => strings.internText(`value ${index}`));
    const low = {
      name: 'low',
      type: 'LowCardinality(String)',
      data: { kind: 'low_cardinality', ids, strings },
    } as const;
    await client.insertBlocks('many', [encodeBlock([idColumn(0, rows), low], rows)]);
    const query =
      "SELECT toUInt32(count()) AS rows, toUInt32(countIf(low = concat('value ', toString(id)))) AS equal FROM many";
    expect(await client.query(query)).toEqual([{ rows, equal: rows }]);
  });

  it('refuses a block whose columns are not those of the table', async () => {
    const misnamed = encodeBlock([{ ...idColumn(1, 1), name: 'di' }], 1);
    expect(await failureOf(client.insertBlocks('numbers_in', [misnamed]))).toMatchObject({
      code: 'internal',
      message: expect.stringContaining('missing: id; unknown: di'),
    });
    const both = encodeBlock([idColumn(1, 1), { ...idColumn(1, 1), name: 'extra' }], 1);
    expect((await failureOf(client.insertBlocks('numbers_in', [both]))).code).toBe('internal');
    expect((await failureOf(client.insertBlocks('numbers_in', [idBlock(1, 9).subarray(0, 20)]))).code).toBe(
      'malformed_payload',
    );
    expect((await failureOf(client.insertRows('numbers_in', [{ id: 1 }, { id: 2, extra: 1 }]))).code).toBe('internal');
    expect(await client.query('SELECT id FROM numbers_in')).toEqual([]);
  });

  it('inserts the same token once, also in several blocks, after a restart of the server and for other data', async () => {
    const count = async (): Promise<unknown> =>
      (await client.query('SELECT toUInt32(count()) AS n, toUInt32(uniqExact(id)) AS u FROM numbers_in'))[0];
    const blocks = [idBlock(0, 1000), idBlock(1000, 500)];
    await client.insertBlocks('numbers_in', blocks, { token: 'a-1-numbers_in' });
    await client.insertBlocks('numbers_in', blocks, { token: 'a-1-numbers_in' });
    expect(await count()).toEqual({ n: 1500, u: 1500 });
    await store.close();
    store = await openStore(config, { dataDir: directory, log });
    client = store.client;
    await client.insertBlocks('numbers_in', blocks, { token: 'a-1-numbers_in' });
    expect(await count()).toEqual({ n: 1500, u: 1500 });
    await client.insertBlocks('numbers_in', [idBlock(0, 1)], { token: 'a-2-numbers_in' });
    expect(await count()).toEqual({ n: 1501, u: 1500 });
  });

  it('deduplicates an insert that falls into several partitions', async () => {
    await client.command(`CREATE TABLE parted (id UInt32) ENGINE = MergeTree PARTITION BY id % 3 ORDER BY id
      SETTINGS non_replicated_deduplication_window = 1000`);
    for (let round = 0; round < 3; round += 1) await client.insertBlocks('parted', [idBlock(0, 100)], { token: 'p-1' });
    expect(await client.query('SELECT toUInt32(count()) AS n FROM parted')).toEqual([{ n: 100 }]);
  });

  it('answers twenty readers at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        client.query('SELECT {text:String} AS text, toUInt32(count()) AS n FROM numbers_in WHERE id < {n:UInt32}', {
          text: `t${n}`,
          n,
        }),
      ),
    );
    expect(answers.map(([row]) => row)).toEqual(
      Array.from({ length: 20 }, (_, n) => ({ text: `t${n}`, n: n === 0 ? 0 : n + 1 })),
    );
  });

  it('takes any value of a parameter as it is, in the address or too long for it', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 });
    const values = fc.record({
      text,
      list: fc.array(text, { maxLength: 5 }),
      filler: fc.constantFrom('', 'x'.repeat(5000)),
    });
    await fc.assert(
      fc.asyncProperty(values, async (params) => {
        const sql = 'SELECT {text:String} AS text, {list:Array(String)} AS list, {filler:String} AS filler';
        expect(await client.query(sql, params)).toEqual([params]);
      }),
      { numRuns: 60 },
    );
    const sql =
      'SELECT {large:UInt64} AS large, {flags:Array(Bool)} AS flags, {none:Nullable(String)} AS none, {half:Float64} AS half';
    const params = { large: 2n ** 64n - 1n, flags: [true, false], none: null, half: 0.5 };
    expect(await client.query(sql, params)).toEqual([{ ...params, large: '18446744073709551615' }]);
    expect((await failureOf(client.query('SELECT {at:String}', { at: new Date(0) }))).code).toBe('internal');
  });

  it('names what went wrong without data', async () => {
    const syntax = await failureOf(client.query('SELEKT 1'));
    expect(syntax).toMatchObject({ code: 'internal', retryable: false, message: expect.stringContaining('62') });
    const secret = 'order-4711';
    const unknown = await failureOf(
      client.query('SELECT nothing FROM numbers_in WHERE toString(id) = {s:String}', { s: secret }),
    );
    expect(unknown.message).toContain('47 UNKNOWN_IDENTIFIER');
    const parse = await failureOf(client.query('SELECT toUInt8({s:String})', { s: secret }));
    expect(inspect([unknown, parse], { depth: 9 })).not.toContain(secret);
    const row = z.object({ n: z.string() });
    expect((await failureOf(client.query('SELECT 77 AS n', {}, row))).message).toMatch(/schema at n$/);
  });

  it('refuses a second opener of the data directory', async () => {
    const failure = await failureOf(openStore(config, { dataDir: directory, log }));
    expect(failure).toMatchObject({ code: 'invalid_configuration', remedy: expect.stringContaining('stop') });
    expect((await store.status()).ok).toBe(true);
  });

  it('keeps the installation id, and refuses a broken one', async () => {
    const path = join(directory, 'installation-id');
    expect((await readFile(path, 'utf8')).trim()).toBe(store.installationId);
    const other = await mkdtemp(join(tmpdir(), 'waybill-store-'));
    await writeFile(join(other, 'installation-id'), 'broken');
    expect((await failureOf(openStore(config, { dataDir: other, log }))).code).toBe('invalid_configuration');
    await rm(other, { recursive: true });
  });

  it('is unavailable, and says so as retryable, while nothing listens', async () => {
    const nobody = new StoreClient({ url: 'http://127.0.0.1:9', database: 'waybill' });
    expect(await failureOf(nobody.query('SELECT 1'))).toMatchObject({ code: 'store_unavailable', retryable: true });
    expect(await nobody.ping()).toBe(false);
    nobody.close();
  });
});

describe('a store at a URL', () => {
  it('works like the embedded one, and keeps its password to itself', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'waybill-remote-'));
    const engine = new EmbeddedEngine({
      directory: join(directory, 'server'),
      maxMemoryBytes: GIBIBYTE,
      listen: 'loopback',
      log,
    });
    const { url, password } = await engine.start();
    const remote = storeConfigSchema.parse({
      url,
      user: 'default',
      password: password?.reveal(),
      database: 'elsewhere',
    });
    const store = await openStore(remote, { dataDir: join(directory, 'data'), log });
    await store.client.insertRows('projector_state', [
      { slot: 0, revision: 1, order_ids: [], segment: 2n ** 53n + 1n },
    ]);
    expect(await store.client.query('SELECT segment FROM elsewhere.projector_state')).toEqual([
      { segment: '9007199254740993' },
    ]);
    expect(await store.status()).toEqual({ kind: 'remote', ok: true, restarts: 0 });

    const wrong = new StoreClient({ url, user: 'default', password: new Secret('wrong'), database: 'elsewhere' });
    expect(await failureOf(wrong.query('SELECT 1'))).toMatchObject({ code: 'invalid_configuration' });
    expect(inspect(remote)).toContain('[redacted]');
    expect(`${inspect(remote)}${JSON.stringify(remote)}`).not.toContain(password?.reveal() ?? '?');

    // A restart keeps the address.
    process.kill(engine.pid ?? 0, 'SIGKILL');
    await expect.poll(() => engine.restarts > 0 && engine.ok, { timeout: 20_000 }).toBe(true);
    expect(await store.client.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    wrong.close();
    await store.close();
    await engine.stop();
    await rm(directory, { recursive: true, force: true });
  });
});
