import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Consumer } from '../../model/consumer.ts';
import { WaybillError } from '../../model/errors.ts';
import { encodeStatus, encodeTraceResponse, type OtlpEncoding } from '../../wire/otlp/encode-status.ts';
import { type Answer, answerTo } from './answers.ts';
import { type BodyCoding, collect, inflate, SenderGone, tooLarge, wireLimit } from './body.ts';
import { ByteBudget } from './byte-budget.ts';
import type { OtlpHttpConfig } from './config.ts';
import { listen } from './listen.ts';
import { OtlpTally, type RefusalReason } from './tally.ts';
import { TraceIntake } from './trace-intake.ts';

const TRACES_PATH = '/v1/traces';
const MEDIA_TYPES: Record<OtlpEncoding, string> = { protobuf: 'application/x-protobuf', json: 'application/json' };
const ENCODINGS = new Map<string, OtlpEncoding>([
  ['application/x-protobuf', 'protobuf'],
  ['application/json', 'json'],
]);
const MAX_HEADER_BYTES = 16 * 1024;
/** How long a sender that was refused may go on sending what is discarded; closing at once would cost it the answer. */
const LINGER_MS = 2000;

/**
 * OTLP/HTTP: `POST /v1/traces` as protobuf or JSON, plain or gzip (OTLP 1.11).
 *
 * Success is answered only after `next` made the spans durable; errors are google.rpc.Status in the request's encoding, and only what
 * may succeed later is answered 503 with Retry-After.
 */
