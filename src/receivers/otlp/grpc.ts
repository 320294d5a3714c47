import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Consumer } from '../../model/consumer.ts';
import { WaybillError } from '../../model/errors.ts';
import { encodeExportResponse, RPC_CODE } from '../../wire/otlp/encode-status.ts';
import { ProtobufReader } from '../../wire/otlp/protobuf-reader.ts';
import { answerTo } from './answers.ts';
import { codingOf, inflate, SenderGone } from './body.ts';
import { ByteBudget, type ByteLease } from './byte-budget.ts';
import type { OtlpGrpcConfig } from './config.ts';
import { GrpcCall } from './grpc-call.ts';
import { type GrpcMessage, parseGrpcTimeout } from './grpc-frames.ts';
import { listen } from './listen.ts';
import { OtlpIntake, type Signal } from './otlp-intake.ts';
import { OtlpTally } from './tally.ts';

const SERVICES = new Map<string, Signal>([
  ['opentelemetry.proto.collector.trace.v1.TraceService', 'traces'],
  ['opentelemetry.proto.collector.metrics.v1.MetricsService', 'metrics'],
  ['opentelemetry.proto.collector.logs.v1.LogsService', 'logs'],
]);
const EXPORT_PATHS = new Map([...SERVICES].map(([service, signal]) => [`/${service}/Export`, signal]));
const HEALTH_PATH = '/grpc.health.v1.Health/Check';

// Measured: windows of this size keep a sender of large batches from waiting for WINDOW_UPDATE.
const STREAM_WINDOW_BYTES = 4 * 1024 * 1024;
const SESSION_WINDOW_BYTES = 16 * 1024 * 1024;
const FRAME_BYTES = 1024 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_SESSION_MEGABYTES = 64;
const MAX_HEALTH_REQUEST = { maxBodyBytes: 1024, maxCompressedBytes: 1024 };
const SERVING = Uint8Array.of(0x08, 1);
const NOT_SERVING = Uint8Array.of(0x08, 2);

/**
 * OTLP/gRPC: unary `Export` of the trace, metrics and logs services over plaintext HTTP/2, with `grpc.health.v1.Health/Check`.
 *
 * The framing is done here: a general gRPC server costs more than twice the CPU for the same bytes. Success is answered only
 * after `next` made everything durable. What may succeed later is UNAVAILABLE with RetryInfo; RESOURCE_EXHAUSTED stands for
 * requests that are too large, which senders must not repeat.
 */
