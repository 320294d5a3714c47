/** Small, because every request makes some tables of its own; one that lives long has soon grown. */
const INITIAL_SLOTS = 64;
const INITIAL_BYTES = 1024;
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });
const encoder = new TextEncoder();
/** Where texts are encoded before they are copied into a table; longer ones get memory of their own. */
const scratch = new Uint8Array(3072);

const scratchView: DataView = new DataView(scratch.buffer);

/** Differs per process, so that nobody outside can prepare strings that collide. Not a secret: a keyed hash would cost ten times as much. */
const [SEED = 0, OTHER_SEED = 0] = globalThis.crypto.getRandomValues(new Uint32Array(2));

/** The bytes that were interned from last, and how they are read in words: nearly all strings of a request come from one body. */
let source: Uint8Array = scratch;
let sourceView = scratchView;

function viewOf(bytes: Uint8Array): DataView {
  if (bytes === source) return sourceView;
  if (bytes === scratch) return scratchView;
  source = bytes;
  sourceView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return sourceView;
}

/** Lets go of the body that strings were interned from last. */
export function releaseSource(): void {
  source = scratch;
  sourceView = scratchView;
}

/** Every byte counts, eight at a time in two lanes; strings that differ only in the middle are common (SQL, URLs). */
function hashBytes(view: DataView, start: number, end: number): number {
  let hash = SEED ^ (end - start);
  let other = OTHER_SEED;
  let at = start;
  for (const wordsEnd = end - 7; at < wordsEnd; at += 8) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
    hash ^= hash >>> 15;
    other = Math.imul(other ^ view.getInt32(at + 4, true), 0x85ebca6b);
    other ^= other >>> 13;
  }
  if (at < end - 3) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
    hash ^= hash >>> 15;
    at += 4;
  }
  // Of what is left the last word is read whole, together with bytes that counted before: cheaper than byte by byte.
  if (at < end && end - start > 3) other = Math.imul(other ^ view.getInt32(end - 4, true), 0x85ebca6b);
  else for (; at < end; at += 1) hash = Math.imul(hash ^ view.getUint8(at), 0x01000193);
  hash = Math.imul(hash ^ Math.imul(other, 0xc2b2ae35) ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/**
 * Distinct byte strings, each stored once and named by a small number, so that spans carry numbers and no JS string is made per span.
 *
 * Id 0 is always the empty string. Ids are dense and never change. The table only grows; its owner starts a new one when
 * `byteLength` or `size` passes a limit (batches keep the table they were decoded with).
 */
export class StringTable {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;
  #ends = new Uint32Array(INITIAL_SLOTS);
  #size = 0;
  #slots = new Int32Array(INITIAL_SLOTS * 2).fill(-1);
  #texts: (string | undefined)[] = [];

  constructor() {
    this.intern(new Uint8Array(0), 0, 0);
  }

  /** Number of distinct strings, the empty one included. */
  get size(): number {
    return this.#size;
  }

  /** Bytes held by the strings themselves. */
  get byteLength(): number {
    return this.#used;
  }

  /** Names `bytes[start … end)`; copies it when it is new. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    const view = viewOf(bytes);
    const mask = this.#slots.length - 1;
    let slot = hashBytes(view, start, end) & mask;
    for (;;) {
      const id = this.#slots[slot] ?? -1;
      if (id < 0) break;
      if (this.#equals(id, view, start, end)) return id;
      slot = (slot + 1) & mask;
    }
    return this.#add(slot, bytes, start, end);
  }

  /** Names a JS string; where there are bytes already, `intern` is cheaper. */
  internText(text: string): number {
    const { length } = text;
    if (length * 3 > scratch.length) {
      const bytes = encoder.encode(text);
      return this.intern(bytes, 0, bytes.length);
    }
    // Nearly every text is ASCII, and a call into the encoder costs more than most texts.
    for (let at = 0; at < length; at += 1) {
      const code = text.charCodeAt(at);
      if (code > 0x7f) return this.intern(scratch, 0, encoder.encodeInto(text, scratch).written);
      scratch[at] = code;
    }
    return this.intern(scratch, 0, length);
  }

  /** Offset of the first byte of a string in `arena`. */
  startOf(id: number): number {
    return id === 0 ? 0 : (this.#ends[id - 1] ?? 0);
  }

  /** Offset behind the last byte of a string in `arena`. */
  endOf(id: number): number {
    return this.#ends[id] ?? 0;
  }

  /** All strings one after another; valid until the next `intern`. */
  get arena(): Uint8Array {
    return this.#bytes;
  }

  /** `arena`, to be read in words. */
  get arenaView(): DataView {
    return this.#view;
  }

  /** The string as JS text, decoded once; invalid UTF-8 becomes U+FFFD. */
  text(id: number): string {
    const known = this.#texts[id];
    if (known !== undefined) return known;
    const text = decoder.decode(this.#bytes.subarray(this.startOf(id), this.endOf(id)));
    this.#texts[id] = text;
    return text;
  }

  #equals(id: number, view: DataView, start: number, end: number): boolean {
    const from = this.startOf(id);
    const length = end - start;
    if (this.endOf(id) - from !== length) return false;
    const arena = this.#view;
    if (length < 4) {
      for (let at = 0; at < length; at += 1) if (arena.getUint8(from + at) !== view.getUint8(start + at)) return false;
      return true;
    }
    // The last word may overlap the one before it.
    const last = length - 4;
    for (let at = 0; at < last; at += 4) {
      if (arena.getInt32(from + at, true) !== view.getInt32(start + at, true)) return false;
    }
    return arena.getInt32(from + last, true) === view.getInt32(start + last, true);
  }

  #add(slot: number, bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    this.#reserve(length);
    const id = this.#size;
    this.#bytes.set(bytes.subarray(start, end), this.#used);
    this.#used += length;
    this.#ends[id] = this.#used;
    this.#slots[slot] = id;
    this.#size += 1;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #reserve(length: number): void {
    if (this.#used + length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + length));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    if (this.#size === this.#ends.length) {
      const grown = new Uint32Array(this.#ends.length * 2);
      grown.set(this.#ends);
      this.#ends = grown;
    }
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let id = 0; id < this.#size; id += 1) {
      let slot = hashBytes(this.#view, this.startOf(id), this.endOf(id)) & mask;
      while ((slots[slot] ?? -1) >= 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }
}
