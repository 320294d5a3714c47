import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WaybillError } from '../../model/errors.ts';
import { sdkSpan } from '../../wire/otlp/testing/sdk-span.ts';
import { decodeMessage } from '../../wire/otlp/testing/trace-proto.ts';
import { otlpGrpcConfigSchema } from './config.ts';
import { OtlpGrpcReceiver } from './grpc.ts';
import { encodeGrpcMessage, frameMessage, parseGrpcTimeout } from './grpc-frames.ts';
import { CollectingConsumer } from './testing/collecting-consumer.ts';
import { partlyBadExport, protobufExport, zeroBomb } from './testing/requests.ts';

const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const HEALTH = '/grpc.health.v1.Health/Check';

const running: OtlpGrpcReceiver[] = [];
const sessions: ClientHttp2Session[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await Promise.all(running.splice(0).map((receiver) => receiver.stop()));
});

async function started(config: Record<string, unknown> = {}): Promise<{
  receiver: OtlpGrpcReceiver;
  next: CollectingConsumer;
  port: number;
  session: ClientHttp2Session;
}> {
  const next = new CollectingConsumer();
  const parsed = otlpGrpcConfigSchema.parse({ port: 0, drainTimeoutMs: 500, ...config });
  const receiver = new OtlpGrpcReceiver({ next, config: parsed });
  running.push(receiver);
  const { port } = await receiver.start();
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  sessions.push(session);
  return { receiver, next, port, session };
}

interface GrpcAnswer {
  readonly httpStatus: unknown;
  readonly status: unknown;
  readonly message: string;
  readonly details: Record<string, unknown> | undefined;
  readonly body: Buffer;
}

/** Makes a call by hand; the body is written in pieces of `pieceBytes`. */
function call(
  session: ClientHttp2Session,
  body: Uint8Array,
  options: { path?: string; headers?: Record<string, string>; pieceBytes?: number; end?: boolean } = {},
): Promise<GrpcAnswer> {
  const stream = session.request({
    ':method': 'POST',
    ':path': options.path ?? EXPORT,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...options.headers,
  });
  return new Promise((resolve) => {
    let headers: Record<string, unknown> = {};
    let trailers: Record<string, unknown> = {};
    const chunks: Buffer[] = [];
    stream.on('response', (received) => (headers = received));
    stream.on('trailers', (received) => (trailers = received));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => undefined);
    stream.on('close', () => {
      const meta = { ...headers, ...trailers };
      const details = meta['grpc-status-details-bin'];
      resolve({
        httpStatus: headers[':status'],
        status: meta['grpc-status'],
        message: decodeURIComponent(typeof meta['grpc-message'] === 'string' ? meta['grpc-message'] : ''),
        details: typeof details === 'string' ? decodeMessage('RpcStatus', Buffer.from(details, 'base64')) : undefined,
        body: Buffer.concat(chunks),
      });
    });
    const pieceBytes = options.pieceBytes ?? body.length;
    for (let at = 0; at < body.length; at += pieceBytes) stream.write(body.subarray(at, at + pieceBytes));
    if (options.end !== false) stream.end();
  });
}

