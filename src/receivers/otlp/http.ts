import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Consumer } from '../../model/consumer.ts';
import { WaybillError } from '../../model/errors.ts';
import { encodeStatus, RPC_CODE, type RpcStatus } from '../../wire/otlp/encode-status.ts';
import { answerTo } from './answers.ts';
import { codingOf, collect, inflate, OFFERED_CODINGS, SenderGone, tooLarge, wireLimit } from './body.ts';
import { ByteBudget, type ByteLease } from './byte-budget.ts';
import type { OtlpHttpConfig } from './config.ts';
import type { HttpAnswer, HttpRoute } from './http-route.ts';
import { listen } from './listen.ts';
import { OtlpIntake, SIGNALS } from './otlp-intake.ts';
import { MEDIA_TYPES, otlpRoute, statusAnswer } from './otlp-route.ts';
import { OtlpTally, type RefusalReason } from './tally.ts';

const MAX_HEADER_BYTES = 16 * 1024;
/** How long a sender that was refused may go on sending what is discarded; closing at once would cost it the answer. */
const LINGER_MS = 2000;

/** What Node's parser refuses before there is a request, by its error code; anything else is answered 400. */
const PARSER_REFUSALS: Record<string, readonly [statusLine: string, reason: RefusalReason, message: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'timeout', 'the request did not arrive in time'],
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'payload_too_large',
    `the headers are larger than ${MAX_HEADER_BYTES} bytes`,
  ],
};
const NOT_HTTP = ['400 Bad Request', 'malformed_payload', 'the request is not HTTP'] as const;

/**
 * OTLP/HTTP: `POST /v1/traces`, `/v1/metrics` and `/v1/logs` as protobuf or JSON, plain, gzip or zstd (OTLP 1.11), and the further routes that it is given.
 *
 * Success is answered only after `next` made everything durable; errors are google.rpc.Status in the request's encoding, and only what
 * may succeed later is answered 503 with Retry-After.
 */
