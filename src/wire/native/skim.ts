import { WaybillError } from '../../model/errors.ts';
import { type NativeType, parseNativeType } from './type.ts';

/** What a Native block says about itself. */
export interface BlockShape {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: number;
  /** Length of the block in bytes, header included. */
  readonly byteLength: number;
}

const MAX_COLUMNS = 10_000;
const INDEX_WIDTHS = [1, 2, 4, 8] as const;
const decoder = new TextDecoder('utf-8', { fatal: false });

/**
 * Reads the shapes of concatenated Native blocks without reading their values; only strings cost a step per value.
 *
 * It exists because ClickHouse fills a column that a block lacks with defaults and says nothing: the sender has to check names.
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
  const columns: { name: string; type: string }[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = cursor.text();
    const type = cursor.text();
    columns.push({ name, type });
    if (rows === 0) continue;
    const parsed = parseNativeType(type);
    skipPrefix(cursor, parsed);
    skipData(cursor, parsed, rows);
  }
  return { columns, rows, byteLength: cursor.at - start };
}

function skipPrefix(cursor: Cursor, type: NativeType): void {
  if (type.kind === 'low_cardinality') cursor.skip(8);
  else if (type.kind === 'array' || type.kind === 'nullable') skipPrefix(cursor, type.inner);
}

function skipData(cursor: Cursor, type: NativeType, rows: number): void {
  switch (type.kind) {
    case 'fixed':
      cursor.skip(rows * type.width);
      break;
    case 'string':
      cursor.skipStrings(rows);
      break;
    case 'low_cardinality': {
      if (rows === 0) break;
      const width = INDEX_WIDTHS[cursor.uint64() & 0xff];
      if (width === undefined) throw malformed();
      cursor.skipStrings(cursor.uint64());
      if (cursor.uint64() !== rows) throw malformed();
      cursor.skip(rows * width);
      break;
    }
    case 'array':
      skipData(cursor, type.inner, rows === 0 ? 0 : cursor.lastOffset(rows));
      break;
    case 'nullable':
      cursor.skip(rows);
      skipData(cursor, type.inner, rows);
      break;
  }
}

function malformed(): WaybillError {
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

  text(): string {
    const length = this.varint();
    const from = this.at;
    this.skip(length);
    return decoder.decode(this.#bytes.subarray(from, this.at));
  }
}
