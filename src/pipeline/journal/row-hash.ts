import { hash } from 'node:crypto';
import type { StringTable } from '../../model/string-table.ts';

const INITIAL_BYTES = 4096;

/** Collects what makes a row the same row, and names it by 64 bits of SHA-256: the same in every process and at every repetition. */
export class RowHash {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #used = 0;
  readonly #strings: StringTable;

  constructor(strings: StringTable) {
    this.#strings = strings;
  }

  /** Starts a row. */
  begin(): void {
    this.#used = 0;
  }

  /** Adds a string with its length, so that neighbours cannot be mistaken for one another. */
  string(id: number): void {
    const start = this.#strings.startOf(id);
    const end = this.#strings.endOf(id);
    this.uint32(end - start);
    this.bytes(this.#strings.arena, start, end);
  }

  uint32(value: number): void {
    this.#reserve(4);
    for (let shift = 0; shift < 32; shift += 8) {
      this.#bytes[this.#used] = (value >>> shift) & 0xff;
      this.#used += 1;
    }
  }

  uint64(value: bigint): void {
    this.uint32(Number(value & 0xffff_ffffn));
    this.uint32(Number(value >> 32n));
  }

  /** Adds `source[start … end)` without its length. */
  bytes(source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    this.#bytes.set(source.subarray(start, end), this.#used);
    this.#used += end - start;
  }

  finish(): bigint {
    return hash('sha256', this.#bytes.subarray(0, this.#used), 'buffer').readBigUInt64LE(0);
  }

  #reserve(length: number): void {
    if (this.#used + length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + length));
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }
}
