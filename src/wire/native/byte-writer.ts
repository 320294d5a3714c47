/** Below this length a loop beats `set` with its subarray. */
const SHORT = 24;

/** Bytes that an unsigned LEB128 number below 2^53 takes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
}

/** Writes into one array whose size is known beforehand. */
export class ByteWriter {
  readonly #out: Uint8Array;
  #at = 0;

  constructor(size: number) {
    this.#out = new Uint8Array(size);
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
    const out = this.#out;
    const at = this.#at;
    out[at] = value & 0xff;
    out[at + 1] = (value >>> 8) & 0xff;
    out[at + 2] = (value >>> 16) & 0xff;
    out[at + 3] = value >>> 24;
    // The upper half is zero already: the array is new.
    this.#at = at + 8;
  }

  /** Copies `source[start … end)`. */
  bytes(source: Uint8Array, start: number, end: number): void {
    if (end - start > SHORT) {
      this.#out.set(source.subarray(start, end), this.#at);
      this.#at += end - start;
      return;
    }
    let at = this.#at;
    for (let from = start; from < end; from += 1) this.#out[at++] = source[from] ?? 0;
    this.#at = at;
  }

  /** The array; throws RangeError where the computed size was not met, because such bytes must not leave the encoder. */
  finish(): Uint8Array {
    if (this.#at !== this.#out.length) {
      throw new RangeError(`wrote ${this.#at} bytes into an array of ${this.#out.length}`);
    }
    return this.#out;
  }
}
