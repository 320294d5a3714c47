import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import { WaybillError, type WaybillErrorCode } from '../../model/errors.ts';
import { decodeMessage } from '../../wire/otlp/testing/trace-proto.ts';
import { otlpGrpcConfigSchema, otlpHttpConfigSchema } from './config.ts';
import { OtlpGrpcReceiver } from './grpc.ts';
import { frameMessage } from './grpc-frames.ts';
import { OtlpHttpReceiver } from './http.ts';
import { CollectingConsumer } from './testing/collecting-consumer.ts';
import { jsonExport, partlyBadExport, protobufExport } from './testing/requests.ts';

/* The answers of OTLP 1.11, as a sender sees them on both transports and in both encodings. */

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';
/** OTLP/HTTP, Retryable Response Codes; senders must not repeat anything else. */
const RETRYABLE_HTTP = new Set([429, 502, 503, 504]);
/** OTLP/gRPC, Failures; RESOURCE_EXHAUSTED is retried only with RetryInfo. */
const RETRYABLE_GRPC = new Set([1, 4, 10, 11, 14, 15]);

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function httpStarted(failure?: Error, config: Record<string, unknown> = {}): Promise<string> {
  const next = new CollectingConsumer();
  next.failure = failure;
  const receiver = new OtlpHttpReceiver({ next, config: otlpHttpConfigSchema.parse({ port: 0, ...config }) });
  stops.push(() => receiver.stop());
  return `http://127.0.0.1:${(await receiver.start()).port}`;
}

async function grpcStarted(failure?: Error): Promise<number> {
  const next = new CollectingConsumer();
  next.failure = failure;
  const receiver = new OtlpGrpcReceiver({ next, config: otlpGrpcConfigSchema.parse({ port: 0 }) });
  stops.push(() => receiver.stop());
  return (await receiver.start()).port;
}

/** An answer with its google.rpc.Status, whatever the encoding. */
interface Seen {
  readonly httpStatus: number;
  readonly contentType: string | null;
  readonly retryAfter: string | null;
  readonly code: unknown;
  readonly details: readonly string[];
}

async function sent(url: string, contentType: string, body: Uint8Array): Promise<Seen> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body: Uint8Array.from(body),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const isJson = response.headers.get('content-type') === JSON_TYPE;
  const status = isJson
    ? (JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>)
    : decodeMessage('RpcStatus', bytes);
  const details = (status['details'] ?? []) as Record<string, string>[];
  return {
    httpStatus: response.status,
    contentType: response.headers.get('content-type'),
    retryAfter: response.headers.get('retry-after'),
    code: status['code'],
    details: details.map((detail) => (detail['@type'] ?? detail['typeUrl'] ?? '').split('.').at(-1) ?? ''),
  };
}