export class OtlpGrpcReceiver {
  readonly tally: OtlpTally;
  readonly #config: OtlpGrpcConfig;
  readonly #intake: OtlpIntake;
  readonly #budget: ByteBudget;
  readonly #sessions = new Set<ServerHttp2Session>();
  #server: Http2Server | undefined;
  #started: Promise<{ port: number }> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(deps: { next: Consumer; config: OtlpGrpcConfig; tally?: OtlpTally }) {
    this.tally = deps.tally ?? new OtlpTally();
    this.#config = deps.config;
    this.#intake = new OtlpIntake(deps.next, deps.config.limits, this.tally);
    this.#budget = new ByteBudget(deps.config.maxInFlightBytes, this.tally);
  }

  /** Listens; throws `invalid_configuration` where host and port do not allow it. Calling it again changes nothing. */
  start(): Promise<{ port: number }> {
    this.#started ??= this.#listen();
    return this.#started;
  }

  /** Takes no new calls, waits for those in flight up to `drainTimeoutMs`, then closes every connection. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#drain();
    return this.#stopped;
  }

  async #listen(): Promise<{ port: number }> {
    const server = createServer({
      maxSessionMemory: MAX_SESSION_MEGABYTES,
      settings: {
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxFrameSize: FRAME_BYTES,
        maxConcurrentStreams: this.#config.maxConcurrentStreams,
        maxHeaderListSize: MAX_HEADER_BYTES,
        enablePush: false,
      },
    });
    server.maxConnections = this.#config.maxConnections;
    server.on('session', (session) => this.#welcome(session));
    // A peer that does not speak HTTP/2 is closed by the session itself.
    server.on('sessionError', () => undefined);
    server.on('stream', (stream, headers) => void this.#serve(stream, headers));
    this.#server = server;
    return { port: await listen(server, this.#config.host, this.#config.port, 'OTLP/gRPC') };
  }

  #welcome(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
    session.once('remoteSettings', () => {
      if (!session.destroyed) session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    });
    session.setTimeout(this.#config.idleTimeoutMs, () => session.close());
    // A peer that connects and never speaks HTTP/2 would keep its place until it is idle.
    const handshake = setTimeout(() => session.destroy(), this.#config.requestTimeoutMs);
    session.once('remoteSettings', () => clearTimeout(handshake));
    session.once('close', () => clearTimeout(handshake));
  }

  async #drain(): Promise<void> {
    const server = this.#server;
    if (server === undefined || !server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const session of this.#sessions) session.close();
    const force = setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
    }, this.#config.drainTimeoutMs);
    await closed;
    clearTimeout(force);
  }

  async #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const call = new GrpcCall(stream, headers);
    const signal = EXPORT_PATHS.get(call.path);
    const lease = this.#budget.lease();
    const deadline = this.#startDeadline(call);
    try {
      if (!isGrpc(headers)) {
        this.tally.refuse('unsupported_media_type');
        call.failHttp(headers[':method'] === 'POST' ? 415 : 405);
      } else if (signal !== undefined) await this.#export(call, signal, lease);
      else if (call.path === HEALTH_PATH) await this.#check(call, lease);
      else {
        this.tally.refuse('unimplemented');
        call.fail({
          code: RPC_CODE.unimplemented,
          message: `only Export of ${[...SERVICES.keys()].join(', ')} is received here`,
        });
      }
    } catch (error) {
      this.#refuse(call, error);
    } finally {
      clearTimeout(deadline);
      lease.release();
    }
  }

  async #export(call: GrpcCall, signal: Signal, lease: ByteLease): Promise<void> {
    const message = await call.receive(this.#config, lease);
    if (this.#stopped !== undefined) throw new WaybillError('shutting_down', 'Waybill is shutting down');
    const body = await this.#inflate(call, message, lease);
    const partial = await this.#intake.take(signal, body, 'protobuf');
    call.succeed(encodeExportResponse(partial, 'protobuf'));
  }

  async #inflate(call: GrpcCall, message: GrpcMessage, lease: ByteLease): Promise<Uint8Array> {
    if (!message.isCompressed) return message.bytes;
    const coding = codingOf(call.headers['grpc-encoding']);
    if (coding === undefined || coding === 'identity') {
      throw new WaybillError('unsupported_media_type', 'the message encoding is not supported', {
        remedy: 'send grpc-encoding gzip, zstd or identity',
      });
    }
    return inflate(message.bytes, coding, this.#config.maxBodyBytes, lease);
  }

  /** The standard health service, for probes; `Watch` is not offered. */
  async #check(call: GrpcCall, lease: ByteLease): Promise<void> {
    const message = await call.receive(MAX_HEALTH_REQUEST, lease);
    const service = readServiceName(message.bytes);
    if (service !== '' && !SERVICES.has(service)) {
      call.fail({ code: RPC_CODE.notFound, message: 'unknown service' });
      return;
    }
    call.succeed(this.#stopped === undefined ? SERVING : NOT_SERVING);
  }

  /** Bounds the whole call by its `grpc-timeout` and ours. */
  #startDeadline(call: GrpcCall): NodeJS.Timeout {
    const asked = parseGrpcTimeout(call.headers['grpc-timeout']) ?? Number.POSITIVE_INFINITY;
    return setTimeout(
      () => {
        if (call.isAnswered) return;
        this.tally.refuse('timeout');
        call.fail({ code: RPC_CODE.deadlineExceeded, message: 'the deadline passed before the data was durable' });
      },
      Math.min(asked, this.#config.requestTimeoutMs),
    );
  }

  #refuse(call: GrpcCall, error: unknown): void {
    // After the deadline the call is answered and counted; what its work ends in later changes nothing.
    if (call.isAnswered) return;
    if (error instanceof SenderGone) {
      this.tally.refuse('disconnected');
      return;
    }
    this.tally.refuse(error instanceof WaybillError ? error.code : 'internal');
    call.fail(answerTo(error, this.#config.retryAfterSeconds).status);
  }
}

function isGrpc(headers: IncomingHttpHeaders): boolean {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  return headers[':method'] === 'POST' && (type === 'application/grpc' || type === 'application/grpc+proto');
}

/** Field 1 of grpc.health.v1.HealthCheckRequest. */
function readServiceName(bytes: Uint8Array): string {
  const reader = new ProtobufReader(bytes);
  reader.path = 'HealthCheckRequest';
  let service = '';
  while (reader.pos < bytes.length) {
    const tag = reader.readTag(bytes.length);
    if (tag === 0x0a) {
      const end = reader.readEnd(bytes.length);
      service = new TextDecoder().decode(bytes.subarray(reader.pos, end));
      reader.pos = end;
    } else reader.skip(tag, bytes.length);
  }
  return service;
}
