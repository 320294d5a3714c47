import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import {
  ANSWER_WITHIN_MS,
  errorCode,
  MAX_ANSWER_BYTES,
  type Outcome,
  rejectedSpans,
  type Sender,
  type SenderOptions,
} from './sender.ts';

/** OTLP 1.11, "Failures": CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS. */
const RETRYABLE = new Set([1, 4, 10, 11, 14, 15]);
/** Retryable only where the details hold a RetryInfo. */
const RESOURCE_EXHAUSTED = 8;
const PREFIX_BYTES = 5;
const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

/** OTLP over gRPC, framed on `node:http2`; every request in flight has a connection of its own. */
export class GrpcSender implements Sender {
  readonly #options: SenderOptions;
  readonly #idle: ClientHttp2Session[] = [];
  readonly #sessions = new Set<ClientHttp2Session>();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  async send(body: Uint8Array): Promise<Outcome> {
    const session = this.#idle.pop() ?? this.#connect();
    const outcome = await this.#call(session, body);
    if (outcome.kind !== 'failed' && !session.closed && !session.destroyed) this.#idle.push(session);
    else session.destroy();
    return outcome;
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #connect(): ClientHttp2Session {
    const session = connect(this.#options.target.origin);
    this.#sessions.add(session);
    // What went wrong is told to the call; without a listener it would end the process.
    session.on('error', () => undefined);
    session.on('close', () => {
      this.#sessions.delete(session);
      const at = this.#idle.indexOf(session);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    return session;
  }

  #call(session: ClientHttp2Session, body: Uint8Array): Promise<Outcome> {
    return new Promise((resolve) => {
      let stream: ClientHttp2Stream;
      try {
        stream = this.#open(session);
      } catch (error) {
        resolve({ kind: 'failed', reason: errorCode(error) });
        return;
      }
      const answer: Buffer[] = [];
      let length = 0;
      let status: Record<string, unknown> = {};
      stream.setTimeout(ANSWER_WITHIN_MS, () => {
        resolve({ kind: 'failed', reason: 'ETIMEDOUT' });
        stream.close();
      });
      stream.on('error', (error) => resolve({ kind: 'failed', reason: errorCode(error) }));
      // The status stands in the headers where there is nothing else, else in the trailers.
      for (const event of ['response', 'trailers'] as const) {
        stream.on(event, (headers: Record<string, unknown>) => {
          status = { ...status, ...headers };
        });
      }
      stream.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length <= MAX_ANSWER_BYTES) answer.push(chunk);
      });
      stream.on('close', () => resolve(outcomeOf(status, Buffer.concat(answer))));
      const prefix = Buffer.alloc(PREFIX_BYTES);
      prefix[0] = this.#options.gzip ? 1 : 0;
      prefix.writeUInt32BE(body.length, 1);
      stream.write(prefix);
      stream.end(body);
    });
  }

  #open(session: ClientHttp2Session): ClientHttp2Stream {
    return session.request({
      ...this.#options.headers,
      ':method': 'POST',
      ':path': EXPORT,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(this.#options.gzip ? { 'grpc-encoding': 'gzip' } : {}),
    });
  }
}

function outcomeOf(status: Readonly<Record<string, unknown>>, answer: Buffer): Outcome {
  const text = status['grpc-status'];
  const http = status[':status'];
  if (typeof text !== 'string') {
    // Without a status only the connection or a proxy has answered.
    if (typeof http !== 'number' || http === 200) return { kind: 'failed', reason: 'no status' };
    return { kind: 'rejected', isRetryable: [429, 502, 503, 504].includes(http), answer: `HTTP ${http}` };
  }
  const code = Number(text);
  if (code === 0) {
    return { kind: 'acknowledged', rejectedSpans: rejectedSpans(answer.subarray(PREFIX_BYTES), 'protobuf') };
  }
  const isRetryable =
    RETRYABLE.has(code) || (code === RESOURCE_EXHAUSTED && status['grpc-status-details-bin'] !== undefined);
  return { kind: 'rejected', isRetryable, answer: `gRPC ${code}` };
}
