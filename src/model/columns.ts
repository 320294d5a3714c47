/** A growing column of bytes with a fixed width per row; `bytes` is little-endian, ready for ClickHouse's Native format. */
export class ByteColumn {
  #bytes: Uint8Array;
  #used = 0;

  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#used;
  }

  /** The written bytes; valid until the next push. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#used);
  }

  /** Makes room for `length` bytes in all. */
  reserve(length: number): void {
    if (length > this.#bytes.length) this.#grow(length - this.#used);
  }

  /** The byte at an offset; 0 behind the end. */
  at(offset: number): number {
    return this.#bytes[offset] ?? 0;
  }

  pushByte(value: number): void {
    if (this.#used === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#used] = value;
    this.#used += 1;
  }

  /** Copies `source[start … end)`. */
  pushBytes(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#used + length > this.#bytes.length) this.#grow(length);
    const bytes = this.#bytes;
    let at = this.#used;
    for (let from = start; from < end; from += 1) {
      bytes[at] = source[from] ?? 0;
      at += 1;
    }
    this.#used = at;
  }

  pushZeros(length: number): void {
    if (this.#used + length > this.#bytes.length) this.#grow(length);
    this.#bytes.fill(0, this.#used, this.#used + length);
    this.#used += length;
  }

  /** Takes back everything behind the first `length` bytes. */
  truncate(length: number): void {
    this.#used = Math.min(this.#used, length);
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + needed));
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }
}

/** A growing column of unsigned 32-bit numbers: ids, offsets, halves of 64-bit times. */
export class UintColumn {
  #values: Uint32Array;
  #used = 0;

  constructor(capacity = 16) {
    this.#values = new Uint32Array(capacity);
  }

  get length(): number {
    return this.#used;
  }

  /** The written numbers; valid until the next push; writing through it changes the column. */
  get values(): Uint32Array {
    return this.#values.subarray(0, this.#used);
  }

  at(index: number): number {
    return this.#values[index] ?? 0;
  }

  /** Takes back everything behind the first `length` numbers. */
  truncate(length: number): void {
    this.#used = Math.min(this.#used, length);
  }

  /** Makes room for `length` numbers in all. */
  reserve(length: number): void {
    if (length > this.#values.length) this.#grow(length);
  }

  push(value: number): void {
    if (this.#used === this.#values.length) this.#grow(this.#used * 2);
    this.#values[this.#used] = value;
    this.#used += 1;
  }

  #grow(length: number): void {
    const grown = new Uint32Array(length);
    grown.set(this.#values.subarray(0, this.#used));
    this.#values = grown;
  }
}
