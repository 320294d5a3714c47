import { connect } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WaybillError } from '../../model/errors.ts';
import { type ZipkinTestSpan, zipkinJson, zipkinProtobuf } from '../../wire/zipkin/testing/zipkin-proto.ts';
import { otlpHttpConfigSchema } from '../otlp/config.ts';
import { OtlpHttpReceiver } from '../otlp/http.ts';
import { OtlpTally } from '../otlp/tally.ts';
import { CollectingConsumer } from '../otlp/testing/collecting-consumer.ts';
import { zeroBomb } from '../otlp/testing/requests.ts';
import { zipkinRoutes } from './zipkin-routes.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const SPANS: ZipkinTestSpan[] = [
  { traceId: '5af7183fb1d4cf5f', id: '352bff9a74ca9ad2', kind: 'CLIENT', timestamp: 1_795_000_000_000_000 },
  { traceId: '5af7183fb1d4cf5f', id: '352bff9a74ca9ad2', kind: 'SERVER', shared: true, duration: 7 },
];

const running: OtlpHttpReceiver[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((receiver) => receiver.stop()));
});

async function started(config: Record<string, unknown> = {}) {
  const next = new CollectingConsumer();
  const parsed = otlpHttpConfigSchema.parse({ port: 0, drainTimeoutMs: 500, ...config });
  const tally = new OtlpTally();
  const routes = zipkinRoutes({ next, limits: parsed.limits, tally, now: () => 1_795_000_000_000_000_000n });
  const receiver = new OtlpHttpReceiver({ next, config: parsed, routes });
  running.push(receiver);
  const { port } = await receiver.start();
  const post = (body: Uint8Array, headers: Record<string, string>, path = '/api/v2/spans'): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: Uint8Array.from(body), headers });
  return { next, tally, receiver, post, port };
}

describe('POST /api/v2/spans', () => {
  it.each([
    ['JSON', zipkinJson(SPANS), JSON_TYPE],
    ['JSON with a charset', zipkinJson(SPANS), { 'content-type': 'application/json; charset=utf-8' }],
    ['protobuf', zipkinProtobuf(SPANS), PROTOBUF],
    ['gzip JSON', gzipSync(zipkinJson(SPANS)), { ...JSON_TYPE, 'content-encoding': 'gzip' }],
    ['zstd protobuf', zstdCompressSync(zipkinProtobuf(SPANS)), { ...PROTOBUF, 'content-encoding': 'zstd' }],
  ])('takes %s and answers 202 without a body', async (_, body, headers) => {
    const { post, next, tally } = await started();
    const response = await post(body, headers);
    expect([response.status, await response.text()]).toEqual([202, '']);
    expect(next.spans.map(({ kind, spanId }) => [kind, spanId])).toEqual([
      [3, '352bff9a74ca9ad2'],
      [2, '352bff9a74ca9ad2'],
    ]);
    expect(tally.snapshot()).toMatchObject({ requestsAccepted: 1, spansAccepted: 2 });
  });

  it('takes a body without a content type for JSON, and an empty list for success', async () => {
    const { port } = await started();
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString('latin1')));
      socket.on('close', () => resolve(text));
      socket.end('POST /api/v2/spans HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n[]');
    });
    expect(answer).toMatch(/^HTTP\/1\.1 202 /);
  });

  it('answers only after the spans are durable', async () => {
    const { post, next } = await started();
    const open = next.hold();
    let isAnswered = false;
    const answer = post(zipkinJson(SPANS), JSON_TYPE).then((response) => {
      isAnswered = true;
      return response.status;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isAnswered).toBe(false);
    open();
    expect(await answer).toBe(202);
  });

  it('says which spans it left out, and refuses a list of which none is left', async () => {
    const { post, next, tally } = await started();
    const bad = { traceId: '0', id: '1' };
    const some = await post(zipkinJson([...SPANS, bad]), JSON_TYPE);
    expect([some.status, await some.text()]).toEqual([202, '1 spans rejected: invalid_trace_id 1\n']);
    const none = await post(zipkinJson([bad]), JSON_TYPE);
    expect([none.status, await none.text()]).toEqual([400, '1 spans rejected: invalid_trace_id 1\n']);
    expect(next.spans).toHaveLength(2);
    expect(tally.snapshot().spansRejected.invalid_trace_id).toBe(2);
  });

  it.each([
    ['what is not JSON', Buffer.from('{'), JSON_TYPE, 400, /not JSON.*send a list of spans/],
    ['what is not protobuf', Buffer.from([0x0a, 0x7f]), PROTOBUF, 400, /malformed protobuf.*ListOfSpans/],
    ['another type', Buffer.from('x'), { 'content-type': 'application/x-thrift' }, 415, /application\/json or/],
    ['another coding', Buffer.from('x'), { ...JSON_TYPE, 'content-encoding': 'br' }, 415, /gzip, zstd/],
    ['gzip that is none', Buffer.from('x'), { ...JSON_TYPE, 'content-encoding': 'gzip' }, 400, /not gzip/],
    ['a bomb', zeroBomb(8), { ...JSON_TYPE, 'content-encoding': 'gzip' }, 413, /larger than 1048576 bytes/],
  ])('refuses %s with text that says what to do', async (_, body, headers, status, text) => {
    const { post, next, tally } = await started({ maxBodyBytes: 1024 * 1024 });
    const response = await post(body, headers);
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'text/plain; charset=utf-8']);
    expect(await response.text()).toMatch(text);
    expect(next.spans).toEqual([]);
    expect(Object.values(tally.snapshot().requestsRefused)).toEqual([1]);
  });

  it('asks to send again later where that helps', async () => {
    const { post, next } = await started({ retryAfterSeconds: 7 });
    next.failure = new WaybillError('journal_full', 'the journal is full');
    const full = await post(zipkinJson(SPANS), JSON_TYPE);
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '7']);
    next.failure = new Error('secret detail');
    const broken = await post(zipkinJson(SPANS), JSON_TYPE);
    expect([broken.status, broken.headers.get('retry-after'), await broken.text()]).toEqual([
      500,
      null,
      'internal error\n',
    ]);
  });

  it('shares the budget of bytes with OTLP', async () => {
    const { post, next, receiver } = await started({
      maxBodyBytes: 1024,
      maxCompressedBytes: 1024,
      maxInFlightBytes: 2048,
    });
    const open = next.hold();
    const body = zipkinJson(Array.from({ length: 16 }, () => ({ traceId: '1', id: '2' })));
    const first = [post(body, JSON_TYPE), post(body, JSON_TYPE), post(body, JSON_TYPE), post(body, JSON_TYPE)];
    await vi.waitFor(() => expect(receiver.tally.snapshot().bytesInFlight).toBe(body.length * 4));
    expect((await post(Buffer.alloc(1024, 0x20), JSON_TYPE)).status).toBe(503);
    open();
    expect(await Promise.all(first.map(async (answer) => (await answer).status))).toEqual([202, 202, 202, 202]);
  });

  it('points senders of v1 to v2, and takes only POST', async () => {
    const { post, port } = await started();
    const v1 = await post(Buffer.from('[]'), JSON_TYPE, '/api/v1/spans');
    expect(v1.status).toBe(404);
    expect(await v1.text()).toMatch(/\/api\/v2\/spans/);
    const get = await fetch(`http://127.0.0.1:${port}/api/v2/spans`);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
