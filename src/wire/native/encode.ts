import { WaybillError } from '../../model/errors.ts';
import type { StringTable } from '../../model/string-table.ts';
import { ByteWriter, varintLength } from './byte-writer.ts';
import type { NativeColumn, NativeData } from './column.ts';
import { buildDictionary, type Dictionary, type DictionaryScratch } from './dictionary.ts';
import { type NativeType, parseNativeType } from './type.ts';

/** SerializationLowCardinality: SharedDictionariesWithAdditionalKeys, the only version of the key serialisation. */
export const LOW_CARDINALITY_VERSION = 1;
/** SerializationLowCardinality: the keys of this block follow in the block itself. */
export const HAS_ADDITIONAL_KEYS = 1 << 9;

const encoder = new TextEncoder();

/** One for all blocks: encoding is synchronous. */
const shared: DictionaryScratch = { indexes: new Uint32Array(0) };
/** What a single huge request needed is not kept. */
const MAX_SHARED_INDEXES = 1024 * 1024;

/** Names of columns and types are the same in every block. */
const names = new Map<string, Uint8Array>();
const MAX_NAMES = 2000;

function encodeName(text: string): Uint8Array {
  const known = names.get(text);
  if (known !== undefined) return known;
  const bytes = encoder.encode(text);
  if (names.size < MAX_NAMES) names.set(text, bytes);
  return bytes;
}

/** A column whose dictionaries are made and whose length is known. */
type Plan =
  | { readonly kind: 'fixed'; readonly bytes: Uint8Array }
  | { readonly kind: 'string'; readonly ids: Uint32Array; readonly strings: StringTable }
  | { readonly kind: 'low_cardinality'; readonly dictionary: Dictionary | undefined; readonly strings: StringTable }
  | { readonly kind: 'array'; readonly ends: Uint32Array; readonly inner: Plan }
  | { readonly kind: 'nullable'; readonly nulls: Uint8Array; readonly inner: Plan };

interface PlannedColumn {
  readonly name: Uint8Array;
  readonly type: Uint8Array;
  readonly plan: Plan;
}

/** A block whose size is known and that is still to be written, straight to where it belongs. */
export interface PlannedBlock {
  readonly rows: number;
  /** Bytes that it takes. */
  readonly length: number;
  readonly columns: readonly PlannedColumn[];
}

/**
 * Encodes one complete block in ClickHouse's Native format, as the HTTP interface takes it (client revision 0: no block info, no
 * custom serialisation flags). Blocks of the same table may be concatenated.
 *
 * The block is written into one exactly sized array. Throws `internal` where a column's data does not fit its type or `rows`:
 * that is a programming error, and a wrong block must never reach the journal.
 */
export function encodeBlock(columns: readonly NativeColumn[], rows: number): Uint8Array {
  const block = planBlock(columns, rows);
  const out = new Uint8Array(block.length);
  writeBlock(block, out, 0);
  return out;
}

/** The first half of `encodeBlock`: makes dictionaries and counts bytes. What the columns hold MUST stay as it is until it is written. */
export function planBlock(columns: readonly NativeColumn[], rows: number): PlannedBlock {
  if (shared.indexes.length > MAX_SHARED_INDEXES) shared.indexes = new Uint32Array(0);
  const scratch = shared;
  let size = varintLength(columns.length) + varintLength(rows);
  const planned: PlannedColumn[] = [];
  for (const column of columns) {
    const plan = planData(column.name, parseNativeType(column.type), column.data, rows, scratch);
    const name = encodeName(column.name);
    const type = encodeName(column.type);
    size += varintLength(name.length) + name.length + varintLength(type.length) + type.length;
    if (rows > 0) size += prefixSize(plan) + dataSize(plan);
    planned.push({ name, type, plan });
  }

  return { rows, length: size, columns: planned };
}

/** Writes a planned block into `out` from `at` on; throws RangeError where the counted size was not met, because such bytes must not leave. */
export function writeBlock({ rows, length, columns }: PlannedBlock, out: Uint8Array, at: number): void {
  const writer = new ByteWriter(out, at);
  writer.varint(columns.length);
  writer.varint(rows);
  for (const { name, type, plan } of columns) {
    writer.varint(name.length);
    writer.bytes(name);
    writer.varint(type.length);
    writer.bytes(type);
    // NativeWriter: zero items of data are zero bytes, state prefixes included.
    if (rows === 0) continue;
    writePrefix(writer, plan);
    writeData(writer, plan);
  }
  if (writer.at - at !== length) throw new RangeError(`wrote ${writer.at - at} bytes of a block of ${length}`);
}

