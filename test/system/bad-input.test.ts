import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { errorBody } from '../../src/api/contract/index.ts';
import { zeroBomb } from '../../src/receivers/otlp/testing/requests.ts';
import { decodeMessage } from '../../src/wire/otlp/testing/trace-proto.ts';
import { endEverything, temporaryDirectory, Waybill } from './harness.ts';
import { jsonBody, postTraces, protobufBody, sendSpans, type TestSpan } from './otlp-sender.ts';

const MEBIBYTE = 1024 * 1024;
const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json' };

let waybill: Waybill;
beforeAll(async () => {
  waybill = await Waybill.start({
    dataDir: await temporaryDirectory(),
    otlpHttp: { requestTimeoutMs: 4000, headersTimeoutMs: 1500 },
  });
});
afterAll(endEverything);

let goodSpans = 0;
// After every attack the same process still takes a good span; the last test sees that all of them are there.
afterEach(async () => {
  goodSpans += 1;
  const { status } = await sendSpans(waybill.otlpHttp, spansOf(goodSpans));
  if (status !== 200 || waybill.process.ended) throw new Error(`a good span was answered with ${status}`);
});

function spansOf(number: number): TestSpan[] {
  const id = number.toString(16);
  const startedAt = BigInt(Date.now()) * 1_000_000n;
  return [
    { traceId: id.padStart(32, 'a'), spanId: id.padStart(16, 'a'), service: 'good', name: 'good span', startedAt },
  ];
}

/** An export of one span with so many attributes, put together by hand: an encoder would need gigabytes. */
function spanOfAttributes(traceId: string, count: number): Uint8Array {
  const ids = Buffer.from(`0a10${traceId}1208${'b'.repeat(16)}`, 'hex');
  // Field 9 of Span: a KeyValue of `k` and the string `v`.
  const attribute = Buffer.from('4a080a016b12030a0176', 'hex');
  const span = Buffer.concat([ids, Buffer.alloc(attribute.length * count, attribute)]);
  const [resourceSpans, scopeSpans, spans] = [0x0a, 0x12, 0x12];
  return field(resourceSpans, field(scopeSpans, field(spans, span)));
}

function field(tag: number, content: Uint8Array): Buffer {
  const head = [tag];
  let length = content.length;
  for (; length >= 0x80; length >>>= 7) head.push((length & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, length]), content]);
}

