import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type ContentHeader, decodeContentHeader } from '../../../wire/amqp/content-header.ts';
import {
  encodeFrame,
  encodeMethod,
  encodeTable,
  FRAME,
  type Frame,
  FrameSplitter,
  longText,
  METHOD,
  PROTOCOL_HEADER,
  shortText,
  uint8,
  uint16,
  uint32,
  uint64,
} from '../../../wire/amqp/frames.ts';

/** Largest frame that we agree to, the default of RabbitMQ. */
const FRAME_MAX = 131_072;
/** Bytes of a frame that are not its payload. */
const FRAME_OVERHEAD = 8;
const CHANNEL = 1;
/** Largest body that is taken: one is in memory at a time. */
const MAX_BODY_BYTES = 128 * 1024 * 1024;

/** Whom and where to ask. */
export interface SessionTarget {
  readonly hostname: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
}

/** A message that was got and not acknowledged. */
export interface TakenMessage {
  readonly tag: bigint;
  readonly exchange: string;
  readonly routingKey: string;
  readonly header: ContentHeader;
  /** The header as it came, byte for byte: a client library would write numbers of headers in other types than they had. */
  readonly rawHeader: Buffer;
  readonly body: Buffer;
}

/** The broker ended the session; `code` is the name of AMQP's reply code, or that of the socket's error. */
export class SessionError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`the broker ended the session (${code})`);
    this.name = 'SessionError';
    this.code = code;
  }
}

const REPLY_CODES: Readonly<Record<number, string>> = {
  311: 'CONTENT_TOO_LARGE',
  320: 'CONNECTION_FORCED',
  402: 'INVALID_PATH',
  403: 'ACCESS_REFUSED',
  404: 'NOT_FOUND',
  405: 'RESOURCE_LOCKED',
  406: 'PRECONDITION_FAILED',
  530: 'NOT_ALLOWED',
  540: 'NOT_IMPLEMENTED',
};

/**
 * One connection with one channel, for one replay: asks, waits for the answer, asks again. What was got and not acknowledged is the broker's
 * again when the session ends, however it ends. Not for use by two callers at once. Everything throws SessionError.
 */