export class OtlpHttpReceiver {
  readonly tally: OtlpTally;
  readonly #config: OtlpHttpConfig;
  readonly #intake: TraceIntake;
  readonly #budget: ByteBudget;
  #server: Server | undefined;
  #started: Promise<{ port: number }> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(deps: { next: Consumer; config: OtlpHttpConfig; tally?: OtlpTally }) {
    this.tally = deps.tally ?? new OtlpTally();
    this.#config = deps.config;
    this.#intake = new TraceIntake(deps.next, deps.config.limits, this.tally);
    this.#budget = new ByteBudget(deps.config.maxInFlightBytes, this.tally);
  }

  /** Listens; throws `invalid_configuration` where host and port do not allow it. Calling it again changes nothing. */
  start(): Promise<{ port: number }> {
    this.#started ??= this.#listen();
    return this.#started;
  }

  /** Takes no new requests, waits for those in flight up to `drainTimeoutMs`, then closes every connection. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#drain();
    return this.#stopped;
  }

  async #listen(): Promise<{ port: number }> {
    const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, maxConnections, host, port } = this.#config;
    const server = createServer(
      {
        headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
        requestTimeout: requestTimeoutMs,
        keepAliveTimeout: keepAliveTimeoutMs,
        connectionsCheckingInterval: Math.ceil(Math.min(headersTimeoutMs, requestTimeoutMs) / 4),
        maxHeaderSize: MAX_HEADER_BYTES,
        noDelay: true,
      },
      (request, response) => void this.#serve(request, response),
    );
    server.maxConnections = maxConnections;
    this.#server = server;
    return { port: await listen(server, host, port, 'OTLP/HTTP') };
  }

  async #drain(): Promise<void> {
    const server = this.#server;
    if (server === undefined || !server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const force = setTimeout(() => server.closeAllConnections(), this.#config.drainTimeoutMs);
    await closed;
    clearTimeout(force);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const encoding = ENCODINGS.get(mediaType(request)) ?? 'json';
    const lease = this.#budget.lease();
    // A connection that breaks while an answer is written is the sender's affair; `close` follows.
    response.on('error', () => undefined);
    try {
      if (!this.#routes(request, response)) return;
      if (this.#stopped !== undefined) throw new WaybillError('shutting_down', 'Waybill is shutting down');
      const body = await this.#receive(request, response, lease);
      const partial = await this.#intake.take(body, encoding);
      this.#answer(request, response, 200, MEDIA_TYPES[encoding], encodeTraceResponse(partial, encoding));
    } catch (error) {
      this.#refuse(request, response, encoding, error);
    } finally {
      lease.release();
    }
  }

  /** Whether the request is one for spans; otherwise it has been answered. */
  #routes(request: IncomingMessage, response: ServerResponse): boolean {
    const path = (request.url ?? '').split('?', 1)[0];
    if (path !== TRACES_PATH) {
      const message = `nothing is received at this path; spans go to ${TRACES_PATH}`;
      this.#decline(request, response, { httpStatus: 404, reason: 'unimplemented', message });
      return false;
    }
    if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST');
      this.#decline(request, response, {
        httpStatus: 405,
        reason: 'not_allowed',
        message: 'only POST is allowed here',
      });
      return false;
    }
    return true;
  }

  async #receive(
    request: IncomingMessage,
    response: ServerResponse,
    lease: ReturnType<ByteBudget['lease']>,
  ): Promise<Uint8Array> {
    if (!ENCODINGS.has(mediaType(request))) {
      throw new WaybillError('unsupported_media_type', 'the content type is not one of OTLP', {
        remedy: `send ${[...ENCODINGS.keys()].join(' or ')}`,
      });
    }
    const coding = codingOf(request);
    if (coding === undefined) {
      response.setHeader('Accept-Encoding', 'gzip, identity');
      throw new WaybillError('unsupported_media_type', 'the content coding is not supported', {
        remedy: 'send gzip or no Content-Encoding',
      });
    }
    const limit = wireLimit(coding, this.#config);
    if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
    const bytes = await collect(request, limit, lease);
    return coding === 'identity' || bytes.length === 0 ? bytes : inflate(bytes, this.#config.maxBodyBytes, lease);
  }

  #refuse(request: IncomingMessage, response: ServerResponse, encoding: OtlpEncoding, error: unknown): void {
    if (error instanceof SenderGone) {
      // The server's request timeout ends in the same event; then it has answered 408 itself.
      this.tally.refuse('disconnected');
      return;
    }
    const answer = answerTo(error, this.#config.retryAfterSeconds);
    this.tally.refuse(error instanceof WaybillError ? error.code : 'internal');
    if (answer.retryable) response.setHeader('Retry-After', String(this.#config.retryAfterSeconds));
    this.#answerStatus(request, response, encoding, answer);
  }

  #decline(
    request: IncomingMessage,
    response: ServerResponse,
    refusal: { httpStatus: number; reason: RefusalReason; message: string },
  ): void {
    this.tally.refuse(refusal.reason);
    const encoding = ENCODINGS.get(mediaType(request)) ?? 'json';
    const status = { code: 12, message: refusal.message } as const;
    this.#answerStatus(request, response, encoding, { httpStatus: refusal.httpStatus, status, retryable: false });
  }

  #answerStatus(request: IncomingMessage, response: ServerResponse, encoding: OtlpEncoding, answer: Answer): void {
    this.#answer(request, response, answer.httpStatus, MEDIA_TYPES[encoding], encodeStatus(answer.status, encoding));
  }

  #answer(
    request: IncomingMessage,
    response: ServerResponse,
    httpStatus: number,
    contentType: string,
    body: Uint8Array,
  ): void {
    if (response.destroyed || response.headersSent) return;
    if (this.#stopped !== undefined) response.setHeader('Connection', 'close');
    response.writeHead(httpStatus, { 'Content-Type': contentType, 'Content-Length': body.length });
    response.end(body);
    if (request.complete) return;
    request.resume();
    const linger = setTimeout(() => request.destroy(), LINGER_MS);
    request.once('close', () => clearTimeout(linger));
  }
}

/** Media type without parameters; `charset` and others change nothing. */
function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function codingOf(request: IncomingMessage): BodyCoding | undefined {
  const coding = (request.headers['content-encoding'] ?? '').trim().toLowerCase();
  if (coding === '' || coding === 'identity') return 'identity';
  return coding === 'gzip' || coding === 'x-gzip' ? 'gzip' : undefined;
}