/** A value of /proc/PID/status in bytes. */
function memory(name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${waybill.process.pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
}

/** An answer with google.rpc.Status in protobuf. */
async function statusOf(response: Response): Promise<Record<string, unknown>> {
  return decodeMessage('RpcStatus', new Uint8Array(await response.arrayBuffer()));
}

describe('OTLP/HTTP', () => {
  it('answers broken protobuf with 400 and google.rpc.Status', async () => {
    const good = protobufBody(spansOf(1));
    const broken = [good.subarray(0, good.length - 7), Buffer.from('not protobuf'), Buffer.alloc(64, 0xff)];
    for (const body of broken) {
      const response = await postTraces(waybill.otlpHttp, body, PROTOBUF);
      expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/x-protobuf']);
      expect(await statusOf(response)).toMatchObject({ code: 3, message: expect.stringMatching(/\w/) });
    }
  });

  it('answers broken JSON with 400 and google.rpc.Status as JSON', async () => {
    const good = jsonBody(spansOf(1));
    const deep = Buffer.from(`{"resourceSpans":${'['.repeat(100_000)}`);
    const broken = [good.subarray(0, good.length - 7), Buffer.from('{"resourceSpans":7}'), Buffer.from('null'), deep];
    for (const body of broken) {
      const response = await postTraces(waybill.otlpHttp, body, JSON_TYPE);
      expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/json']);
      expect(await response.json()).toMatchObject({ code: 3, message: expect.stringMatching(/\w/) });
    }
  });

  it('answers a gzip body that is none with 400', async () => {
    const response = await postTraces(waybill.otlpHttp, Buffer.from('no gzip'), {
      ...PROTOBUF,
      'content-encoding': 'gzip',
    });
    expect([response.status, (await statusOf(response))['code']]).toEqual([400, 3]);
  });

  it('answers other paths, methods and types by their codes', async () => {
    const codes = await Promise.all([
      fetch(`${waybill.otlpHttp}/v1/nothing`, { method: 'POST', body: '{}', headers: JSON_TYPE }),
      fetch(`${waybill.otlpHttp}/`),
      fetch(`${waybill.otlpHttp}/v1/traces`),
      postTraces(waybill.otlpHttp, Buffer.from('x'), { 'content-type': 'text/plain' }),
      postTraces(waybill.otlpHttp, Buffer.from('x'), { ...PROTOBUF, 'content-encoding': 'br' }),
    ]);
    expect(codes.map(({ status }) => status)).toEqual([404, 404, 405, 415, 415]);
  });

  it('answers a body that unpacks to a gigabyte with 413 and does not unpack it', async () => {
    const piece = zstdCompressSync(Buffer.alloc(64 * MEBIBYTE));
    const bombs = { gzip: zeroBomb(1024), zstd: Buffer.concat(Array.from({ length: 16 }, () => piece)) };
    const before = memory('VmRSS');
    for (const [coding, bomb] of Object.entries(bombs)) {
      for (const type of [PROTOBUF, JSON_TYPE]) {
        const response = await postTraces(waybill.otlpHttp, bomb, { ...type, 'content-encoding': coding });
        expect(response.status).toBe(413);
        await response.arrayBuffer();
      }
    }
    expect(memory('VmHWM') - before).toBeLessThan(350 * MEBIBYTE);
  });

  it('keeps the first 1,024 of a million attributes and counts the others', async () => {
    const traceId = 'b'.repeat(32);
    const response = await postTraces(waybill.otlpHttp, spanOfAttributes(traceId, 1_000_000), PROTOBUF);
    expect(response.status).toBe(200);
    const kept = async () => (await waybill.api.trace(traceId))?.spans[0]?.attributes.length;
    await expect.poll(kept, { timeout: 20_000 }).toBe(1024);
    const { drops } = await waybill.api.system();
    expect(drops).toContainEqual({ what: 'attribute_dropped', count: 1_000_000 - 1024 });
  });

  it('cuts off a sender that trickles its body', async () => {
    const { port, hostname } = new URL(waybill.otlpHttp);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(
      'POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100000\r\n\r\n',
    );
    const trickle = setInterval(() => socket.write('x'), 100);
    await closed;
    clearInterval(trickle);
    expect(answer).toContain('408');
  });
});

describe('Zipkin', () => {
  const post = (body: string): Promise<Response> =>
    fetch(`${waybill.otlpHttp}/api/v2/spans`, { method: 'POST', headers: JSON_TYPE, body });

  it.each([
    ['nesting without end', '['.repeat(1_000_000), 400],
    ['what is not JSON', '[{"traceId":', 400],
    ['what is no list', '{"traceId":"1","id":"1"}', 400],
    ['tags of the wrong type', '[{"traceId":"1","id":"1","tags":{"a":[{}]}}]', 400],
    ['numbers beyond any clock', '[{"traceId":"1","id":"1","timestamp":1e300}]', 400],
    ['keys that would change prototypes', `[{"traceId":"${'c'.repeat(32)}","id":"1","tags":{"__proto__":"x"}}]`, 202],
    ['members that repeat', `[{"traceId":"1","id":"0","id":"${'d'.repeat(16)}"}]`, 202],
  ])('answers %s in words', async (_, body, status) => {
    const response = await post(body);
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'text/plain; charset=utf-8']);
    expect(await response.text()).toMatch(status === 202 ? /^$/ : /\w/);
  });
});

