/** Up to this length a loop over words beats `set` with its subarray. */
const SHORT = 96;

/** Bytes that an unsigned LEB128 number below 2^53 takes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
}

/** Writes into a part of an array, which may hold anything before. */
export class ByteWriter {
  readonly #out: Uint8Array;
  readonly #view: DataView;
  #at: number;
  /** Where offsets were written: several columns of a block share theirs. */
  readonly #offsetsAt = new Map<Uint32Array, number>();

  constructor(out: Uint8Array, at = 0) {
    this.#out = out;
    this.#view = new DataView(out.buffer, out.byteOffset, out.byteLength);
    this.#at = at;
  }

  /** Offset behind what was written. */
  get at(): number {
    return this.#at;
  }

  /** Unsigned LEB128, below 2^53. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#out[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#out[this.#at++] = rest;
  }

  /** An unsigned 64-bit number whose value is below 2^32, little-endian. */
  uint64(value: number): void {
    this.#view.setUint32(this.#at, value, true);
    this.#view.setUint32(this.#at + 4, 0, true);
    this.#at += 8;
  }

  /** Unsigned 64-bit numbers whose values are below 2^32, little-endian. */
  offsets(values: Uint32Array): void {
    const view = this.#view;
    const known = this.#offsetsAt.get(values);
    if (known !== undefined) {
      this.#out.copyWithin(this.#at, known, known + values.length * 8);
      this.#at += values.length * 8;
      return;
    }
    let at = this.#at;
    this.#offsetsAt.set(values, at);
    for (let index = 0; index < values.length; index += 1) {
      view.setUint32(at, values[index] ?? 0, true);
      view.setUint32(at + 4, 0, true);
      at += 8;
    }
    this.#at = at;
  }

  /** Numbers in `width` bytes each, little-endian; they must fit. */
  numbers(values: Uint32Array, width: 1 | 2 | 4): void {
    const view = this.#view;
    const out = this.#out;
    let at = this.#at;
    if (width === 1) {
      for (let index = 0; index < values.length; index += 1) out[at++] = values[index] ?? 0;
    } else if (width === 2) {
      for (let index = 0; index < values.length; index += 1, at += 2) view.setUint16(at, values[index] ?? 0, true);
    } else {
      for (let index = 0; index < values.length; index += 1, at += 4) view.setUint32(at, values[index] ?? 0, true);
    }
    this.#at = at;
  }

  /** Copies `source[start … end)`; `view` is over all of `source`. */
  copy(source: Uint8Array, view: DataView, start: number, end: number): void {
    const out = this.#out;
    const at = this.#at;
    this.#at = at + end - start;
    if (end - start > SHORT) {
      out.set(source.subarray(start, end), at);
      return;
    }
    const to = this.#view;
    const shift = at - start;
    let from = start;
    for (const wordsEnd = end - 3; from < wordsEnd; from += 4)
      to.setInt32(from + shift, view.getInt32(from, true), true);
    for (; from < end; from += 1) out[from + shift] = source[from] ?? 0;
  }

  /** Leaves out bytes, which the caller MUST write. */
  skip(length: number): DataView {
    const at = this.#at;
    this.#at += length;
    return new DataView(this.#out.buffer, this.#out.byteOffset + at, length);
  }

  /** Copies all of `source`. */
  bytes(source: Uint8Array): void {
    this.#out.set(source, this.#at);
    this.#at += source.length;
  }
}
