import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WaybillError } from '../../model/errors.ts';
import { sdkSpan } from '../../wire/otlp/testing/sdk-span.ts';
import { decodeMessage } from '../../wire/otlp/testing/trace-proto.ts';
import { otlpHttpConfigSchema } from './config.ts';
import { OtlpHttpReceiver } from './http.ts';
import { CollectingConsumer } from './testing/collecting-consumer.ts';
import { jsonExport, partlyBadExport, protobufExport, zeroBomb } from './testing/requests.ts';

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';
const MEBIBYTE = 1024 * 1024;

const running: OtlpHttpReceiver[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((receiver) => receiver.stop()));
});

async function started(config: Record<string, unknown> = {}): Promise<{
  receiver: OtlpHttpReceiver;
  next: CollectingConsumer;
  port: number;
  url: string;
}> {
  const next = new CollectingConsumer();
  const parsed = otlpHttpConfigSchema.parse({ port: 0, drainTimeoutMs: 500, ...config });
  const receiver = new OtlpHttpReceiver({ next, config: parsed });
  running.push(receiver);
  const { port } = await receiver.start();
  return { receiver, next, port, url: `http://127.0.0.1:${port}/v1/traces` };
}

function post(url: string, body: Uint8Array, headers: Record<string, string>): Promise<Response> {
  return fetch(url, { method: 'POST', body: Uint8Array.from(body), headers });
}

async function protobufOf(type: string, response: Response): Promise<Record<string, unknown>> {
  return decodeMessage(type, new Uint8Array(await response.arrayBuffer()));
}