describe('OTLP/gRPC', () => {
  /** Calls Export by hand with any bytes; resolves with `grpc-status` and what HTTP/2 says. */
  function call(body: Uint8Array): Promise<string> {
    const session = connectHttp2(waybill.otlpGrpc);
    session.on('error', () => undefined);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    return new Promise((resolve) => {
      let status = 'none';
      const note = (headers: Record<string, unknown>): void => {
        const said = headers['grpc-status'];
        if (typeof said === 'string') status = said;
      };
      stream
        .on('response', note)
        .on('trailers', note)
        .on('error', () => undefined);
      stream.on('close', () => {
        session.close();
        resolve(status);
      });
      stream.resume();
      stream.end(body);
    });
  }

  function frame(message: Uint8Array, claimed = message.length): Buffer {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(claimed, 1);
    return Buffer.concat([head, message]);
  }

  it('answers a broken message with INVALID_ARGUMENT', async () => {
    const good = protobufBody(spansOf(1));
    expect(await call(frame(good.subarray(0, good.length - 7)))).toBe('3');
  });

  it('answers a message that claims four gigabytes with RESOURCE_EXHAUSTED', async () => {
    expect(await call(frame(Buffer.from('short'), 0xffff_ffff))).toBe('8');
  });
});

describe('POST /api/transitions', () => {
  const good = { orderId: 'BAD-1', status: 'INITIATED', occurredAt: '2026-11-22T17:03:30.123456789Z' };
  const post = (body: string, type = 'application/json'): Promise<Response> =>
    waybill.api.fetch('/api/transitions', { method: 'POST', headers: { 'content-type': type }, body });

  const refused: readonly [string, string, number][] = [
    ['what is not JSON', '{"orderId":', 400],
    ['nothing', '', 400],
    ['a list', '[]', 400],
    ['no fields', '{}', 400],
    ['an unknown field', JSON.stringify({ ...good, extra: 1 }), 400],
    ['a field of the wrong type', JSON.stringify({ ...good, orderId: 7 }), 400],
    ['an empty order id', JSON.stringify({ ...good, orderId: '' }), 400],
    ['an order id of 257 characters', JSON.stringify({ ...good, orderId: 'x'.repeat(257) }), 400],
    ['a time in words', JSON.stringify({ ...good, occurredAt: 'yesterday' }), 400],
    ['a time without an offset', JSON.stringify({ ...good, occurredAt: '2026-11-22T17:03:30' }), 400],
    ['a day that does not exist', JSON.stringify({ ...good, occurredAt: '2026-02-30T00:00:00Z' }), 400],
    ['a year that cannot be stored', JSON.stringify({ ...good, occurredAt: '1815-06-18T11:35:00Z' }), 400],
    ['no reports', JSON.stringify({ transitions: [] }), 400],
    ['1,001 reports', JSON.stringify({ transitions: Array.from({ length: 1001 }, () => good) }), 400],
    ['a key that would change prototypes', `{"__proto__":{"x":1},${JSON.stringify(good).slice(1)}`, 400],
    ['a body over a mebibyte', JSON.stringify({ ...good, source: 'x'.repeat(MEBIBYTE) }), 413],
  ];
  it.each(refused)('refuses %s and says why', async (_, body, status) => {
    const response = await post(body);
    const answer = errorBody.parse(await response.json());
    expect([response.status, answer.error.retryable]).toEqual([status, false]);
    expect(answer.error.message).toMatch(/\w/);
    expect(answer.error.code).toBe(status === 413 ? 'too_large' : 'bad_request');
  });

  it('refuses another content type', async () => {
    const response = await post('<order/>', 'application/xml');
    expect(response.status).toBe(415);
    errorBody.parse(await response.json());
  });

  it('takes 1,000 reports, and knows nothing of those that were refused', async () => {
    const reports = Array.from({ length: 1000 }, (_, index) => ({ ...good, orderId: `GOOD-${index}` }));
    const response = await waybill.api.report({ transitions: reports });
    expect([response.status, await response.json()]).toMatchObject([202, { accepted: 1000 }]);
    await expect.poll(async () => (await waybill.api.order('GOOD-999'))?.status, { timeout: 20_000 }).toBe('INITIATED');
    expect(await waybill.api.orders('BAD-')).toEqual([]);
  });
});

