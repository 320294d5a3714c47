import { WaybillError } from '../../model/errors.ts';

const MAX_VARINT_BYTES = 10;
const MAX_GROUP_DEPTH = 32;

/**
 * A cursor over protobuf bytes that never reads past the end of the message it is in.
 *
 * Every read takes the end of the enclosing message and fails with WaybillError `malformed_payload` where the bytes do not fit; the
 * error names the byte offset and `path`, never the payload. 64-bit numbers come back as two halves (`low`, `high`), without BigInt.
 * Tags are returned whole (`field << 3 | wire type`), so that a known field of the wrong wire type falls under unknown fields.
 */
export class ProtobufReader {
  readonly bytes: Uint8Array;
  /** Offset of the next byte. */
  pos = 0;
  /** The message being read, for errors; decoders set it when they enter one. */
  path = '';
  /** Low 32 bits of the last varint or fixed64. */
  low = 0;
  /** High 32 bits of the last varint or fixed64. */
  high = 0;

  readonly #remedy: string;

  /** `remedy` is what the sender of malformed bytes is told to do. */
  constructor(
    bytes: Uint8Array,
    remedy = 'send the bytes of an OTLP export request with the content type that matches its encoding',
  ) {
    this.#remedy = remedy;
    // A Buffer is a subclass with another hidden class; a plain view keeps every access monomorphic.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Throws `malformed_payload` for what was found at `at`. */
  fail(reason: string, at: number = this.pos): never {
    throw new WaybillError('malformed_payload', `malformed protobuf at byte ${at} in ${this.path}: ${reason}`, {
      remedy: this.#remedy,
    });
  }

  /** Reads a field's tag; field number 0 is malformed. */
  readTag(end: number): number {
    const start = this.pos;
    const first = this.bytes[start] ?? 0;
    if (first < 0x80 && first > 7 && start < end) {
      this.pos = start + 1;
      return first;
    }
    this.readVarint(end);
    if (this.high !== 0 || this.low < 8) this.fail('invalid field number', start);
    return this.low;
  }

  /** Reads the length of a length-delimited field and returns the offset behind its content; the cursor is at its first byte. */
  readEnd(end: number): number {
    const start = this.pos;
    let length = this.bytes[start] ?? 0;
    if (length < 0x80 && start < end) {
      this.pos = start + 1;
    } else {
      this.readVarint(end);
      if (this.high !== 0) this.fail('a length runs past the end of its message', start);
      length = this.low;
    }
    if (length > end - this.pos) this.fail('a length runs past the end of its message', start);
    return this.pos + length;
  }

  /** Reads a varint of up to 64 bits into `low` and `high`. */
  readVarint(end: number): void {
    const { bytes } = this;
    let low = 0;
    let high = 0;
    let { pos } = this;
    for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
      if (pos >= end) this.fail('a number runs past the end of its message');
      const byte = bytes[pos] ?? 0;
      pos += 1;
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (7 * index);
      else if (index === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (7 * index - 32);
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        this.pos = pos;
        return;
      }
    }
    this.fail('a number has more than ten bytes');
  }

  /** Reads a varint and returns its low 32 bits, as protobuf does for uint32 and enum fields. */
  readUint32(end: number): number {
    this.readVarint(end);
    return this.low;
  }

  readFixed32(end: number): number {
    const { bytes } = this;
    const at = this.#advance(4, end);
    return (
      ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>>
      0
    );
  }

  /** Reads eight bytes into `low` and `high`. */
  readFixed64(end: number): void {
    if (end - this.pos < 8) this.fail('a fixed-width number runs past the end of its message');
    this.low = this.readFixed32(end);
    this.high = this.readFixed32(end);
  }

  /** Skips the field whose tag was just read. */
  skip(tag: number, end: number): void {
    switch (tag & 7) {
      case 0:
        this.readVarint(end);
        return;
      case 1:
        this.#advance(8, end);
        return;
      case 2:
        this.pos = this.readEnd(end);
        return;
      case 3:
        this.#skipGroup(tag, end);
        return;
      case 5:
        this.#advance(4, end);
        return;
      default:
        this.fail(`invalid wire type ${tag & 7}`);
    }
  }

  #advance(length: number, end: number): number {
    const at = this.pos;
    if (end - at < length) this.fail('a fixed-width number runs past the end of its message');
    this.pos = at + length;
    return at;
  }

  /** Groups are deprecated but still legal as unknown fields. */
  #skipGroup(start: number, end: number): void {
    const open = [start];
    while (open.length > 0) {
      const tag = this.readTag(end);
      const wireType = tag & 7;
      if (wireType === 3) {
        if (open.length === MAX_GROUP_DEPTH) this.fail('groups are nested too deeply');
        open.push(tag);
      } else if (wireType === 4) {
        if (open.pop() !== tag - 1) this.fail('a group ends that was not started');
      } else this.skip(tag, end);
    }
  }
}