describe('OtlpHttpReceiver', () => {
  it.each([
    ['protobuf', PROTOBUF, protobufExport(3), {}],
    ['JSON', `${JSON_TYPE}; charset=utf-8`, jsonExport(3), {}],
    ['gzip protobuf', PROTOBUF, gzipSync(protobufExport(3)), { 'Content-Encoding': 'gzip' }],
    ['gzip JSON', JSON_TYPE, gzipSync(jsonExport(3)), { 'Content-Encoding': 'gzip' }],
    ['zstd protobuf', PROTOBUF, zstdCompressSync(protobufExport(3)), { 'Content-Encoding': 'zstd' }],
    ['zstd JSON', JSON_TYPE, zstdCompressSync(jsonExport(3)), { 'Content-Encoding': 'zstd' }],
    ['identity', PROTOBUF, protobufExport(3), { 'Content-Encoding': 'identity' }],
  ])('takes %s and answers in the request’s content type', async (_, type, body, headers) => {
    const { url, next, receiver } = await started();
    const response = await post(url, body, { 'Content-Type': type, ...headers });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type.split(';')[0]);
    expect(next.spans.map((span) => span.name)).toEqual(['span 0', 'span 1', 'span 2']);
    expect(receiver.tally.snapshot()).toMatchObject({ requestsAccepted: 1, spansAccepted: 3, bytesInFlight: 0 });
  });

  it('takes what the OpenTelemetry SDK sends, plain and gzip', async () => {
    const { url, next } = await started();
    for (const compression of ['none', 'gzip'] as const) {
      const exporter = new OTLPTraceExporter({ url, compression: compression as never });
      const spans = Array.from({ length: 5 }, (_, index) => sdkSpan(index));
      const result = await new Promise<{ code: number }>((resolve) => exporter.export(spans, resolve));
      expect(result.code).toBe(0);
      await exporter.shutdown();
    }
    expect(next.spans).toHaveLength(10);
    expect(next.spans[0]).toEqual(next.spans[5]);
    expect(next.spans[0]?.resource.service).toBe('shop-api');
  });

  it('takes gzip of several members', async () => {
    const { url, next } = await started();
    const body = Buffer.concat([gzipSync(protobufExport(1)), gzipSync(protobufExport(2))]);
    expect((await post(url, body, { 'Content-Type': PROTOBUF, 'Content-Encoding': 'gzip' })).status).toBe(200);
    expect(next.spans).toHaveLength(3);
  });

  it('takes zstd of several frames, also with frames to skip between them', async () => {
    const { url, next } = await started();
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);
    const frames = [1, 2, 3].flatMap((count) => [skippable, zstdCompressSync(protobufExport(count))]);
    const headers = { 'Content-Type': PROTOBUF, 'Content-Encoding': 'zstd' };
    expect((await post(url, Buffer.concat([...frames, skippable]), headers)).status).toBe(200);
    expect(next.spans).toHaveLength(6);
    const crumbs = Buffer.concat(Array.from({ length: 2000 }, () => skippable));
    expect((await post(url, crumbs, headers)).status).toBe(400);
  });

  it('inflates a zstd bomb no further than the limit, and grants no frame a window of its own size', async () => {
    const { url, receiver } = await started({ maxBodyBytes: 4 * MEBIBYTE });
    const headers = { 'Content-Type': PROTOBUF, 'Content-Encoding': 'zstd' };
    const member = zstdCompressSync(Buffer.alloc(64 * MEBIBYTE));
    const bomb = Buffer.concat(Array.from({ length: 16 }, () => member));
    const before = process.memoryUsage().rss;
    expect((await post(url, bomb, headers)).status).toBe(413);
    // A frame that asks for a window of 128 MiB and holds nothing.
    const greedy = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 17 << 3, 1, 0, 0]);
    expect((await post(url, greedy, headers)).status).toBe(400);
    const cut = zstdCompressSync(protobufExport(50));
    expect((await post(url, cut.subarray(0, cut.length >> 1), headers)).status).toBe(400);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * MEBIBYTE);
    expect(receiver.tally.snapshot().bytesInFlight).toBe(0);
  });

  it('answers an empty request with success', async () => {
    const { url } = await started();
    const protobuf = await post(url, new Uint8Array(0), { 'Content-Type': PROTOBUF });
    expect([protobuf.status, (await protobuf.arrayBuffer()).byteLength]).toEqual([200, 0]);
    const json = await post(url, Buffer.from('{}'), { 'Content-Type': JSON_TYPE });
    expect([json.status, await json.json()]).toEqual([200, {}]);
  });

  it('answers only after the spans are durable', async () => {
    const { url, next } = await started();
    const open = next.hold();
    let isAnswered = false;
    const answer = post(url, protobufExport(1), { 'Content-Type': PROTOBUF }).then((response) => {
      isAnswered = true;
      return response.status;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isAnswered).toBe(false);
    open();
    expect(await answer).toBe(200);
  });

  it('tells rejected spans as partial success and takes the others', async () => {
    const { url, next, receiver } = await started();
    const response = await post(url, partlyBadExport(), { 'Content-Type': PROTOBUF });
    expect(response.status).toBe(200);
    expect(await protobufOf('ExportTraceServiceResponse', response)).toEqual({
      partialSuccess: { rejectedSpans: '1', errorMessage: '1 spans rejected: invalid_trace_id 1' },
    });
    expect(next.spans).toHaveLength(1);
    expect(receiver.tally.snapshot().spansRejected.invalid_trace_id).toBe(1);
  });

  it('refuses a body over the limit with 413 and a Status in the request’s content type', async () => {
    const { url, next, receiver } = await started({ maxBodyBytes: 2048, maxCompressedBytes: 2048 });
    const large = protobufExport(200);
    const plain = await post(url, large, { 'Content-Type': PROTOBUF });
    expect([plain.status, plain.headers.get('content-type')]).toEqual([413, PROTOBUF]);
    expect(await protobufOf('RpcStatus', plain)).toMatchObject({
      code: 8,
      message: expect.stringContaining('2048 bytes'),
    });
    const packed = await post(url, gzipSync(jsonExport(100)), {
      'Content-Type': JSON_TYPE,
      'Content-Encoding': 'gzip',
    });
    expect([packed.status, await packed.json()]).toMatchObject([413, { code: 8 }]);
    expect(next.spans).toEqual([]);
    expect(receiver.tally.snapshot()).toMatchObject({ requestsRefused: { payload_too_large: 2 }, bytesInFlight: 0 });
  });

  it('refuses a body without a declared length as soon as it is too long', async () => {
    const { url } = await started({ maxBodyBytes: 4096, maxCompressedBytes: 4096 });
    const { port } = new URL(url);
    const request = httpRequest({ port, path: '/v1/traces', method: 'POST', headers: { 'Content-Type': PROTOBUF } });
    request.on('error', () => undefined);
    const answered = new Promise<number | undefined>((resolve) => {
      request.on('response', (response) => resolve(response.statusCode));
    });
    const writing = setInterval(() => request.write(Buffer.alloc(1024)), 1);
    expect(await answered).toBe(413);
    clearInterval(writing);
    request.destroy();
  });

  it('inflates a bomb of one gigabyte no further than the limit', async () => {
    const { url, receiver } = await started({ maxBodyBytes: 4 * MEBIBYTE });
    const bomb = zeroBomb(1024);
    const before = process.memoryUsage().rss;
    const response = await post(url, bomb, { 'Content-Type': PROTOBUF, 'Content-Encoding': 'gzip' });
    expect(response.status).toBe(413);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * MEBIBYTE);
    expect(receiver.tally.snapshot().bytesInFlight).toBe(0);
  });

  it('refuses a small bomb that lies about its size', async () => {
    const { url } = await started({ maxBodyBytes: 4096 });
    const bomb = gzipSync(Buffer.alloc(MEBIBYTE));
    bomb.writeUInt32LE(100, bomb.length - 4);
    const response = await post(url, bomb, { 'Content-Type': PROTOBUF, 'Content-Encoding': 'gzip' });
    expect(response.status).toBe(413);
  });

  it('answers 400 with BadRequest details to what it cannot decode', async () => {
    const { url } = await started();
    const broken = await post(url, Uint8Array.of(0x0a, 0x7f), { 'Content-Type': PROTOBUF });
    expect(broken.status).toBe(400);
    expect(await protobufOf('RpcStatus', broken)).toMatchObject({
      code: 3,
      details: [{ typeUrl: expect.stringMatching('BadRequest') }],
    });
    const json = await post(url, Buffer.from('{'), { 'Content-Type': JSON_TYPE });
    expect([json.status, await json.json()]).toMatchObject([
      400,
      { code: 3, details: [{ fieldViolations: [{ field: 'body' }] }] },
    ]);
    const notGzip = await post(url, Buffer.from('plain'), { 'Content-Type': PROTOBUF, 'Content-Encoding': 'gzip' });
    expect(notGzip.status).toBe(400);
    const cut = gzipSync(protobufExport(50));
    const half = await post(url, cut.subarray(0, cut.length >> 1), {
      'Content-Type': PROTOBUF,
      'Content-Encoding': 'gzip',
    });
    expect(half.status).toBe(400);
  });

  it('answers wrong paths, methods, content types and codings by their codes', async () => {
    const { url, port, receiver } = await started();
    const body = protobufExport(1);
    expect((await post(`http://127.0.0.1:${port}/v1/profiles`, body, { 'Content-Type': PROTOBUF })).status).toBe(404);
    const get = await fetch(url);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    const text = await post(url, body, { 'Content-Type': 'text/plain' });
    expect([text.status, text.headers.get('content-type')]).toEqual([415, JSON_TYPE]);
    expect((await post(url, body, { 'Content-Type': PROTOBUF, 'Content-Encoding': 'br' })).status).toBe(415);
    expect(receiver.tally.snapshot().requestsRefused).toEqual({
      unimplemented: 1,
      not_allowed: 1,
      unsupported_media_type: 2,
    });
  });

  it.each([
    [new WaybillError('journal_full', 'the journal is full'), 503, 14, '7'],
    [new WaybillError('internal', 'broken'), 500, 13, null],
    [new Error('secret detail'), 500, 13, null],
  ])(
    'answers the failure of the next stage so that only what helps is retried: %s',
    async (failure, status, code, retryAfter) => {
      const { url, next } = await started({ retryAfterSeconds: 7 });
      next.failure = failure;
      const response = await post(url, jsonExport(1), { 'Content-Type': JSON_TYPE });
      expect([response.status, response.headers.get('retry-after')]).toEqual([status, retryAfter]);
      const text = await response.text();
      expect(JSON.parse(text)).toMatchObject({ code });
      expect(text).not.toContain('secret');
    },
  );

  it('lets the SDK deliver again after a retryable failure', async () => {
    const { url, next } = await started({ retryAfterSeconds: 1 });
    next.failure = new WaybillError('store_unavailable', 'the store is starting');
    const exporter = new OTLPTraceExporter({ url });
    const result = new Promise<{ code: number }>((resolve) => exporter.export([sdkSpan(1)], resolve));
    await vi.waitFor(() => expect(next.spans).toEqual([]));
    setTimeout(() => (next.failure = undefined), 300);
    expect((await result).code).toBe(0);
    expect(next.spans).toHaveLength(1);
    await exporter.shutdown();
  });

  it('asks to retry when too many bytes are in flight, and takes requests again afterwards', async () => {
    const { url, next, receiver } = await started({
      maxBodyBytes: 30_000,
      maxCompressedBytes: 1024,
      maxInFlightBytes: 31_024,
    });
    const open = next.hold();
    const large = protobufExport(250);
    const first = post(url, large, { 'Content-Type': PROTOBUF });
    await vi.waitFor(() => expect(receiver.tally.snapshot().bytesInFlight).toBe(large.length));
    const second = await post(url, large, { 'Content-Type': PROTOBUF });
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '5']);
    open();
    expect((await first).status).toBe(200);
    expect((await post(url, large, { 'Content-Type': PROTOBUF })).status).toBe(200);
  });

  it('gives back the bytes of a sender that disconnects mid-body', async () => {
    const { port, receiver, next } = await started();
    const request = httpRequest({
      port,
      path: '/v1/traces',
      method: 'POST',
      headers: { 'Content-Type': PROTOBUF, 'Content-Length': 5000 },
    });
    request.on('error', () => undefined);
    request.write(Buffer.alloc(1000));
    await vi.waitFor(() => expect(receiver.tally.snapshot().bytesInFlight).toBe(1000));
    request.destroy();
    await vi.waitFor(() =>
      expect(receiver.tally.snapshot()).toMatchObject({ bytesInFlight: 0, requestsRefused: { disconnected: 1 } }),
    );
    expect(next.spans).toEqual([]);
  });

  it('cuts off senders that are too slow with headers or body', async () => {
    const { port, receiver } = await started({ requestTimeoutMs: 400, headersTimeoutMs: 200 });
    const closed = async (first: string): Promise<string> => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString('latin1')));
      socket.on('error', () => undefined);
      socket.write(first);
      await new Promise((resolve) => socket.once('close', resolve));
      return text;
    };
    const slow = await closed('POST /v1/traces HTTP/1.1\r\nHost: x\r\n');
    expect(slow).toContain('408');
    expect(JSON.parse(slow.slice(slow.indexOf('\r\n\r\n')))).toMatchObject({
      code: 4,
      message: expect.stringMatching('in time'),
    });
    const body = `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: ${PROTOBUF}\r\nContent-Length: 100\r\n\r\nabc`;
    expect(await closed(body)).toContain('408');
    await vi.waitFor(() =>
      expect(receiver.tally.snapshot()).toMatchObject({ bytesInFlight: 0, requestsRefused: { timeout: 2 } }),
    );
    expect(await closed('nonsense\r\n\r\n')).toContain('400 Bad Request');
    expect(await closed(`POST / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toContain('431');
    expect(receiver.tally.snapshot().requestsRefused).toEqual({
      timeout: 2,
      malformed_payload: 1,
      payload_too_large: 1,
    });
  });

  it('does not start on a port that is in use and says what to do', async () => {
    const { port } = await started();
    const config = otlpHttpConfigSchema.parse({ port });
    const second = new OtlpHttpReceiver({ next: new CollectingConsumer(), config });
    await expect(second.start()).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: `OTLP/HTTP cannot listen on 127.0.0.1 port ${port}: the port is already in use`,
      remedy: expect.stringContaining('another port'),
    });
    await second.stop();
  });

  it('finishes requests in flight when it stops and takes no new ones', async () => {
    const { url, next, receiver } = await started({ drainTimeoutMs: 5000 });
    const open = next.hold();
    const inFlight = post(url, protobufExport(1), { 'Content-Type': PROTOBUF });
    await vi.waitFor(() => expect(receiver.tally.snapshot().bytesInFlight).toBeGreaterThan(0));
    const stopped = receiver.stop();
    await expect(post(url, protobufExport(1), { 'Content-Type': PROTOBUF })).rejects.toThrow('fetch failed');
    open();
    expect((await inFlight).status).toBe(200);
    await stopped;
    await receiver.stop();
    expect(next.spans).toHaveLength(1);
  });
});

describe('otlpHttpConfigSchema', () => {
  it('refuses unknown keys and a budget that the largest request does not fit into', () => {
    expect(() => otlpHttpConfigSchema.parse({ prot: 1 })).toThrow(/prot/);
    expect(() => otlpHttpConfigSchema.parse({ maxInFlightBytes: MEBIBYTE })).toThrow(/at least maxBodyBytes/);
  });
});