async function called(port: number, body: Uint8Array): Promise<{ code: number; details: string[] }> {
  const session = connect(`http://127.0.0.1:${port}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let seen: Record<string, unknown> = {};
  const note = (headers: object): void => {
    seen = { ...seen, ...headers };
  };
  stream.on('response', note).on('trailers', note).resume();
  stream.end(frameMessage(body));
  await new Promise((resolve) => stream.once('close', resolve));
  session.close();
  const encoded = seen['grpc-status-details-bin'];
  const details = typeof encoded === 'string' ? decodeMessage('RpcStatus', Buffer.from(encoded, 'base64')) : {};
  const list = (details['details'] ?? []) as { typeUrl: string }[];
  return { code: Number(seen['grpc-status']), details: list.map(({ typeUrl }) => typeUrl.split('.').at(-1) ?? '') };
}

describe('OTLP 1.11', () => {
  const failures: readonly [WaybillErrorCode, http: number, grpc: number, detail: string | undefined][] = [
    ['malformed_payload', 400, 3, 'BadRequest'],
    ['invalid_argument', 400, 3, undefined],
    ['payload_too_large', 413, 8, undefined],
    ['journal_full', 503, 14, 'RetryInfo'],
    ['disk_full', 503, 14, 'RetryInfo'],
    ['overloaded', 503, 14, 'RetryInfo'],
    ['store_unavailable', 503, 14, 'RetryInfo'],
    ['shutting_down', 503, 14, 'RetryInfo'],
    ['internal', 500, 13, undefined],
  ];
  it.each(failures)(
    'answers %s with HTTP %i and gRPC %i, so that only what helps is repeated',
    async (code, ...told) => {
      const [http, grpc, detail] = told;
      const failure = new WaybillError(code, 'it went wrong');
      const details = detail === undefined ? [] : [detail];
      const url = `${await httpStarted(failure, { retryAfterSeconds: 9 })}/v1/traces`;
      for (const [type, body] of [
        [PROTOBUF, protobufExport(1)],
        [JSON_TYPE, jsonExport(1)],
      ] as const) {
        const retryAfter = failure.retryable ? '9' : null;
        expect(await sent(url, type, body)).toEqual({
          httpStatus: http,
          contentType: type,
          retryAfter,
          code: grpc,
          details,
        });
      }
      expect(await called(await grpcStarted(failure), protobufExport(1))).toEqual({ code: grpc, details });
      expect(RETRYABLE_HTTP.has(http)).toBe(failure.retryable);
      expect(RETRYABLE_GRPC.has(grpc)).toBe(failure.retryable);
    },
  );

  it('sets partial success only where something was rejected, and the request is not to be repeated', async () => {
    const url = `${await httpStarted()}/v1/traces`;
    const whole = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': JSON_TYPE },
      body: jsonExport(2).slice(),
    });
    expect([whole.status, await whole.json()]).toEqual([200, {}]);
    const part = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': PROTOBUF },
      body: Uint8Array.from(partlyBadExport()),
    });
    const answer = decodeMessage('ExportTraceServiceResponse', new Uint8Array(await part.arrayBuffer()));
    expect([part.status, answer]).toMatchObject([200, { partialSuccess: { rejectedSpans: '1' } }]);
  });

  it.each(['traces', 'metrics', 'logs'])('answers an empty request for %s with success', async (signal) => {
    const url = `${await httpStarted()}/v1/${signal}`;
    for (const [type, body] of [
      [PROTOBUF, new Uint8Array(0)],
      [JSON_TYPE, Buffer.from('{}')],
    ] as const) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': type },
        body: Uint8Array.from(body),
      });
      expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
    }
  });

  it('limits a request also before it is decoded, whichever encoding', async () => {
    const url = `${await httpStarted(undefined, { maxBodyBytes: 1024, maxCompressedBytes: 1024 })}/v1/traces`;
    expect(await sent(url, PROTOBUF, protobufExport(100))).toMatchObject({
      httpStatus: 413,
      code: 8,
      retryAfter: null,
    });
    expect(await sent(url, JSON_TYPE, jsonExport(100))).toMatchObject({ httpStatus: 413, code: 8, retryAfter: null });
  });

  it('keeps the connection after a refusal', async () => {
    const { port } = new URL(await httpStarted());
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (type: string, body: string): Promise<[status: number | undefined, localPort: number | undefined]> =>
      new Promise((resolve, reject) => {
        const asked = httpRequest(
          { port, path: '/v1/traces', method: 'POST', agent, headers: { 'content-type': type } },
          (response) => {
            const { localPort } = response.socket;
            response.resume().on('end', () => resolve([response.statusCode, localPort]));
          },
        );
        asked.on('error', reject);
        asked.end(body);
      });
    const [refused, first] = await ask('text/plain', 'x');
    const [malformed, second] = await ask(JSON_TYPE, '{');
    const [taken, third] = await ask(JSON_TYPE, '{}');
    expect([refused, malformed, taken]).toEqual([415, 400, 200]);
    expect([second, third]).toEqual([first, first]);
    agent.destroy();
  });
});
