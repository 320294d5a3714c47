import { type KeyValueTable, VALUE_TYPE } from '../../model/key-value-table.ts';
import { bytesText, doubleFromBits, doubleText, intText, JsonText, maxRawBytes } from './canonical-text.ts';
import type { DecodeTally } from './decode-tally.ts';
import { type DecodeLimits, MAX_VALUE_DEPTH } from './limits.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import { RawCache, type TextInterner } from './text-interner.ts';

// Tags of AnyValue's oneof, opentelemetry/proto/common/v1/common.proto.
const STRING = 0x0a;
const BOOL = 0x10;
const INT = 0x18;
const DOUBLE = 0x21;
const ARRAY = 0x2a;
const KVLIST = 0x32;
const BYTES = 0x3a;

/** Decodes KeyValue messages to entries of a table; equal bytes are looked at once per table. */
export class ProtobufKeyValues {
  readonly #reader: ProtobufReader;
  readonly #table: KeyValueTable;
  readonly #texts: TextInterner;
  readonly #cache: RawCache;
  readonly #limits: DecodeLimits;
  readonly #tally: DecodeTally;

  // The AnyValue that #scan found: its tag (0 = empty) and its content or its bits.
  #tag = 0;
  #from = 0;
  #to = 0;
  #low = 0;
  #high = 0;

  constructor(parts: {
    reader: ProtobufReader;
    table: KeyValueTable;
    texts: TextInterner;
    cache: RawCache;
    limits: DecodeLimits;
    tally: DecodeTally;
  }) {
    this.#reader = parts.reader;
    this.#table = parts.table;
    this.#texts = parts.texts;
    this.#cache = parts.cache;
    this.#limits = parts.limits;
    this.#tally = parts.tally;
  }

  /** Names the KeyValue that ends at `end`; the cursor stands at its first byte before and at `end` after. */
  read(end: number): number {
    const reader = this.#reader;
    const start = reader.pos;
    if (!RawCache.remembers(end - start)) return this.#decode(start, end);
    const known = this.#cache.find(reader.bytes, start, end);
    if (known >= 0) {
      reader.pos = end;
      return known;
    }
    const id = this.#decode(start, end);
    this.#cache.remember(id);
    return id;
  }

  /**
   * Names the AnyValue that ends at `end` as a key-value with an empty key: the body of a log record.
   * Bodies rarely repeat byte for byte, so nothing is remembered of them.
   */
  readValue(end: number): number {
    const reader = this.#reader;
    const { path } = reader;
    reader.path = `${path}.body`;
    this.#scan(reader.pos, end);
    const id = this.#intern(0);
    reader.pos = end;
    reader.path = path;
    return id;
  }

