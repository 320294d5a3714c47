import { WaybillError } from '../../model/errors.ts';
import { StringTable } from '../../model/string-table.ts';
import { type NativeType, parseNativeType } from './type.ts';

/**
 * Where the values of a column lie in the bytes of its block, offsets into them:
 *
 * - `bytes`: fixed-width values or strings, which may stand behind those of another block as they are.
 * - `low_cardinality`: `keyCount` strings at `keysAt`, then `rows` indexes into them of `width` bytes each.
 * - `array`: the ends of `rows` arrays, 8 bytes each, then the elements; `nullable`: a byte a row, then the values.
 */
export type DataPlace =
  | { readonly kind: 'bytes'; readonly start: number; readonly end: number }
  | LowCardinalityPlace
  | { readonly kind: 'array'; readonly endsAt: number; readonly rows: number; readonly inner: DataPlace }
  | { readonly kind: 'nullable'; readonly nullsAt: number; readonly rows: number; readonly inner: DataPlace };

export interface LowCardinalityPlace {
  readonly kind: 'low_cardinality';
  readonly rows: number;
  readonly width: IndexWidth;
  readonly keyCount: number;
  readonly keysAt: number;
  readonly indexesAt: number;
}

/** Bytes of an index into a dictionary. */
export type IndexWidth = (typeof INDEX_WIDTHS)[number];

/** What a Native block says about itself. */
export interface BlockShape {
  readonly columns: readonly { readonly name: string; readonly type: string; readonly data: DataPlace }[];
  readonly rows: number;
  /** Length of the block in bytes, header included. */
  readonly byteLength: number;
}

const MAX_COLUMNS = 10_000;
/** Bytes of an index, by the type of index of SerializationLowCardinality; its fourth, 8 bytes, the encoder never writes. */
const INDEX_WIDTHS = [1, 2, 4] as const;
const decoder = new TextDecoder('utf-8', { fatal: false });

/** Names of columns and types, which are the same in every block, each decoded once. */
const names = new StringTable();
const MAX_NAMES = 2000;

function nameOf(bytes: Uint8Array, start: number, end: number): string {
  if (names.size >= MAX_NAMES) return decoder.decode(bytes.subarray(start, end));
  return names.text(names.intern(bytes, start, end));
}

/**
 * Reads the shapes of concatenated Native blocks without reading their values; only strings cost a step per value.
 *
 * It exists because ClickHouse fills a column that a block lacks with defaults and says nothing, so the sender has to check names; and
 * for `joinBlocks`.
 * Throws `malformed_payload` where bytes are cut off or are not what the encoder writes.
 */
export function skimBlocks(bytes: Uint8Array): BlockShape[] {
  const cursor = new Cursor(bytes);
  const shapes: BlockShape[] = [];
  while (cursor.at < bytes.length) shapes.push(skimBlock(cursor));
  return shapes;
}

function skimBlock(cursor: Cursor): BlockShape {
  const start = cursor.at;
  const count = cursor.varint();
  const rows = cursor.varint();
  if (count > MAX_COLUMNS) throw malformed();
  const columns: { name: string; type: string; data: DataPlace }[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = cursor.text();
    const type = cursor.text();
    const parsed = parseNativeType(type);
    if (rows > 0) skipPrefix(cursor, parsed);
    columns.push({ name, type, data: skipData(cursor, parsed, rows) });
  }
  return { columns, rows, byteLength: cursor.at - start };
}

function skipPrefix(cursor: Cursor, type: NativeType): void {
  if (type.kind === 'low_cardinality') cursor.skip(8);
  else if (type.kind === 'array' || type.kind === 'nullable') skipPrefix(cursor, type.inner);
}

function skipData(cursor: Cursor, type: NativeType, rows: number): DataPlace {
  const start = cursor.at;
  switch (type.kind) {
    case 'fixed':
      cursor.skip(rows * type.width);
      return { kind: 'bytes', start, end: cursor.at };
    case 'string':
      cursor.skipStrings(rows);
      return { kind: 'bytes', start, end: cursor.at };
    case 'low_cardinality':
      return skipLowCardinality(cursor, rows);
    case 'array': {
      const elements = rows === 0 ? 0 : cursor.lastOffset(rows);
      return { kind: 'array', endsAt: start, rows, inner: skipData(cursor, type.inner, elements) };
    }
    case 'nullable':
      break;
  }
  cursor.skip(rows);
  return { kind: 'nullable', nullsAt: start, rows, inner: skipData(cursor, type.inner, rows) };
}

function skipLowCardinality(cursor: Cursor, rows: number): LowCardinalityPlace {
  const at = cursor.at;
  if (rows === 0) return { kind: 'low_cardinality', rows, width: 1, keyCount: 0, keysAt: at, indexesAt: at };
  const width = INDEX_WIDTHS[cursor.uint64() & 0xff];
  if (width === undefined) throw malformed();
  const keyCount = cursor.uint64();
  const keysAt = cursor.at;
  cursor.skipStrings(keyCount);
  if (cursor.uint64() !== rows) throw malformed();
  const indexesAt = cursor.at;
  cursor.skip(rows * width);
  return { kind: 'low_cardinality', rows, width, keyCount, keysAt, indexesAt };
}

/** What is thrown for bytes that are cut off or not what the encoder writes. */
export function malformed(): WaybillError {
  return new WaybillError('malformed_payload', 'the bytes are not complete blocks in the Native format');
}

class Cursor {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  skip(length: number): void {
    if (length > this.#bytes.length - this.at) throw malformed();
    this.at += length;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 53; scale *= 0x80) {
      const byte = this.#bytes[this.at];
      if (byte === undefined) throw malformed();
      this.at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw malformed();
  }

  uint64(): number {
    const from = this.at;
    this.skip(8);
    const high = this.#view.getUint32(from + 4, true);
    if (high >= 2 ** 21) throw malformed();
    return high * 2 ** 32 + this.#view.getUint32(from, true);
  }

  /** Skips the offsets of an array column and returns the last one. */
  lastOffset(rows: number): number {
    this.skip((rows - 1) * 8);
    return this.uint64();
  }

  skipStrings(count: number): void {
    // Every string has at least its length byte; a lying count must not cost more than the bytes that are there.
    if (count > this.#bytes.length - this.at) throw malformed();
    for (let index = 0; index < count; index += 1) this.skip(this.varint());
  }

  /** A name; the same few come in every block. */
  text(): string {
    const length = this.varint();
    const from = this.at;
    this.skip(length);
    return nameOf(this.#bytes, from, this.at);
  }
}
