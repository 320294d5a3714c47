import type { TextInterner } from './text-interner.ts';

const scratch = new DataView(new ArrayBuffer(8));

/** Canonical text of a signed 64-bit number given as two halves. */
export function intText(low: number, high: number): string {
  if (high === 0) return String(low);
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)).toString();
}

/** The double whose bits are given as two halves. */
export function doubleFromBits(low: number, high: number): number {
  scratch.setUint32(0, low, true);
  scratch.setUint32(4, high, true);
  return scratch.getFloat64(0, true);
}

/** Canonical text of a double: the shortest digits that read back as the same number, `NaN`, `Infinity`, `-Infinity`, `-0`. */
export function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Standard base64, padded. */
export function bytesText(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('base64');
}

/** Bytes whose base64 fits into `maxBytes`; a whole number of groups, so that no padding stands inside. */
export function maxRawBytes(maxBytes: number): number {
  return Math.max(0, Math.floor(maxBytes / 4) * 3);
}

/**
 * Writes the canonical JSON of an array or key-value list, within a budget.
 *
 * int and finite double are JSON numbers (an int keeps all its digits), other doubles and bytes (base64) are strings, an empty value
 * is null, keys keep their order and may repeat. When the budget is used up, `isFull` is true and the writer's caller leaves
 * the remaining elements out; the brackets are still closed, so that the text stays JSON.
 */
export class JsonText {
  #text = '';
  #left: number;
  readonly #interner: TextInterner;
  /** Set by the caller that left elements out. */
  isCut = false;

  constructor(maxBytes: number, interner: TextInterner) {
    this.#left = maxBytes;
    this.#interner = interner;
  }

  get text(): string {
    return this.#text;
  }

  get isFull(): boolean {
    return this.#left <= 0;
  }

  /** Writes punctuation or a literal of ASCII characters. */
  raw(ascii: string): void {
    this.#text += ascii;
    this.#left -= ascii.length;
  }

  string(bytes: Uint8Array, start: number, end: number): void {
    const cut = this.#interner.cut(bytes, start, end, Math.max(0, this.#left));
    const json = JSON.stringify(this.#interner.text(bytes, start, cut));
    this.#text += json;
    this.#left -= Buffer.byteLength(json);
  }

  double(value: number): void {
    this.raw(Number.isFinite(value) ? doubleText(value) : `"${doubleText(value)}"`);
  }

  bytes(bytes: Uint8Array, start: number, end: number): void {
    const fits = maxRawBytes(Math.max(0, this.#left));
    const cut = Math.min(end, start + fits);
    if (cut < end) this.isCut = true;
    this.raw(`"${bytesText(bytes, start, cut)}"`);
  }
}
