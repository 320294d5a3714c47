/** Kinds of frames of AMQP 0-9-1 (section 4.2.3 of its specification). */
export const FRAME = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;

/** Methods that a short session needs, as class and method in one number. */
export const METHOD = {
  connectionStart: 0x000a_000a,
  connectionStartOk: 0x000a_000b,
  connectionTune: 0x000a_001e,
  connectionTuneOk: 0x000a_001f,
  connectionOpen: 0x000a_0028,
  connectionOpenOk: 0x000a_0029,
  connectionClose: 0x000a_0032,
  connectionCloseOk: 0x000a_0033,
  channelOpen: 0x0014_000a,
  channelOpenOk: 0x0014_000b,
  channelClose: 0x0014_0028,
  channelCloseOk: 0x0014_0029,
  basicPublish: 0x003c_0028,
  basicReturn: 0x003c_0032,
  basicGet: 0x003c_0046,
  basicGetOk: 0x003c_0047,
  basicGetEmpty: 0x003c_0048,
  basicAck: 0x003c_0050,
  basicNack: 0x003c_0078,
  confirmSelect: 0x0055_000a,
  confirmSelectOk: 0x0055_000b,
} as const;

/** What a client says first (section 4.2.2). */
export const PROTOCOL_HEADER: Uint8Array = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

const FRAME_END = 0xce;
const HEAD_BYTES = 7;

/** One frame; the payload shares memory with what came in. */
export interface Frame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
}

/** Bytes are no frames of AMQP, or a frame is larger than was agreed. */
export class FrameError extends Error {}

/** Cuts a stream of bytes into frames. */
export class FrameSplitter {
  readonly #maxPayload: number;
  #rest: Buffer = Buffer.alloc(0);

  /** @param maxPayload bytes of the largest payload that is taken */
  constructor(maxPayload: number) {
    this.#maxPayload = maxPayload;
  }

  /** Takes the next bytes and returns the frames that are complete. Throws FrameError. */
  push(bytes: Uint8Array): Frame[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    const frames: Frame[] = [];
    for (;;) {
      if (this.#rest.length < HEAD_BYTES) return frames;
      const size = this.#rest.readUInt32BE(3);
      if (size > this.#maxPayload) throw new FrameError('a frame is too large');
      const end = HEAD_BYTES + size;
      if (this.#rest.length <= end) return frames;
      if (this.#rest[end] !== FRAME_END) throw new FrameError('a frame does not end where it should');
      const [type, channel] = [this.#rest.readUInt8(0), this.#rest.readUInt16BE(1)];
      frames.push({ type, channel, payload: this.#rest.subarray(HEAD_BYTES, end) });
      this.#rest = this.#rest.subarray(end + 1);
    }
  }
}

/** Writes a frame. */
export function encodeFrame(type: number, channel: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length + 1);
  frame.writeUInt8(type, 0);
  frame.writeUInt16BE(channel, 1);
  frame.writeUInt32BE(payload.length, 3);
  frame.set(payload, HEAD_BYTES);
  frame.writeUInt8(FRAME_END, HEAD_BYTES + payload.length);
  return frame;
}

/** Writes a method with its arguments, encoded one by one. */
export function encodeMethod(channel: number, method: number, ...parts: readonly Uint8Array[]): Buffer {
  return encodeFrame(FRAME.method, channel, Buffer.concat([uint32(method), ...parts]));
}

export function uint8(value: number): Buffer {
  return Buffer.from([value]);
}

export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

/** A short string: at most 255 bytes. Throws FrameError for a longer one. */
export function shortText(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 255) throw new FrameError('a name is longer than 255 bytes');
  return Buffer.concat([uint8(bytes.length), bytes]);
}

/** A long string. */
export function longText(text: string | Uint8Array): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** A table of texts, flags and tables; enough to introduce a client. */
export interface PlainTable {
  readonly [key: string]: string | boolean | PlainTable;
}

/** Writes a table. */
export function encodeTable(table: PlainTable): Buffer {
  const fields = Object.entries(table).flatMap(([key, value]) => {
    if (typeof value === 'string') return [shortText(key), Buffer.from('S'), longText(value)];
    if (typeof value === 'boolean') return [shortText(key), Buffer.from('t'), uint8(value ? 1 : 0)];
    return [shortText(key), Buffer.from('F'), encodeTable(value)];
  });
  return longText(Buffer.concat(fields));
}
