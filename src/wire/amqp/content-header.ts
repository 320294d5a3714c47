import type { FieldTable } from './field-values.ts';

/** What the header of a message says, named as client libraries do; the bytes themselves are what is sent on. */
export interface ContentHeader {
  readonly bodyBytes: number;
  readonly contentType?: string;
  readonly headers?: FieldTable;
  readonly correlationId?: string;
  readonly replyTo?: string;
  readonly messageId?: string;
  readonly timestamp?: number;
  readonly type?: string;
  readonly userId?: string;
  readonly appId?: string;
}

/** Tables and arrays within each other; deeper ones are no headers of messages. */
const MAX_DEPTH = 16;

/** Properties in the order of their flags (RabbitMQ's errata to AMQP 0-9-1, section 4.2.6.1). */
const PROPERTIES = [
  ['contentType', 'text', 0x8000],
  ['contentEncoding', 'text', 0x4000],
  ['headers', 'table', 0x2000],
  ['deliveryMode', 'byte', 0x1000],
  ['priority', 'byte', 0x0800],
  ['correlationId', 'text', 0x0400],
  ['replyTo', 'text', 0x0200],
  ['expiration', 'text', 0x0100],
  ['messageId', 'text', 0x0080],
  ['timestamp', 'time', 0x0040],
  ['type', 'text', 0x0020],
  ['userId', 'text', 0x0010],
  ['appId', 'text', 0x0008],
  ['clusterId', 'text', 0x0004],
] as const;

/** Reads the payload of a content header frame; throws RangeError where it is cut off, or has what AMQP 0-9-1 does not know. */
export function decodeContentHeader(payload: Buffer): ContentHeader {
  const reader = new FieldReader(payload, 14);
  const flags = payload.readUInt16BE(12);
  const found: Record<string, unknown> = {};
  for (const [name, kind, flag] of PROPERTIES) {
    if ((flags & flag) === 0) continue;
    if (kind === 'text') found[name] = reader.shortText();
    else if (kind === 'byte') found[name] = reader.byte();
    else if (kind === 'time') found[name] = Number(reader.uint64());
    else found[name] = reader.table(0);
  }
  return { bodyBytes: Number(payload.readBigUInt64BE(4)), ...found };
}

/** Reads fields one after the other. */
class FieldReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#step(1));
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#step(8));
  }

  shortText(): string {
    return this.#take(this.byte()).toString('utf8');
  }

  table(depth: number): FieldTable {
    const inner = this.#nested(depth);
    const table: Record<string, unknown> = {};
    while (!inner.#isAtEnd) {
      const key = inner.shortText();
      // A key such as __proto__ is a key like any other.
      Object.defineProperty(table, key, { value: inner.#field(depth), enumerable: true, configurable: true });
    }
    return table;
  }

  get #isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  #array(depth: number): unknown[] {
    const inner = this.#nested(depth);
    const items: unknown[] = [];
    while (!inner.#isAtEnd) items.push(inner.#field(depth));
    return items;
  }

  /** A value by the letter before it (section 3 of RabbitMQ's errata). */
  #field(depth: number): unknown {
    const kind = String.fromCharCode(this.byte());
    const bytes = this.#bytes;
    switch (kind) {
      case 't':
        return this.byte() !== 0;
      case 'b':
        return bytes.readInt8(this.#step(1));
      case 'B':
        return this.byte();
      case 's':
        return bytes.readInt16BE(this.#step(2));
      case 'u':
        return bytes.readUInt16BE(this.#step(2));
      case 'I':
        return bytes.readInt32BE(this.#step(4));
      case 'i':
        return bytes.readUInt32BE(this.#step(4));
      case 'l':
        return Number(bytes.readBigInt64BE(this.#step(8)));
      case 'T':
        return Number(this.uint64());
      case 'f':
        return bytes.readFloatBE(this.#step(4));
      case 'd':
        return bytes.readDoubleBE(this.#step(8));
      case 'D':
        return { scale: this.byte(), value: bytes.readInt32BE(this.#step(4)) };
      case 'S':
        return this.#longBytes().toString('utf8');
      case 'x':
        return this.#longBytes();
      case 'A':
        return this.#array(depth + 1);
      case 'F':
        return this.table(depth + 1);
      case 'V':
        return null;
      default:
        throw new RangeError('a field has a type that AMQP 0-9-1 does not know');
    }
  }

  #nested(depth: number): FieldReader {
    if (depth > MAX_DEPTH) throw new RangeError('tables are nested too deep');
    return new FieldReader(this.#longBytes(), 0);
  }

  #longBytes(): Buffer {
    return this.#take(this.#bytes.readUInt32BE(this.#step(4)));
  }

  #take(length: number): Buffer {
    const start = this.#step(length);
    if (start + length > this.#bytes.length) throw new RangeError('a field is cut off');
    return this.#bytes.subarray(start, start + length);
  }

  #step(length: number): number {
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
