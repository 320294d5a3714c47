// Most columns of most batches stay empty: they share these until something is pushed.
const NO_BYTES = new Uint8Array(0);
const NO_NUMBERS = new Uint32Array(0);
const MIN_BYTES = 64;
const MIN_NUMBERS = 16;

/** A growing column of bytes with a fixed width per row; `bytes` is little-endian, ready for ClickHouse's Native format. */
export class ByteColumn {
  #bytes: Uint8Array = NO_BYTES;
  #used = 0;

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
    if (length > this.#bytes.length) this.#resize(length);
  }

  /** Appends what another column holds. */
  append(other: ByteColumn): void {
    const end = this.#used + other.length;
    if (end > this.#bytes.length) this.#grow(other.length);
    this.#bytes.set(other.bytes, this.#used);
    this.#used = end;
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

  /** Copies `source[start … end)`; for the few bytes of an id a loop is faster than `set`. */
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
    this.#resize(Math.max(MIN_BYTES, this.#bytes.length * 2, this.#used + needed));
  }

  #resize(length: number): void {
    const resized = new Uint8Array(length);
    if (this.#used > 0) resized.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = resized;
  }
}

/** A growing column of unsigned 32-bit numbers: ids, offsets, halves of 64-bit times. */
export class UintColumn {
  #values: Uint32Array = NO_NUMBERS;
  #used = 0;

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

  /** Whether another column holds the same numbers in the same order. */
  equals(other: UintColumn): boolean {
    if (other.length !== this.#used) return false;
    for (let at = 0; at < this.#used; at += 1) if (this.#values[at] !== other.at(at)) return false;
    return true;
  }

  /** Takes back everything behind the first `length` numbers. */
  truncate(length: number): void {
    this.#used = Math.min(this.#used, length);
  }

  /** Makes room for `length` numbers in all. */
  reserve(length: number): void {
    if (length > this.#values.length) this.#resize(length);
  }

  /** Appends what another column holds, every number `shift` larger. */
  append(other: UintColumn, shift = 0): void {
    const start = this.#used;
    const end = start + other.length;
    if (end > this.#values.length) this.#resize(Math.max(end, start * 2));
    const values = this.#values;
    if (shift === 0) values.set(other.values, start);
    else for (let at = start; at < end; at += 1) values[at] = other.at(at - start) + shift;
    this.#used = end;
  }

  push(value: number): void {
    if (this.#used === this.#values.length) this.#resize(Math.max(MIN_NUMBERS, this.#used * 2));
    this.#values[this.#used] = value;
    this.#used += 1;
  }

  #resize(length: number): void {
    const resized = new Uint32Array(length);
    if (this.#used > 0) resized.set(this.#values.subarray(0, this.#used));
    this.#values = resized;
  }
}