function planData(column: string, type: NativeType, data: NativeData, rows: number, scratch: DictionaryScratch): Plan {
  switch (data.kind) {
    case 'fixed':
      if (type.kind !== 'fixed' || data.bytes.length !== rows * type.width) throw misfit(column);
      return data;
    case 'string':
      if (type.kind !== 'string' || data.ids.length !== rows) throw misfit(column);
      return data;
    case 'low_cardinality': {
      if (type.kind !== 'low_cardinality' || data.ids.length !== rows) throw misfit(column);
      const dictionary = rows === 0 ? undefined : buildDictionary(data.ids, data.strings, scratch);
      return { kind: 'low_cardinality', dictionary, strings: data.strings };
    }
    case 'array': {
      if (type.kind !== 'array' || data.ends.length !== rows) throw misfit(column);
      const elements = lastEnd(column, data.ends);
      return { kind: 'array', ends: data.ends, inner: planData(column, type.inner, data.inner, elements, scratch) };
    }
    case 'nullable':
      break;
  }
  if (type.kind !== 'nullable' || data.nulls.length !== rows) throw misfit(column);
  return { kind: 'nullable', nulls: data.nulls, inner: planData(column, type.inner, data.inner, rows, scratch) };
}

function lastEnd(column: string, ends: Uint32Array): number {
  let last = 0;
  for (let row = 0; row < ends.length; row += 1) {
    const end = ends[row] ?? 0;
    if (end < last) throw misfit(column);
    last = end;
  }
  return last;
}

function misfit(column: string): WaybillError {
  return new WaybillError('internal', `column ${column} of a Native block does not fit its type or number of rows`);
}

/** Bytes of the state prefix: the version of each LowCardinality, before all data of the column, offsets of arrays included. */
function prefixSize(plan: Plan): number {
  if (plan.kind === 'low_cardinality') return 8;
  return plan.kind === 'array' || plan.kind === 'nullable' ? prefixSize(plan.inner) : 0;
}

function dataSize(plan: Plan): number {
  switch (plan.kind) {
    case 'fixed':
      return plan.bytes.length;
    case 'string':
      return stringsSize(plan.ids, plan.strings);
    case 'low_cardinality': {
      // SerializationLowCardinality writes nothing at all for an empty column, as in arrays that are all empty.
      if (plan.dictionary === undefined) return 0;
      const { keys, indexes, indexWidth } = plan.dictionary;
      return 24 + stringsSize(keys, plan.strings) + indexes.length * indexWidth;
    }
    case 'array':
      return plan.ends.length * 8 + dataSize(plan.inner);
    case 'nullable':
      break;
  }
  return plan.nulls.length + dataSize(plan.inner);
}

function stringsSize(ids: Uint32Array, strings: StringTable): number {
  let size = 0;
  for (let row = 0; row < ids.length; row += 1) {
    const id = ids[row] ?? 0;
    const length = strings.endOf(id) - strings.startOf(id);
    size += varintLength(length) + length;
  }
  return size;
}

function writePrefix(out: ByteWriter, plan: Plan): void {
  if (plan.kind === 'low_cardinality') out.uint64(LOW_CARDINALITY_VERSION);
  else if (plan.kind === 'array' || plan.kind === 'nullable') writePrefix(out, plan.inner);
}

function writeData(out: ByteWriter, plan: Plan): void {
  switch (plan.kind) {
    case 'fixed':
      out.bytes(plan.bytes);
      break;
    case 'string':
      writeStrings(out, plan.ids, plan.strings);
      break;
    case 'low_cardinality': {
      if (plan.dictionary === undefined) break;
      const { keys, indexes, indexType, indexWidth } = plan.dictionary;
      out.uint64(HAS_ADDITIONAL_KEYS | indexType);
      out.uint64(keys.length);
      writeStrings(out, keys, plan.strings);
      out.uint64(indexes.length);
      out.numbers(indexes, indexWidth);
      break;
    }
    case 'array':
      out.offsets(plan.ends);
      writeData(out, plan.inner);
      break;
    case 'nullable':
      out.bytes(plan.nulls);
      writeData(out, plan.inner);
      break;
  }
}

function writeStrings(out: ByteWriter, ids: Uint32Array, strings: StringTable): void {
  const { arena, arenaView } = strings;
  for (let row = 0; row < ids.length; row += 1) {
    const id = ids[row] ?? 0;
    const start = strings.startOf(id);
    const end = strings.endOf(id);
    out.varint(end - start);
    out.copy(arena, arenaView, start, end);
  }
}