export class OtlpHttpReceiver {
  readonly tally: OtlpTally;
  readonly #config: OtlpHttpConfig;
  readonly #routes: ReadonlyMap<string, HttpRoute>;
  readonly #budget: ByteBudget;
  /** Connections that were cut for being too slow: their requests end as if the sender had gone. */
  readonly #timedOut = new WeakSet<Duplex>();
  #server: Server | undefined;
  #started: Promise<{ port: number }> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(deps: {
    next: Consumer;
    config: OtlpHttpConfig;
    tally?: OtlpTally;
    /** Paths of other protocols on the same port. */
    routes?: readonly HttpRoute[];
  }) {
    this.tally = deps.tally ?? new OtlpTally();
    this.#config = deps.config;
    const intake = new OtlpIntake(deps.next, deps.config.limits, this.tally);
    const own = SIGNALS.map((signal) => otlpRoute(signal, intake, this.tally));
    this.#routes = new Map([...own, ...(deps.routes ?? [])].map((route) => [route.path, route]));
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
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#refuseConnection(error, socket));
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
    // A connection that breaks while an answer is written is the sender's affair; `close` follows.
    response.on('error', () => undefined);
    const route = this.#routes.get((request.url ?? '').split('?', 1)[0] ?? '');
    if (route === undefined) {
      const paths = [...this.#routes.values()].filter(({ closed }) => closed === undefined).map(({ path }) => path);
      const message = `nothing is received at this path; what is received goes to ${paths.join(', ')}`;
      this.#decline(request, response, undefined, { httpStatus: 404, reason: 'unimplemented', message });
      return;
    }
    if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST');
      const message = 'only POST is allowed here';
      this.#decline(request, response, route, { httpStatus: 405, reason: 'not_allowed', message });
      return;
    }
    const lease = this.#budget.lease();
    try {
      await this.#take(request, response, route, lease);
    } catch (error) {
      this.#refuse(request, response, route, error);
    } finally {
      lease.release();
    }
  }

  async #take(request: IncomingMessage, response: ServerResponse, route: HttpRoute, lease: ByteLease): Promise<void> {
    if (route.closed !== undefined) throw route.closed;
    if (this.#stopped !== undefined) throw new WaybillError('shutting_down', 'Waybill is shutting down');
    const encoding = route.encodingOf(mediaType(request));
    if (encoding === undefined) {
      throw new WaybillError('unsupported_media_type', 'the content type is not one that is received here', {
        remedy: `send ${route.mediaTypes.join(' or ')}`,
      });
    }
    const body = await this.#receive(request, response, lease);
    this.#answer(request, response, await route.take(body, encoding));
  }

  async #receive(request: IncomingMessage, response: ServerResponse, lease: ByteLease): Promise<Uint8Array> {
    const coding = codingOf(request.headers['content-encoding']);
    if (coding === undefined) {
      response.setHeader('Accept-Encoding', OFFERED_CODINGS);
      throw new WaybillError('unsupported_media_type', 'the content coding is not supported', {
        remedy: 'send gzip, zstd or no Content-Encoding',
      });
    }
    const limit = wireLimit(coding, this.#config);
    const expected = Number(request.headers['content-length'] ?? 0);
    if (expected > limit) throw tooLarge(limit);
    const bytes = await collect(request, limit, lease, expected);
    return coding === 'identity' || bytes.length === 0
      ? bytes
      : inflate(bytes, coding, this.#config.maxBodyBytes, lease);
  }

  #refuse(request: IncomingMessage, response: ServerResponse, route: HttpRoute, error: unknown): void {
    if (error instanceof SenderGone) {
      if (!this.#timedOut.has(request.socket)) route.tally.refuse('disconnected');
      return;
    }
    const answer = answerTo(error, this.#config.retryAfterSeconds);
    route.tally.refuse(error instanceof WaybillError ? error.code : 'internal');
    if (answer.retryable) response.setHeader('Retry-After', String(this.#config.retryAfterSeconds));
    this.#answer(request, response, route.refuse(answer, route.encodingOf(mediaType(request)) ?? 'json'));
  }

  #decline(
    request: IncomingMessage,
    response: ServerResponse,
    route: HttpRoute | undefined,
    refusal: { httpStatus: number; reason: RefusalReason; message: string },
  ): void {
    (route?.tally ?? this.tally).refuse(refusal.reason);
    const status = { code: RPC_CODE.unimplemented, message: refusal.message };
    const encoding = mediaType(request) === MEDIA_TYPES.protobuf ? 'protobuf' : 'json';
    const answer = { httpStatus: refusal.httpStatus, status, retryable: false };
    this.#answer(request, response, route?.refuse(answer, encoding) ?? statusAnswer(answer, encoding));
  }

  /** Answers what never became a request, or was too slow to; the connection is of no use any more. */
  #refuseConnection(error: NodeJS.ErrnoException, socket: Duplex): void {
    const isGone = error.code === 'ECONNRESET' || error.code === 'HPE_INVALID_EOF_STATE';
    if (isGone || !socket.writable) {
      socket.destroy();
      return;
    }
    const [statusLine, reason, message] = PARSER_REFUSALS[error.code ?? ''] ?? NOT_HTTP;
    this.#timedOut.add(socket);
    this.tally.refuse(reason);
    const status: RpcStatus = {
      code: reason === 'timeout' ? RPC_CODE.deadlineExceeded : RPC_CODE.invalidArgument,
      message,
    };
    const body = Buffer.from(encodeStatus(status, 'json'));
    socket.end(
      `HTTP/1.1 ${statusLine}\r\nConnection: close\r\nContent-Type: ${MEDIA_TYPES.json}\r\nContent-Length: ${body.length}\r\n\r\n${body.toString()}`,
    );
    // A sender that does not read its answer is not waited for.
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }

  #answer(request: IncomingMessage, response: ServerResponse, { httpStatus, contentType, body }: HttpAnswer): void {
    if (response.destroyed || response.headersSent) return;
    if (this.#stopped !== undefined) response.setHeader('Connection', 'close');
    response.writeHead(httpStatus, { 'Content-Type': contentType, 'Content-Length': body.length });
    // Without a body it is one piece to write: most answers are.
    if (body.length === 0) response.end();
    else response.end(body);
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