/** Begins a call with 1,000 bytes of a longer message. */
function begin(on: ClientHttp2Session): ReturnType<ClientHttp2Session['request']> {
  const stream = on.request({
    ':method': 'POST',
    ':path': EXPORT,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => undefined);
  stream.write(frameMessage(protobufExport(50)).subarray(0, 1000));
  return stream;
}

function compressed(body: Uint8Array): Buffer {
  const frame = frameMessage(body);
  frame[0] = 1;
  return frame;
}

describe('OtlpGrpcReceiver', () => {
  it('takes what the OpenTelemetry SDK sends, plain and gzip', async () => {
    const { port, next, receiver } = await started();
    for (const compression of ['none', 'gzip'] as const) {
      const exporter = new OTLPTraceExporter({ url: `http://127.0.0.1:${port}`, compression: compression as never });
      const spans = Array.from({ length: 5 }, (_, index) => sdkSpan(index));
      const result = await new Promise<{ code: number }>((resolve) => exporter.export(spans, resolve));
      expect(result.code).toBe(0);
      await exporter.shutdown();
    }
    expect(next.spans).toHaveLength(10);
    expect(next.spans[0]).toEqual(next.spans[5]);
    expect(receiver.tally.snapshot()).toMatchObject({ requestsAccepted: 2, spansAccepted: 10, bytesInFlight: 0 });
  });

  it.each([1, 3, 5, 6, 1000])('puts messages together from pieces of %i bytes', async (pieceBytes) => {
    const { session, next } = await started();
    const answer = await call(session, frameMessage(protobufExport(4)), { pieceBytes });
    expect(answer).toMatchObject({ httpStatus: 200, status: '0', body: Buffer.from([0, 0, 0, 0, 0]) });
    expect(next.spans).toHaveLength(4);
  });

  it('takes large requests and several calls of one connection at the same time', async () => {
    const { session, next } = await started();
    const body = frameMessage(protobufExport(20_000));
    const answers = await Promise.all([
      call(session, body),
      call(session, body),
      call(session, frameMessage(protobufExport(1))),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual(['0', '0', '0']);
    expect(next.spans).toHaveLength(40_001);
  });

  it('takes gzip messages and the empty request', async () => {
    const { session, next } = await started();
    const gzip = { headers: { 'grpc-encoding': 'gzip' } };
    expect((await call(session, compressed(gzipSync(protobufExport(3))), gzip)).status).toBe('0');
    expect((await call(session, frameMessage(protobufExport(2)), gzip)).status).toBe('0');
    expect((await call(session, frameMessage(new Uint8Array(0)))).status).toBe('0');
    expect(next.spans).toHaveLength(5);
  });

  it('tells rejected spans as partial success', async () => {
    const { session } = await started();
    const answer = await call(session, frameMessage(partlyBadExport()));
    expect(answer.status).toBe('0');
    expect(decodeMessage('ExportTraceServiceResponse', answer.body.subarray(5))).toMatchObject({
      partialSuccess: { rejectedSpans: '1' },
    });
  });

  it('answers a message over the limit with RESOURCE_EXHAUSTED that is not to be retried', async () => {
    const { session, receiver } = await started({ maxBodyBytes: 4096 });
    const announced = Buffer.alloc(5);
    announced.writeUInt32BE(4097, 1);
    const answer = await call(session, announced, { end: false });
    expect(answer).toMatchObject({ status: '8', message: expect.stringContaining('4096 bytes') });
    expect(answer.details?.['details']).toBeUndefined();
    const bomb = await call(session, compressed(zeroBomb(64)), { headers: { 'grpc-encoding': 'gzip' } });
    expect(bomb.status).toBe('8');
    expect(receiver.tally.snapshot()).toMatchObject({ requestsRefused: { payload_too_large: 2 }, bytesInFlight: 0 });
    expect((await call(session, frameMessage(protobufExport(1)))).status).toBe('0');
  });

  it('answers retryable failures with UNAVAILABLE and RetryInfo, others with INTERNAL', async () => {
    const { session, next } = await started({ retryAfterSeconds: 7 });
    next.failure = new WaybillError('disk_full', 'диск заполнен на 100%');
    const full = await call(session, frameMessage(protobufExport(1)));
    expect(full).toMatchObject({ status: '14', message: 'диск заполнен на 100%' });
    const [detail] = (full.details?.['details'] ?? []) as { typeUrl: string; value: Uint8Array }[];
    expect(detail?.typeUrl).toContain('RetryInfo');
    expect(decodeMessage('RetryInfo', detail?.value ?? new Uint8Array(0))).toEqual({ retryDelay: { seconds: '7' } });
    next.failure = new Error('secret detail');
    expect(await call(session, frameMessage(protobufExport(1)))).toMatchObject({
      status: '13',
      message: 'internal error',
    });
  });

  it.each([
    ['a cut message', frameMessage(protobufExport(1)).subarray(0, 20), {}, '3'],
    ['no message', new Uint8Array(0), {}, '3'],
    ['two messages', Buffer.concat([frameMessage(protobufExport(1)), frameMessage(protobufExport(1))]), {}, '3'],
    ['bytes that are not protobuf', frameMessage(Uint8Array.of(0x0a, 0x7f)), {}, '3'],
    ['an invalid flag', Buffer.from([7, 0, 0, 0, 0]), {}, '3'],
    ['an unknown encoding', compressed(protobufExport(1)), { 'grpc-encoding': 'snappy' }, '12'],
    ['gzip that is none', compressed(protobufExport(1)), { 'grpc-encoding': 'gzip' }, '3'],
    ['zstd that is none', compressed(protobufExport(1)), { 'grpc-encoding': 'zstd' }, '3'],
    ['a zstd bomb', compressed(zstdCompressSync(Buffer.alloc(65 * 1024 * 1024))), { 'grpc-encoding': 'zstd' }, '8'],
  ])('refuses %s for good', async (_, body, headers, status) => {
    const { session, next } = await started();
    expect((await call(session, body, { headers })).status).toBe(status);
    expect(next.spans).toEqual([]);
  });

  it('answers unknown methods with UNIMPLEMENTED and what is not gRPC with its HTTP status', async () => {
    const { session } = await started();
    const body = frameMessage(protobufExport(1));
    const profiles = EXPORT.replace('trace.v1.Trace', 'profiles.v1development.Profiles');
    expect((await call(session, body, { path: profiles })).status).toBe('12');
    expect((await call(session, body, { headers: { 'content-type': 'application/json' } })).httpStatus).toBe(415);
    expect((await call(session, body, { headers: { 'content-type': 'application/grpc+proto' } })).status).toBe('0');
  });

  it('answers the standard health check', async () => {
    const { session } = await started();
    const check = (name: string): Promise<GrpcAnswer> =>
      call(session, frameMessage(Buffer.concat([Uint8Array.of(0x0a, name.length), Buffer.from(name)])), {
        path: HEALTH,
      });
    expect((await check('')).body).toEqual(Buffer.from([0, 0, 0, 0, 2, 8, 1]));
    expect((await check('opentelemetry.proto.collector.trace.v1.TraceService')).status).toBe('0');
    expect((await check('other')).status).toBe('5');
  });

  it('takes zstd, and offers it', async () => {
    const { session, next } = await started();
    const body = compressed(zstdCompressSync(protobufExport(3)));
    expect((await call(session, body, { headers: { 'grpc-encoding': 'zstd' } })).status).toBe('0');
    expect(next.spans).toHaveLength(3);
  });

  it('cuts off a peer that connects and never speaks HTTP/2', async () => {
    const { port } = await started({ requestTimeoutMs: 200 });
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')));
    expect(await closed).toBe('closed');
  });

  it('holds calls to their deadline and to its own', async () => {
    const { session, next, receiver } = await started({ requestTimeoutMs: 300 });
    const open = next.hold();
    expect((await call(session, frameMessage(protobufExport(1)), { headers: { 'grpc-timeout': '50m' } })).status).toBe(
      '4',
    );
    const slow = await call(session, frameMessage(protobufExport(1)).subarray(0, 9), { end: false });
    expect(slow.status).toBe('4');
    open();
    expect(receiver.tally.snapshot().requestsRefused).toEqual({ timeout: 2 });
    await vi.waitFor(() => expect(receiver.tally.snapshot().bytesInFlight).toBe(0));
  });

  it('gives back the bytes of a sender that resets the call or drops the connection', async () => {
    const { session, receiver, port } = await started();
    const reset = begin(session);
    await vi.waitFor(() => expect(receiver.tally.snapshot().bytesInFlight).toBe(995));
    reset.destroy();
    await vi.waitFor(() =>
      expect(receiver.tally.snapshot()).toMatchObject({ bytesInFlight: 0, requestsRefused: { disconnected: 1 } }),
    );
    const other = connect(`http://127.0.0.1:${port}`);
    other.on('error', () => undefined);
    begin(other);
    await vi.waitFor(() => expect(receiver.tally.snapshot().bytesInFlight).toBe(995));
    other.destroy();
    await vi.waitFor(() =>
      expect(receiver.tally.snapshot()).toMatchObject({ bytesInFlight: 0, requestsRefused: { disconnected: 2 } }),
    );
  });

  it('answers pings and survives bytes that are not HTTP/2', async () => {
    const { session, port } = await started();
    await new Promise((resolve) => session.once('connect', resolve));
    const pong = await new Promise((resolve) => session.ping((error) => resolve(error)));
    expect(pong).toBeNull();
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
    expect((await call(session, frameMessage(protobufExport(1)))).status).toBe('0');
  });

  it('asks to retry when too many bytes are in flight', async () => {
    const { session, next, receiver } = await started({
      maxBodyBytes: 30_000,
      maxCompressedBytes: 1024,
      maxInFlightBytes: 31_024,
    });
    const open = next.hold();
    const large = protobufExport(250);
    const first = call(session, frameMessage(large));
    await vi.waitFor(() => expect(receiver.tally.snapshot().bytesInFlight).toBe(large.length));
    expect((await call(session, frameMessage(large))).status).toBe('14');
    open();
    expect((await first).status).toBe('0');
  });

  it('does not start on a port that is in use and says what to do', async () => {
    const { port } = await started();
    const second = new OtlpGrpcReceiver({
      next: new CollectingConsumer(),
      config: otlpGrpcConfigSchema.parse({ port }),
    });
    await expect(second.start()).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringContaining(String(port)),
    });
    await second.stop();
  });

  it('finishes calls in flight when it stops', async () => {
    const { session, next, receiver } = await started({ drainTimeoutMs: 5000 });
    const open = next.hold();
    const inFlight = call(session, frameMessage(protobufExport(1)));
    await vi.waitFor(() => expect(receiver.tally.snapshot().bytesInFlight).toBeGreaterThan(0));
    const stopped = receiver.stop();
    open();
    expect((await inFlight).status).toBe('0');
    await stopped;
    expect(next.spans).toHaveLength(1);
  });
});

describe('gRPC headers', () => {
  it('percent-encodes messages and reads timeouts', () => {
    expect(encodeGrpcMessage('50% ё\n')).toBe('50%25 %D1%91%0A');
    expect(parseGrpcTimeout('100m')).toBe(100);
    expect(parseGrpcTimeout('2S')).toBe(2000);
    expect(parseGrpcTimeout('123456789S')).toBeUndefined();
    expect(parseGrpcTimeout(undefined)).toBeUndefined();
  });
});
