import { releaseSource, StringTable } from '../../model/string-table.ts';
import { ByteWriter, varintLength } from './byte-writer.ts';
import { HAS_ADDITIONAL_KEYS, LOW_CARDINALITY_VERSION } from './encode.ts';
import {
  type BlockShape,
  type DataPlace,
  type IndexWidth,
  type LowCardinalityPlace,
  malformed,
  skimBlocks,
} from './skim.ts';

/** A block with more rows would hold more memory than it saves CPU. */
const MAX_ROWS = 65_536;
const MAX_KEPT_BYTES = 32 * 1024 * 1024;

const encoder = new TextEncoder();

/** Some bytes, and a place in them. */
interface In<Place> {
  readonly bytes: Uint8Array;
  readonly place: Place;
}

type Lists = Extract<DataPlace, { kind: 'array' }>;
type Nullables = Extract<DataPlace, { kind: 'nullable' }>;

/** A column of several blocks, to be written as one whose length is known. */
type Joined =
  | { readonly kind: 'bytes'; readonly length: number; readonly parts: readonly Uint8Array[] }
  | { readonly kind: 'low_cardinality'; readonly length: number; readonly dictionary: JoinedDictionary | undefined }
  | { readonly kind: 'array'; readonly length: number; readonly parts: readonly In<Lists>[]; readonly inner: Joined }
  | {
      readonly kind: 'nullable';
      readonly length: number;
      readonly nulls: readonly Uint8Array[];
      readonly inner: Joined;
    };

/** One dictionary in place of several. */
interface JoinedDictionary {
  /** Every one is a key, in the order of their ids. */
  readonly strings: StringTable;
  readonly width: IndexWidth;
  readonly rows: number;
  /** With the id of each key of the part. */
  readonly parts: readonly (In<LowCardinalityPlace> & { readonly ids: Uint32Array })[];
}

/** Where joined blocks are written: one memory for many inserts. New memory for each would lie about until the collector comes. */
export class JoinMemory {
  #bytes = new Uint8Array(0);
  #used = 0;
  #needed = 0;