  #decode(start: number, end: number): number {
    const reader = this.#reader;
    const { path } = reader;
    reader.path = `${path}.attributes`;
    const pair = this.#pair(start, end);
    const keyId = this.#texts.intern(reader.bytes, pair.keyFrom, pair.keyTo);
    reader.path += '.value';
    this.#scan(pair.valueFrom, pair.valueTo);
    const id = this.#intern(keyId);
    reader.pos = end;
    reader.path = path;
    return id;
  }

  /** Ranges of key and value of a KeyValue, whichever comes first on the wire. */
  #pair(start: number, end: number): { keyFrom: number; keyTo: number; valueFrom: number; valueTo: number } {
    const reader = this.#reader;
    reader.pos = start;
    const pair = { keyFrom: 0, keyTo: 0, valueFrom: 0, valueTo: 0 };
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) {
        pair.keyTo = reader.readEnd(end);
        pair.keyFrom = reader.pos;
        reader.pos = pair.keyTo;
      } else if (tag === 0x12) {
        pair.valueTo = reader.readEnd(end);
        pair.valueFrom = reader.pos;
        reader.pos = pair.valueTo;
      } else reader.skip(tag, end);
    }
    return pair;
  }

  /** Finds the value of an AnyValue; the last one on the wire wins. */
  #scan(start: number, end: number): void {
    const reader = this.#reader;
    reader.pos = start;
    this.#tag = 0;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      switch (tag) {
        case STRING:
        case ARRAY:
        case KVLIST:
        case BYTES:
          this.#to = reader.readEnd(end);
          this.#from = reader.pos;
          reader.pos = this.#to;
          break;
        case BOOL:
        case INT:
          reader.readVarint(end);
          this.#low = reader.low;
          this.#high = reader.high;
          break;
        case DOUBLE:
          reader.readFixed64(end);
          this.#low = reader.low;
          this.#high = reader.high;
          break;
        default:
          reader.skip(tag, end);
          continue;
      }
      this.#tag = tag;
    }
  }

  #intern(keyId: number): number {
    const { strings } = this.#table;
    const { bytes } = this.#reader;
    switch (this.#tag) {
      case STRING:
        return this.#table.intern(keyId, VALUE_TYPE.string, this.#texts.internFresh(bytes, this.#from, this.#to));
      case BOOL:
        return this.#table.intern(keyId, VALUE_TYPE.bool, strings.internText(this.#boolText()));
      case INT:
        return this.#table.intern(keyId, VALUE_TYPE.int, strings.internText(intText(this.#low, this.#high)));
      case DOUBLE:
        return this.#table.intern(keyId, VALUE_TYPE.double, strings.internText(doubleText(this.#double())));
      case ARRAY:
        return this.#table.intern(keyId, VALUE_TYPE.array, this.#internJson());
      case KVLIST:
        return this.#table.intern(keyId, VALUE_TYPE.kvlist, this.#internJson());
      case BYTES: {
        const to = Math.min(this.#to, this.#from + maxRawBytes(this.#limits.maxValueBytes));
        if (to < this.#to) this.#tally.truncatedValues += 1;
        return this.#table.intern(keyId, VALUE_TYPE.bytes, strings.internText(bytesText(bytes, this.#from, to)));
      }
      default:
        return this.#table.intern(keyId, VALUE_TYPE.empty, 0);
    }
  }

  #boolText(): string {
    return this.#low !== 0 || this.#high !== 0 ? 'true' : 'false';
  }

  #double(): number {
    return doubleFromBits(this.#low, this.#high);
  }

  #internJson(): number {
    const json = new JsonText(this.#limits.maxValueBytes, this.#texts);
    this.#write(json, 1);
    if (json.isCut) this.#tally.truncatedValues += 1;
    return this.#table.strings.internText(json.text);
  }

  /** Writes the AnyValue that was just scanned. */
  #write(json: JsonText, depth: number): void {
    const reader = this.#reader;
    if (depth > MAX_VALUE_DEPTH) reader.fail(`values are nested more than ${MAX_VALUE_DEPTH} deep`);
    switch (this.#tag) {
      case STRING:
        json.string(reader.bytes, this.#from, this.#to);
        return;
      case BOOL:
        json.raw(this.#boolText());
        return;
      case INT:
        json.raw(intText(this.#low, this.#high));
        return;
      case DOUBLE:
        json.double(this.#double());
        return;
      case BYTES:
        json.bytes(reader.bytes, this.#from, this.#to);
        return;
      case ARRAY:
      case KVLIST:
        this.#writeElements(json, depth, this.#tag, this.#from, this.#to);
        return;
      default:
        json.raw('null');
    }
  }

  /** ArrayValue and KeyValueList both repeat their elements in field 1. */
  #writeElements(json: JsonText, depth: number, kind: number, start: number, end: number): void {
    const reader = this.#reader;
    json.raw(kind === ARRAY ? '[' : '{');
    let isFirst = true;
    reader.pos = start;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag !== 0x0a) {
        reader.skip(tag, end);
        continue;
      }
      const elementEnd = reader.readEnd(end);
      if (json.isFull) {
        json.isCut = true;
        break;
      }
      if (!isFirst) json.raw(',');
      isFirst = false;
      if (kind === ARRAY) this.#scan(reader.pos, elementEnd);
      else {
        const pair = this.#pair(reader.pos, elementEnd);
        json.string(reader.bytes, pair.keyFrom, pair.keyTo);
        json.raw(':');
        this.#scan(pair.valueFrom, pair.valueTo);
      }
      this.#write(json, depth + 1);
      reader.pos = elementEnd;
    }
    json.raw(kind === ARRAY ? ']' : '}');
  }
}
