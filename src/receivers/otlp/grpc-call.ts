import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { encodeStatus, RPC_CODE, type RpcStatus } from '../../wire/otlp/encode-status.ts';
import { SenderGone } from './body.ts';
import type { ByteLease } from './byte-budget.ts';
import { encodeGrpcMessage, frameMessage, type GrpcMessage, GrpcMessageAssembler } from './grpc-frames.ts';

const RESPONSE_HEADERS = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity,gzip,zstd',
} as const;

/** One unary call on an HTTP/2 stream: its message in, exactly one answer out. */
export class GrpcCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly #stream: ServerHttp2Stream;
  #isAnswered = false;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.path = headers[':path'] ?? '';
    this.headers = headers;
    this.#stream = stream;
    // What goes wrong on the stream is told by `close`; without a listener it would end the process.
    stream.on('error', () => undefined);
  }

  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** Receives the call's message; throws SenderGone when the sender resets the stream or the call was answered meanwhile. */
  receive(limits: { maxBodyBytes: number; maxCompressedBytes: number }, lease: ByteLease): Promise<GrpcMessage> {
    const stream = this.#stream;
    const assembler = new GrpcMessageAssembler(limits, lease);
    return new Promise((resolve, reject) => {
      let isComplete = false;
      const onData = (chunk: Buffer): void => {
        try {
          assembler.push(chunk);
        } catch (error) {
          stream.off('data', onData);
          stream.resume();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      stream.on('data', onData);
      stream.once('end', () => {
        // A reset stream ends too, but it is closed by then: both sides are over.
        if (stream.closed || stream.aborted || this.#isAnswered) {
          reject(new SenderGone());
          return;
        }
        isComplete = true;
        try {
          resolve(assembler.finish());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
      const onGone = (): void => {
        // Every stream is closed in the end, and an error with its stack costs as much as a small request.
        if (!isComplete) reject(new SenderGone());
      };
      stream.once('aborted', onGone);
      stream.once('close', onGone);
    });
  }

  /** Answers with a message and status OK. */
  succeed(message: Uint8Array): void {
    if (!this.#mayAnswer()) return;
    const stream = this.#stream;
    stream.respond(RESPONSE_HEADERS, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(RPC_CODE.ok) }));
    stream.end(frameMessage(message));
  }

  /** Answers with a status only; the rest of the request is cut off. */
  fail(status: RpcStatus): void {
    if (!this.#mayAnswer()) return;
    const details = Buffer.from(encodeStatus(status, 'protobuf')).toString('base64').replaceAll('=', '');
    this.#respondAndReset({
      ...RESPONSE_HEADERS,
      'grpc-status': String(status.code),
      'grpc-message': encodeGrpcMessage(status.message),
      'grpc-status-details-bin': details,
    });
  }

  /** Answers a request that is not gRPC in plain HTTP, as the gRPC protocol asks. */
  failHttp(httpStatus: number): void {
    if (this.#mayAnswer()) this.#respondAndReset({ ':status': httpStatus });
  }

  #mayAnswer(): boolean {
    if (this.#isAnswered || this.#stream.destroyed || this.#stream.closed || this.#stream.headersSent) return false;
    this.#isAnswered = true;
    return true;
  }

  #respondAndReset(headers: Record<string, string | number>): void {
    const stream = this.#stream;
    stream.respond(headers, { endStream: true });
    stream.resume();
    // RFC 9113 8.1: NO_ERROR after a complete response asks the sender to stop sending.
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  }
}
