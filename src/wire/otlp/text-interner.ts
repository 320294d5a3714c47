import { isUtf8 } from 'node:buffer';
import { StringTable } from '../../model/string-table.ts';
import type { DecodeTally } from './decode-tally.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/** Longer raw bytes are not remembered: they rarely repeat and would be kept twice. */
const MAX_REMEMBERED_BYTES = 4096;
/** Longer JS strings, and more of them, are encoded each time. */
const MAX_REMEMBERED_TEXT = 256;
const MAX_REMEMBERED_TEXTS = 50_000;
/** A cache beyond these sizes is replaced before the next request. */
const MAX_CACHE_BYTES = 8 * 1024 * 1024;
const MAX_CACHE_ENTRIES = 100_000;

/**
 * Remembers what raw bytes were decoded to, so that equal bytes are decoded, validated and cut once.
 *
 * `find` either returns the known result or -1; after -1 the caller decodes and calls `remember` before the next `find`, or throws:
 * bytes without a remembered result are simply unknown again.
 */
export class RawCache {
  readonly #raw = new StringTable();
  /** By raw id: result + 1, or 0 where there is none. */
  #results = new Uint32Array(1024);
  #pending = 0;

  /** `ofEmpty` is the result for no bytes at all. */
  constructor(ofEmpty: number) {
    this.#results[0] = ofEmpty + 1;
  }

  /** Whether bytes of this length are worth remembering. */
  static remembers(length: number): boolean {
    return length <= MAX_REMEMBERED_BYTES;
  }

  get isFull(): boolean {
    return this.#raw.byteLength > MAX_CACHE_BYTES || this.#raw.size > MAX_CACHE_ENTRIES;
  }

  find(bytes: Uint8Array, start: number, end: number): number {
    const id = this.#raw.intern(bytes, start, end);
    this.#pending = id;
    return (this.#results[id] ?? 0) - 1;
  }

  remember(result: number): void {
    if (this.#pending >= this.#results.length) {
      const grown = new Uint32Array(Math.max(this.#results.length * 2, this.#pending + 1));
      grown.set(this.#results);
      this.#results = grown;
    }
    this.#results[this.#pending] = result + 1;
  }
}

/** Brings wire strings into a StringTable: valid UTF-8 and bounded, repaired or cut where they are not. */
export class TextInterner {
  readonly strings: StringTable;
  readonly #cache: RawCache;
  readonly #maxBytes: number;
  readonly #tally: DecodeTally;
  /** JS strings of this request, because encoding one costs more than looking it up. */
  readonly #known = new Map<string, number>();

  constructor(strings: StringTable, cache: RawCache, maxBytes: number, tally: DecodeTally) {
    this.strings = strings;
    this.#cache = cache;
    this.#maxBytes = maxBytes;
    this.#tally = tally;
  }

  /** Names a string that is likely to repeat: a key, a name. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    if (!RawCache.remembers(end - start)) return this.internFresh(bytes, start, end);
    const known = this.#cache.find(bytes, start, end);
    if (known >= 0) return known;
    const id = this.internFresh(bytes, start, end);
    this.#cache.remember(id);
    return id;
  }

  /** Names a string whose repetitions were caught before, e.g. with its whole key-value. */
  internFresh(bytes: Uint8Array, start: number, end: number): number {
    const cut = this.cut(bytes, start, end, this.#maxBytes);
    if (this.isValid(bytes, start, cut)) return this.strings.intern(bytes, start, cut);
    return this.strings.internText(decoder.decode(bytes.subarray(start, cut)));
  }

  /** Names text of a JSON payload. */
  internText(text: string): number {
    if (text === '') return 0;
    if (text.length > MAX_REMEMBERED_TEXT) return this.#internEncoded(text);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const id = this.#internEncoded(text);
    if (this.#known.size < MAX_REMEMBERED_TEXTS) this.#known.set(text, id);
    return id;
  }

  #internEncoded(text: string): number {
    // No UTF-16 unit takes more than three bytes, so this cannot be cut.
    if (text.length * 3 <= this.#maxBytes) return this.strings.internText(text);
    const bytes = encoder.encode(text);
    return this.strings.intern(bytes, 0, this.cut(bytes, 0, bytes.length, this.#maxBytes));
  }

  /** The end of the longest part of a string that fits into `maxBytes` and does not split a character; counts a cut. */
  cut(bytes: Uint8Array, start: number, end: number, maxBytes: number): number {
    if (end - start <= maxBytes) return end;
    this.#tally.truncatedValues += 1;
    let cut = start + maxBytes;
    for (let back = 0; back < 3 && cut > start && ((bytes[cut] ?? 0) & 0xc0) === 0x80; back += 1) cut -= 1;
    return cut;
  }

  /** Whether bytes are UTF-8; counts those that are not. */
  isValid(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (at < end && (bytes[at] ?? 0) < 0x80) at += 1;
    if (at === end || isUtf8(bytes.subarray(at, end))) return true;
    this.#tally.invalidUtf8 += 1;
    return false;
  }

  /** Decodes a bounded piece of a string, repaired where it is not UTF-8. */
  text(bytes: Uint8Array, start: number, end: number): string {
    this.isValid(bytes, start, end);
    return decoder.decode(bytes.subarray(start, end));
  }
}
