import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { Agent, type AgentOptions, request } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeBlock } from '../../wire/native/encode.ts';
import { StoreClient } from '../client.ts';
import { SPOOLED_DATA_HEADER } from './options.ts';
import { Spool } from './spool.ts';
import { EmbeddedEngine, type EngineEndpoint } from './supervisor.ts';

const MEMORY = 1024 ** 3;

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

describe('the embedded server', () => {
  let directory: string;
  let engine: EmbeddedEngine;
  let endpoint: EngineEndpoint;
  const messages: string[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'waybill-engine-'));
    engine = new EmbeddedEngine({
      directory: join(directory, 'store'),
      maxMemoryBytes: MEMORY,
      log: (_level, message) => messages.push(message),
    });
    endpoint = await engine.start();
    await ask('CREATE TABLE default.rows (id UInt32, text String) ENGINE = MergeTree ORDER BY id');
  });

  afterAll(async () => {
    await engine.stop();
    await rm(directory, { recursive: true, force: true });
  });

  function ask(body: string | Buffer, search = '', headers: Record<string, string> = {}): Promise<Answer> {
    return new Promise((done, fail) => {
      const url = `${endpoint.url}/?database=default&${search}`;
      const sent = request(url, { method: 'POST', socketPath: endpoint.socketPath, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          done({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      });
      sent.on('error', fail);
      sent.end(body);
    });
  }

  it('serves an unchanged client: ping, query with parameters, insert, command', async () => {
    const agentOptions: AgentOptions & { socketPath: string | undefined } = { socketPath: endpoint.socketPath };
    const client = createClient({
      url: endpoint.url,
      http_agent: new Agent(agentOptions),
      compression: { request: true, response: true },
    });
    expect(await client.ping()).toEqual({ success: true });
    await client.command({ query: 'CREATE TABLE typed (id UInt64, at DateTime64(9)) ENGINE = MergeTree ORDER BY id' });
    await client.insert({
      table: 'typed',
      values: [{ id: '18446744073709551615', at: '2026-11-22 10:00:00.123456789' }],
      format: 'JSONEachRow',
    });
    const odd = `it's {a:String} \\ "quoted"\n\tand; more`;
    const result = await client.query({
      query:
        'SELECT toString(id) AS id, toString(at) AS at, {text:String} AS text FROM typed AS t WHERE t.id > {least:UInt64}',
      query_params: { text: odd, least: 1n },
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([
      { id: '18446744073709551615', at: '2026-11-22 10:00:00.123456789', text: odd },
    ]);
  });

  it('takes data from a file that was put into its spool, and from no other place', async () => {
    const insert = `query=${encodeURIComponent('INSERT INTO handed FORMAT TSV')}`;
    await ask('CREATE TABLE default.handed (text String) ENGINE = MergeTree ORDER BY text');
    const put = await endpoint.spool.hand([Buffer.from('one\ntw'), Buffer.from('o\n')]);
    const path = put?.path ?? '';
    expect((await ask('', insert, { [SPOOLED_DATA_HEADER]: path })).status).toBe(200);
    await put?.remove();
    expect((await ask('SELECT text FROM handed ORDER BY text')).body.toString()).toBe('one\ntwo\n');

    // Gone: whoever asked may try again.
    expect((await ask('', insert, { [SPOOLED_DATA_HEADER]: path })).status).toBe(503);
    const elsewhere = join(directory, basename(path));
    await writeFile(elsewhere, 'stolen\n');
    for (const other of [
      elsewhere,
      join(dirname(path), '..', basename(path)),
      `${dirname(path)}/*.bin`,
      '/etc/hosts',
    ]) {
      expect((await ask('', insert, { [SPOOLED_DATA_HEADER]: other })).status).toBe(501);
    }
    expect((await ask('SELECT count() FROM handed')).body.toString()).toBe('2\n');
  });

  it('has data sent over the connection where it cannot be put into the spool', async () => {
    const { disk } = endpoint.spool.places;
    const small = new Spool({ disk, memory: undefined }, 4);
    expect(await small.hand([Buffer.from('five!')])).toBeUndefined();
    const missing = new Spool({ disk: join(directory, 'missing'), memory: undefined }, 4);
    expect(await missing.hand([Buffer.from('four')])).toBeUndefined();
    const { socketPath } = endpoint;
    const client = new StoreClient({ url: endpoint.url, socketPath, database: 'default', spool: missing });
    await ask('CREATE TABLE default.sent (id UInt8) ENGINE = MergeTree ORDER BY id');
    const column = { name: 'id', type: 'UInt8', data: { kind: 'fixed', bytes: Uint8Array.of(7) } } as const;
    await client.insertBlocks('sent', [encodeBlock([column], 1)]);
    expect((await ask('SELECT id FROM sent')).body.toString()).toBe('7\n');
    client.close();
  });

  it('keeps its directory and its socket from others', async () => {
    expect((await stat(join(directory, 'store'))).mode & 0o777).toBe(0o700);
  });

  it('answers errors with the code of ClickHouse', async () => {
    const answer = await ask('SELECT * FROM nowhere');
    expect(answer.status).toBe(404);
    expect(answer.headers['x-clickhouse-exception-code']).toBe('60');
    expect(answer.body.toString()).toMatch(/^Code: 60\. DB::Exception: .*\(UNKNOWN_TABLE\)/);
  });

  it('refuses a second statement behind a semicolon, and takes a semicolon at the end', async () => {
    const answer = await ask("SELECT ';' ; DROP TABLE rows");
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain('Multi-statements');
    expect((await ask("SELECT ';' ;")).body.toString()).toBe(';\n');
  });

  it('forgets settings, database and parameters of earlier queries', async () => {
    for (let round = 0; round < 8; round += 1) {
      await ask("SELECT {secret:String}, getSetting('max_block_size')", 'param_secret=s&max_block_size=7');
    }
    const settings = await Promise.all(Array.from({ length: 8 }, () => ask("SELECT getSetting('max_block_size')")));
    expect(settings.map(({ body }) => body.toString())).not.toContain('7\n');
    const leaks = await Promise.all(Array.from({ length: 8 }, () => ask('SELECT {secret:String}')));
    expect(leaks.map(({ headers }) => headers['x-clickhouse-exception-code'])).toEqual(Array(8).fill('456'));
  });

  it('keeps the base settings after a query whose settings were wrong', async () => {
    expect((await ask('SELECT 1', 'nonsense=1')).status).toBe(404);
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask("SELECT getSetting('async_insert')")));
    expect(new Set(answers.map(({ body }) => body.toString()))).toEqual(new Set(['false\n']));
  });

  it('takes compressed data and gives compressed answers', async () => {
    const rows = Array.from({ length: 2000 }, (_, id) => `{"id":${id},"text":"row ${id}"}`).join('\n');
    const search = `query=${encodeURIComponent('INSERT INTO rows FORMAT JSONEachRow')}`;
    expect((await ask(gzipSync(rows), search, { 'Content-Encoding': 'gzip' })).status).toBe(200);
    const query =
      "SELECT count(), uniqExact(text), arrayStringConcat(groupArray(text)) != '' FROM rows WHERE id < 2000";
    expect((await ask(query)).body.toString()).toBe('2000\t2000\t1\n');
    const answer = await ask('SELECT text FROM rows ORDER BY id', 'enable_http_compression=1', {
      'Accept-Encoding': 'gzip',
    });
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(answer.body).toString().split('\n')[1999]).toBe('row 1999');
  });

  it('takes the data of an INSERT from the statement too', async () => {
    expect((await ask('INSERT INTO rows (id, text) FORMAT JSONEachRow\n{"id":9001,"text":"a;b"}')).status).toBe(200);
    expect((await ask("INSERT INTO rows (id, text) VALUES (9002, 'c;d')")).status).toBe(200);
    expect((await ask('SELECT text FROM rows WHERE id > 9000 ORDER BY id')).body.toString()).toBe('a;b\nc;d\n');
  });

  it('refuses data with a column that the table lacks', async () => {
    const answer = await ask('INSERT INTO rows FORMAT JSONEachRow\n{"id":9003,"txet":"x"}');
    expect(answer.status).not.toBe(200);
    expect((await ask('SELECT count() FROM rows WHERE id = 9003')).body.toString()).toBe('0\n');
  });

  it('answers many parallel queries, each with its own parameters', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, id) => ask('SELECT {id:UInt32}', `param_id=${id}`)),
    );
    expect(answers.map(({ body }) => Number(body.toString()))).toEqual(Array.from({ length: 40 }, (_, id) => id));
  });

  it('refuses a second server on the same directory and says who holds it', async () => {
    const second = new EmbeddedEngine({
      directory: join(directory, 'store'),
      maxMemoryBytes: MEMORY,
      log: () => undefined,
    });
    await expect(second.start()).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringContaining(`process ${engine.pid} holds it`),
    });
    expect((await ask('SELECT 1')).body.toString()).toBe('1\n');
    await second.stop();
  });

  it('starts again after the child was killed', async () => {
    const restarts = engine.restarts;
    process.kill(engine.pid ?? 0, 'SIGKILL');
    await expect.poll(() => engine.restarts, { timeout: 20_000 }).toBe(restarts + 1);
    await expect.poll(() => engine.ok, { timeout: 20_000 }).toBe(true);
    expect((await ask('SELECT text FROM rows WHERE id = 7')).body.toString()).toBe('row 7\n');
    expect(messages).toContain('the embedded store died and is started again');
  });

  it('keeps its rows over a stop and a start', async () => {
    await engine.stop();
    expect(engine.ok).toBe(false);
    endpoint = await engine.start();
    expect((await ask('SELECT count() FROM rows')).body.toString()).toBe('2002\n');
  });

  it('lets go of the directory when its parent is killed', async () => {
    const orphaned = join(directory, 'orphaned');
    const script = `
      const { EmbeddedEngine } = await import(${JSON.stringify(new URL('./supervisor.ts', import.meta.url).href)});
      const engine = new EmbeddedEngine({ directory: ${JSON.stringify(orphaned)}, maxMemoryBytes: ${MEMORY}, log() {} });
      await engine.start();
      process.stdout.write('started ' + engine.pid);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const child = Number(said.toString().split(' ')[1]);
    parent.kill('SIGKILL');
    const heir = new EmbeddedEngine({ directory: orphaned, maxMemoryBytes: MEMORY, log: () => undefined });
    await heir.start();
    expect(heir.ok).toBe(true);
    expect(heir.pid).not.toBe(child);
    await heir.stop();
  });
});