describe('pages and API', () => {
  it.each(['/api/nothing', '/api/orders/UNKNOWN-1', `/api/traces/${'f'.repeat(32)}`, '/assets/nothing.js'])(
    'answers %s with 404 and a body of the contract',
    async (path) => {
      const response = await waybill.api.fetch(path);
      expect([response.status, errorBody.parse(await response.json()).error.code]).toEqual([404, 'not_found']);
    },
  );

  it.each([
    '/api/traces/xyz',
    '/api/orders?limit=0',
    '/api/orders?limit=201',
    '/api/orders?cursor=bm90LW91cnM',
    '/api/orders?open=maybe',
    '/api/statuses?since=yesterday',
    '/api/search',
  ])('answers %s with 400 and a body of the contract', async (path) => {
    const response = await waybill.api.fetch(path);
    expect([response.status, errorBody.parse(await response.json()).error.code]).toEqual([400, 'bad_request']);
  });

  it.each(["'; DROP TABLE orders; --", '%', '_', '\\', '{orderId:String}', '\u0000', '👑'])(
    'takes %j for a text to look for and nothing else',
    async (text) => {
      const query = new URLSearchParams({ text }).toString();
      expect((await waybill.api.fetch(`/api/orders?${query}`)).status).toBe(200);
      expect((await waybill.api.fetch(`/api/search?${query}`)).status).toBe(200);
      expect((await waybill.api.fetch(`/api/orders/${encodeURIComponent(text)}`)).status).toBe(404);
    },
  );

  it.each([
    '/../package.json',
    '/../../package.json',
    '/assets/../../../package.json',
    '/%2e%2e/%2e%2e/package.json',
    '/..%2f..%2fpackage.json',
    '/assets/..%5c..%5c..%5cpackage.json',
    '//etc/passwd',
    '/%00/package.json',
    '/.%2e/.%2e/package.json',
  ])('gives no file outside of the pages at %s', async (path) => {
    const { status, body } = await rawGet(path);
    // A view of the application, or a refusal.
    expect([200, 400, 403, 404]).toContain(status);
    expect(body).not.toContain('"workspaces"');
    expect(body).not.toContain('root:');
  });

  it('answers a request whose headers are too large, and lives', async () => {
    const { status } = await rawGet(`/api/orders?text=${'x'.repeat(100_000)}`);
    expect(status).toBe(431);
  });

  /** GET with the path as it stands: fetch() would tidy it. */
  function rawGet(path: string): Promise<{ status: number; body: string }> {
    const { hostname, port } = new URL(waybill.http);
    return new Promise((resolve, reject) => {
      const asked = request({ hostname, port, path, agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      asked.on('error', reject);
      asked.end();
    });
  }
});

it('has taken every good span in between, counted what it refused, and logged no stack trace', async () => {
  for (let number = 1; number <= goodSpans; number += 1) {
    const found = async () => (await waybill.api.trace(spansOf(number)[0]?.traceId ?? ''))?.spanCount;
    await expect.poll(found, { timeout: 20_000 }).toBe(1);
  }
  const { ingest, drops, store } = await waybill.api.system();
  expect(ingest.requestsRefused).toBeGreaterThan(10);
  expect(drops.map(({ what }) => what)).toEqual(
    expect.arrayContaining(['request_refused.malformed_payload', 'request_refused.payload_too_large']),
  );
  expect(store.restarts).toBe(0);
  expect(waybill.process.stderr).not.toMatch(/^\s+at /m);
  // Nothing of all this was unexpected inside.
  expect(waybill.process.stderr).not.toContain('a request failed');
});