  /** Bytes of any content. */
  take(length: number): Uint8Array {
    this.#needed += length;
    if (this.#used + length > this.#bytes.length) return new Uint8Array(length);
    const start = this.#used;
    this.#used += length;
    return this.#bytes.subarray(start, this.#used);
  }

  /** Everything taken is of no use any more. */
  reset(): void {
    // A quarter more: segments differ a little. What a huge one needed is not kept.
    if (this.#needed > this.#bytes.length && this.#needed <= MAX_KEPT_BYTES) {
      this.#bytes = new Uint8Array(Math.ceil(this.#needed * 1.25));
    }
    this.#used = 0;
    this.#needed = 0;
  }
}

/** Native blocks, and the columns that all of them have. */
export interface JoinedBlocks {
  /** The rows of what was given in the same order, in as few blocks as MAX_ROWS allows; blocks without rows are left out. */
  readonly blocks: readonly Uint8Array[];
  /** Names and types of the columns of each block of `blocks`. */
  readonly shapes: readonly BlockShape[];
}

/**
 * Joins small blocks into large ones: a journal has one for each request, and to ClickHouse each is a pass through everything, with
 * dictionaries of its own (measured in docs/adr/0015-blocks-are-joined-and-handed-over.md).
 *
 * The same blocks always make the same bytes, on which deduplication relies. Blocks are joined with their neighbours as long as their
 * columns are the same.
 *
 * @param chunks one or more whole blocks each; throws `malformed_payload` where they are not
 * @param memory the blocks lie in it, and are valid until it is reset
 */
export function joinBlocks(chunks: readonly Uint8Array[], memory = new JoinMemory()): JoinedBlocks {
  const blocks: Uint8Array[] = [];
  const shapes: BlockShape[] = [];
  let group: In<BlockShape>[] = [];
  let rows = 0;
  const flush = (): void => {
    const [first] = group;
    if (first === undefined) return;
    blocks.push(group.length === 1 ? first.bytes : joinGroup(group, rows, memory));
    shapes.push(first.place);
    group = [];
    rows = 0;
  };
  for (const block of blocksOf(chunks)) {
    const [first] = group;
    const fits = first !== undefined && hasSameColumns(first.place, block.place);
    if (!fits || rows + block.place.rows > MAX_ROWS) flush();
    group.push(block);
    rows += block.place.rows;
  }
  flush();
  releaseSource();
  return { blocks, shapes };
}

function* blocksOf(chunks: readonly Uint8Array[]): Generator<In<BlockShape>> {
  for (const chunk of chunks) {
    const shapes = skimBlocks(chunk);
    const [only] = shapes;
    if (shapes.length === 1 && only !== undefined) {
      if (only.rows > 0) yield { bytes: chunk, place: only };
      continue;
    }
    let at = 0;
    for (const { byteLength, rows } of shapes) {
      const bytes = chunk.subarray(at, at + byteLength);
      at += byteLength;
      // Places are offsets into the block itself.
      const [place] = rows === 0 ? [] : skimBlocks(bytes);
      if (place !== undefined) yield { bytes, place };
    }
  }
}

function hasSameColumns(a: BlockShape, b: BlockShape): boolean {
  return (
    a.columns.length === b.columns.length &&
    a.columns.every(({ name, type }, index) => b.columns[index]?.name === name && b.columns[index]?.type === type)
  );
}

function joinGroup(group: readonly In<BlockShape>[], rows: number, memory: JoinMemory): Uint8Array {
  const columns = group[0]?.place.columns ?? [];
  let length = varintLength(columns.length) + varintLength(rows);
  const joined = columns.map(({ name, type }, index) => {
    const parts: In<DataPlace>[] = [];
    for (const { bytes, place } of group) {
      const data = place.columns[index]?.data;
      if (data !== undefined) parts.push({ bytes, place: data });
    }
    const column = { name: encoder.encode(name), type: encoder.encode(type), data: join(parts) };
    length += textLength(column.name) + textLength(column.type) + prefixLength(column.data) + column.data.length;
    return column;
  });
  const out = memory.take(length);
  const writer = new ByteWriter(out);
  writer.varint(columns.length);
  writer.varint(rows);
  for (const { name, type, data } of joined) {
    for (const text of [name, type]) {
      writer.varint(text.length);
      writer.bytes(text);
    }
    if (prefixLength(data) > 0) writer.uint64(LOW_CARDINALITY_VERSION);
    write(writer, data);
  }
  if (writer.at !== length) throw new RangeError(`wrote ${writer.at} bytes of a block of ${length}`);
  return out;
}

function textLength({ length }: Uint8Array): number {
  return varintLength(length) + length;
}

/** The version of a dictionary stands before everything else of its column. */
function prefixLength(data: Joined): number {
  if (data.kind === 'low_cardinality') return 8;
  return data.kind === 'bytes' ? 0 : prefixLength(data.inner);
}

function join(parts: readonly In<DataPlace>[]): Joined {
  // All of one type, so of one kind.
  switch (parts[0]?.place.kind) {
    case 'low_cardinality':
      return joinDictionaries(ofKind(parts, 'low_cardinality'));
    case 'array': {
      const lists = ofKind(parts, 'array');
      const inner = join(lists.map(({ bytes, place }) => ({ bytes, place: place.inner })));
      return { kind: 'array', length: rowsOf(lists) * 8 + inner.length, parts: lists, inner };
    }
    case 'nullable': {
      const own: readonly In<Nullables>[] = ofKind(parts, 'nullable');
      const inner = join(own.map(({ bytes, place }) => ({ bytes, place: place.inner })));
      const nulls = own.map(({ bytes, place }) => bytes.subarray(place.nullsAt, place.nullsAt + place.rows));
      return { kind: 'nullable', length: rowsOf(own) + inner.length, nulls, inner };
    }
    default:
      return joinBytes(ofKind(parts, 'bytes').map(({ bytes, place }) => bytes.subarray(place.start, place.end)));
  }
}

function joinBytes(parts: readonly Uint8Array[]): Joined {
  return { kind: 'bytes', length: parts.reduce((sum, { length }) => sum + length, 0), parts };
}

function joinDictionaries(places: readonly In<LowCardinalityPlace>[]): Joined {
  const rows = rowsOf(places);
  // An empty column is no bytes at all.
  if (rows === 0) return { kind: 'low_cardinality', length: 0, dictionary: undefined };
  const strings = new StringTable();
  const parts = places.map((part) => ({ ...part, ids: internKeys(part, strings) }));
  let keysLength = 0;
  for (let id = 0; id < strings.size; id += 1) {
    const length = strings.endOf(id) - strings.startOf(id);
    keysLength += varintLength(length) + length;
  }
  const width = strings.size <= 0x100 ? 1 : strings.size <= 0x10000 ? 2 : 4;
  const length = 24 + keysLength + rows * width;
  return { kind: 'low_cardinality', length, dictionary: { strings, width, rows, parts } };
}

/** Ids of the keys of a part. */
function internKeys({ bytes, place }: In<LowCardinalityPlace>, strings: StringTable): Uint32Array {
  const ids = new Uint32Array(place.keyCount);
  let at = place.keysAt;
  for (let key = 0; key < ids.length; key += 1) {
    let length = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at++] ?? 0;
      length += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    ids[key] = strings.intern(bytes, at, at + length);
    at += length;
  }
  return ids;
}

