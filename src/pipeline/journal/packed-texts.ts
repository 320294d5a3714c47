import type { UintColumn } from '../../model/columns.ts';
import type { KeyValueTable } from '../../model/key-value-table.ts';
import { SpanBatch } from '../../model/span-batch.ts';
import { StringTable } from '../../model/string-table.ts';

/*
 * What a span has several of, each packed into one text: an attribute is one entry of one dictionary instead of three, and columns that
 * are nearly always empty (events, links) cost nearly nothing. Stored text is valid UTF-8, in which the bytes FE and FF never occur, so
 * they can stand between its parts. The columns of table `spans` that unpack the texts again are in 0002_spans.sql.
 *
 *   attribute  key FF type value            type: one digit, see VALUE_TYPE
 *   scope      name FE version { FE attribute }
 *   event      time name { FE attribute }   time: 8 bytes, little-endian
 *   link       trace span state { FE attribute }   ids: 16 and 8 bytes
 */
const AFTER_KEY = 0xff;
const BETWEEN = 0xfe;
const DIGIT_0 = 0x30;

/** Key-values of a table as packed texts, each made once. */
class KeyValueTexts {
  readonly strings = new StringTable();
  readonly #table: KeyValueTable;
  #ids = new Uint32Array(1024);

  constructor(table: KeyValueTable) {
    this.#table = table;
  }

  /** Id in `strings`. */
  idOf(keyValue: number): number {
    const known = this.#ids[keyValue] ?? 0;
    return known === 0 ? this.#add(keyValue) : known;
  }

  #add(keyValue: number): number {
    if (keyValue >= this.#ids.length) {
      const grown = new Uint32Array(Math.max(this.#table.size, this.#ids.length * 2));
      grown.set(this.#ids);
      this.#ids = grown;
    }
    packer.begin();
    packer.keyValue(this.#table, keyValue);
    const id = packer.intern(this.strings);
    this.#ids[keyValue] = id;
    return id;
  }
}

/** Puts a text together; one for all, since packing is synchronous. */
class Packer {
  #bytes = new Uint8Array(4096);
  #used = 0;

  begin(): void {
    this.#used = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#used] = value;
    this.#used += 1;
  }

  copy(source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    this.#bytes.set(source.subarray(start, end), this.#used);
    this.#used += end - start;
  }

  string(strings: StringTable, id: number): void {
    this.copy(strings.arena, strings.startOf(id), strings.endOf(id));
  }

  keyValue(table: KeyValueTable, id: number): void {
    this.string(table.strings, table.keyId(id));
    this.byte(AFTER_KEY);
    this.byte(DIGIT_0 + table.typeOf(id));
    this.string(table.strings, table.valueId(id));
  }

  /** Each of the key-values after a separator. */
  keyValues(table: KeyValueTable, ids: UintColumn, start: number, end: number): void {
    for (let at = start; at < end; at += 1) {
      this.byte(BETWEEN);
      this.keyValue(table, ids.at(at));
    }
  }

  intern(strings: StringTable): number {
    return strings.intern(this.#bytes, 0, this.#used);
  }

  #reserve(length: number): void {
    const needed = this.#used + length;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }
}

const packer = new Packer();

/** Texts that were made live as long as the table that they repeat, and have its bound. */
const textsOf = new WeakMap<KeyValueTable, KeyValueTexts>();

/** Texts of rows: ids of strings. */
export interface PackedTexts {
  readonly ids: Uint32Array;
  readonly strings: StringTable;
}

/** The key-values of a column of ids. */
export function packKeyValues(keyValues: Uint32Array, table: KeyValueTable): PackedTexts {
  let texts = textsOf.get(table);
  if (texts === undefined) {
    texts = new KeyValueTexts(table);
    textsOf.set(table, texts);
  }
  const ids = new Uint32Array(keyValues.length);
  for (let index = 0; index < ids.length; index += 1) ids[index] = texts.idOf(keyValues[index] ?? 0);
  return { ids, strings: texts.strings };
}

/** The scope of each row. */
export function packScopes({ scopes, scopeIndexes, table, length }: SpanBatch): PackedTexts {
  const strings = new StringTable();
  const known = scopes.map(({ nameId, versionId, attributes }) => {
    packer.begin();
    packer.string(table.strings, nameId);
    packer.byte(BETWEEN);
    packer.string(table.strings, versionId);
    packer.keyValues(table, attributes, 0, attributes.length);
    return packer.intern(strings);
  });
  const ids = new Uint32Array(length);
  for (let row = 0; row < length; row += 1) ids[row] = known[scopeIndexes.at(row)] ?? 0;
  return { ids, strings };
}

/** All events, one after another. */
export function packEvents(spans: SpanBatch): PackedTexts {
  const { table, eventNameIds, eventAttributes, eventAttributeEnds } = spans;
  const { values } = spans.eventTimes;
  const times = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return packEach(eventNameIds.length, (event) => {
    packer.copy(times, event * 8, event * 8 + 8);
    packer.string(table.strings, eventNameIds.at(event));
    packer.keyValues(
      table,
      eventAttributes,
      SpanBatch.startOf(eventAttributeEnds, event),
      eventAttributeEnds.at(event),
    );
  });
}

/** All links, one after another. */
export function packLinks(spans: SpanBatch): PackedTexts {
  const { table, linkTraceStateIds, linkAttributes, linkAttributeEnds } = spans;
  const traces = spans.linkTraceIds.bytes;
  const ids = spans.linkSpanIds.bytes;
  return packEach(linkTraceStateIds.length, (link) => {
    packer.copy(traces, link * 16, link * 16 + 16);
    packer.copy(ids, link * 8, link * 8 + 8);
    packer.string(table.strings, linkTraceStateIds.at(link));
    packer.keyValues(table, linkAttributes, SpanBatch.startOf(linkAttributeEnds, link), linkAttributeEnds.at(link));
  });
}

const NONE: PackedTexts = { ids: new Uint32Array(0), strings: new StringTable() };

function packEach(count: number, pack: (index: number) => void): PackedTexts {
  // Most batches have none.
  if (count === 0) return NONE;
  const strings = new StringTable();
  const ids = new Uint32Array(count);
  for (let index = 0; index < count; index += 1) {
    packer.begin();
    pack(index);
    ids[index] = packer.intern(strings);
  }
  return { ids, strings };
}