export class ReplaySession {
  readonly #socket: Socket;
  readonly #splitter = new FrameSplitter(FRAME_MAX);
  readonly #frames: Frame[] = [];
  readonly #chunks: AsyncIterator<Buffer>;
  #frameMax = FRAME_MAX;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  /** Connects, logs in, and opens a channel whose publications are confirmed. The signal ends the session at any time. */
  static async open(target: SessionTarget, signal: AbortSignal): Promise<ReplaySession> {
    const { hostname: host, port } = target;
    const socket = target.tls ? connectTls({ host, port, servername: host }) : connectTcp({ host, port });
    // Errors come out of the iterator; without a listener one that comes between two reads would end the process.
    socket.on('error', () => undefined);
    signal.addEventListener('abort', () => socket.destroy(new SessionError('TIMEOUT')), { once: true });
    // Small questions, each of which waits for its answer.
    socket.setNoDelay(true);
    const session = new ReplaySession(socket);
    try {
      await session.#logIn(target);
      await session.#ask(encodeMethod(CHANNEL, METHOD.channelOpen, shortText('')), METHOD.channelOpenOk);
      await session.#ask(encodeMethod(CHANNEL, METHOD.confirmSelect, uint8(0)), METHOD.confirmSelectOk);
      return session;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** The next message of a queue; undefined where it has none that is ready. */
  async get(queue: string): Promise<TakenMessage | undefined> {
    const request = encodeMethod(CHANNEL, METHOD.basicGet, uint16(0), shortText(queue), uint8(0));
    const answer = await this.#ask(request, METHOD.basicGetOk, METHOD.basicGetEmpty);
    if (answer.readUInt32BE(0) === METHOD.basicGetEmpty) return undefined;
    const tag = answer.readBigUInt64BE(4);
    const exchange = textAt(answer, 13);
    const routingKey = textAt(answer, exchange.end);
    const { rawHeader, body } = await this.#content();
    const header = decodeContentHeader(rawHeader);
    return { tag, exchange: exchange.text, routingKey: routingKey.text, header, rawHeader, body };
  }

  /** Publishes a message as it came to one queue, over the default exchange, and waits until the broker has it safe. */
  async publishTo(queue: string, message: TakenMessage): Promise<'confirmed' | 'unroutable' | 'refused'> {
    const mandatory = uint8(1);
    const parts = [
      encodeMethod(CHANNEL, METHOD.basicPublish, uint16(0), shortText(''), shortText(queue), mandatory),
      encodeFrame(FRAME.header, CHANNEL, message.rawHeader),
    ];
    const size = this.#frameMax - FRAME_OVERHEAD;
    for (let at = 0; at < message.body.length; at += size) {
      parts.push(encodeFrame(FRAME.body, CHANNEL, message.body.subarray(at, at + size)));
    }
    let answer = await this.#ask(Buffer.concat(parts), METHOD.basicAck, METHOD.basicNack, METHOD.basicReturn);
    let wasReturned = false;
    while (answer.readUInt32BE(0) === METHOD.basicReturn) {
      // What no queue takes comes back first and is confirmed then.
      wasReturned = true;
      await this.#content();
      answer = await this.#expect([METHOD.basicAck, METHOD.basicNack]);
    }
    if (wasReturned) return 'unroutable';
    return answer.readUInt32BE(0) === METHOD.basicAck ? 'confirmed' : 'refused';
  }

  /** Acknowledges one message and closes the channel: when this resolves, the broker has done both. */
  async acknowledgeAndClose(tag: bigint): Promise<void> {
    this.#socket.write(encodeMethod(CHANNEL, METHOD.basicAck, uint64(tag), uint8(0)));
    await this.#closeChannel();
  }

  /** Ends the session; messages that were got go back to their places. Idempotent. */
  async end(): Promise<void> {
    if (this.#socket.destroyed) return;
    const bye = encodeMethod(0, METHOD.connectionClose, uint16(200), shortText(''), uint32(0));
    await this.#ask(bye, METHOD.connectionCloseOk).catch(() => undefined);
    this.#socket.destroy();
  }

  async #closeChannel(): Promise<void> {
    const close = encodeMethod(CHANNEL, METHOD.channelClose, uint16(200), shortText(''), uint32(0));
    await this.#ask(close, METHOD.channelCloseOk);
  }

  async #logIn(target: SessionTarget): Promise<void> {
    this.#socket.write(PROTOCOL_HEADER);
    await this.#expect([METHOD.connectionStart]);
    const properties = encodeTable({
      product: 'Waybill',
      connection_name: 'waybill replay',
      // So that a wrong password is told and not only a connection that ends.
      capabilities: { authentication_failure_close: true },
    });
    const response = longText(`\0${target.username}\0${target.password}`);
    const startOk = encodeMethod(
      0,
      METHOD.connectionStartOk,
      properties,
      shortText('PLAIN'),
      response,
      shortText('en_US'),
    );
    const tune = await this.#ask(startOk, METHOD.connectionTune);
    const offered = tune.readUInt32BE(6);
    this.#frameMax = offered === 0 ? FRAME_MAX : Math.min(offered, FRAME_MAX);
    const noHeartbeat = uint16(0);
    this.#socket.write(encodeMethod(0, METHOD.connectionTuneOk, uint16(CHANNEL), uint32(this.#frameMax), noHeartbeat));
    const open = encodeMethod(0, METHOD.connectionOpen, shortText(target.vhost), shortText(''), uint8(0));
    await this.#ask(open, METHOD.connectionOpenOk);
  }

  async #ask(request: Uint8Array, ...methods: readonly number[]): Promise<Buffer> {
    this.#socket.write(request);
    return this.#expect(methods);
  }

  /** The next method, which must be one of these. */
  async #expect(methods: readonly number[]): Promise<Buffer> {
    const { type, payload } = await this.#nextFrame();
    if (type !== FRAME.method) throw new SessionError('UNEXPECTED_FRAME');
    const method = payload.readUInt32BE(0);
    if (methods.includes(method)) return payload;
    if (method === METHOD.channelClose || method === METHOD.connectionClose) {
      throw new SessionError(REPLY_CODES[payload.readUInt16BE(4)] ?? 'UNKNOWN');
    }
    throw new SessionError('UNEXPECTED_FRAME');
  }

  async #content(): Promise<Pick<TakenMessage, 'rawHeader' | 'body'>> {
    const { type, payload: rawHeader } = await this.#nextFrame();
    if (type !== FRAME.header) throw new SessionError('UNEXPECTED_FRAME');
    const size = Number(rawHeader.readBigUInt64BE(4));
    if (size > MAX_BODY_BYTES) throw new SessionError('CONTENT_TOO_LARGE');
    const chunks: Buffer[] = [];
    for (let bytes = 0; bytes < size; ) {
      const frame = await this.#nextFrame();
      if (frame.type !== FRAME.body) throw new SessionError('UNEXPECTED_FRAME');
      chunks.push(frame.payload);
      bytes += frame.payload.length;
    }
    return { rawHeader, body: Buffer.concat(chunks) };
  }

  async #nextFrame(): Promise<Frame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined && frame.type !== FRAME.heartbeat) return frame;
      if (frame !== undefined) continue;
      const chunk = await this.#chunks.next().catch((error: unknown) => {
        throw error instanceof SessionError ? error : new SessionError(codeOf(error));
      });
      if (chunk.done === true) throw new SessionError('CONNECTION_CLOSED');
      this.#frames.push(...this.#splitter.push(chunk.value));
    }
  }
}

function textAt(bytes: Buffer, at: number): { text: string; end: number } {
  const end = at + 1 + bytes.readUInt8(at);
  return { text: bytes.toString('utf8', at + 1, end), end };
}

function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}