function write(writer: ByteWriter, data: Joined): void {
  switch (data.kind) {
    case 'bytes':
      for (const part of data.parts) writer.bytes(part);
      break;
    case 'low_cardinality':
      if (data.dictionary !== undefined) writeDictionary(writer, data.dictionary);
      break;
    case 'array':
      writer.offsets(endsOf(data.parts));
      write(writer, data.inner);
      break;
    case 'nullable':
      for (const part of data.nulls) writer.bytes(part);
      write(writer, data.inner);
      break;
  }
}

function writeDictionary(writer: ByteWriter, { strings, width, rows, parts }: JoinedDictionary): void {
  const indexType = width === 4 ? 2 : width - 1;
  writer.uint64(HAS_ADDITIONAL_KEYS | indexType);
  writer.uint64(strings.size);
  const { arena, arenaView } = strings;
  for (let id = 0; id < strings.size; id += 1) {
    const start = strings.startOf(id);
    const end = strings.endOf(id);
    writer.varint(end - start);
    writer.copy(arena, arenaView, start, end);
  }
  writer.uint64(rows);
  for (const part of parts) writeIndexes(writer.skip(part.place.rows * width), part, width);
}

/** Writes the key of each row, by its id in the joined dictionary. */
function writeIndexes(
  out: DataView,
  { bytes, place, ids }: JoinedDictionary['parts'][number],
  width: IndexWidth,
): void {
  const { rows, keyCount, width: from } = place;
  const view = new DataView(bytes.buffer, bytes.byteOffset + place.indexesAt, rows * from);
  for (let row = 0; row < rows; row += 1) {
    const key =
      from === 1 ? view.getUint8(row) : from === 2 ? view.getUint16(row * 2, true) : view.getUint32(row * 4, true);
    if (key >= keyCount) throw malformed();
    const id = ids[key] ?? 0;
    if (width === 1) out.setUint8(row, id);
    else if (width === 2) out.setUint16(row * 2, id, true);
    else out.setUint32(row * 4, id, true);
  }
}

/** Ends of arrays, counted from the first one of the first part. */
function endsOf(parts: readonly In<Lists>[]): Uint32Array {
  const ends = new Uint32Array(rowsOf(parts));
  let next = 0;
  let base = 0;
  for (const { bytes, place } of parts) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + place.endsAt, place.rows * 8);
    let end = 0;
    for (let row = 0; row < place.rows; row += 1) {
      end = view.getUint32(row * 8, true);
      if (view.getUint32(row * 8 + 4, true) !== 0) throw malformed();
      ends[next++] = base + end;
    }
    base += end;
  }
  // A wrapped number would be smaller than one before it.
  if (base >= 2 ** 32) throw malformed();
  return ends;
}

function ofKind<Kind extends DataPlace['kind']>(
  parts: readonly In<DataPlace>[],
  kind: Kind,
): In<Extract<DataPlace, { kind: Kind }>>[] {
  const found: In<Extract<DataPlace, { kind: Kind }>>[] = [];
  for (const { bytes, place } of parts) if (isOfKind(place, kind)) found.push({ bytes, place });
  return found;
}

function isOfKind<Kind extends DataPlace['kind']>(
  place: DataPlace,
  kind: Kind,
): place is Extract<DataPlace, { kind: Kind }> {
  return place.kind === kind;
}

function rowsOf(parts: readonly In<{ readonly rows: number }>[]): number {
  return parts.reduce((sum, { place }) => sum + place.rows, 0);
}
