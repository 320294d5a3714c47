import { type KeyValueTable, VALUE_TYPE } from '../../model/key-value-table.ts';
import { bytesText, doubleText, JsonText, maxRawBytes } from './canonical-text.ts';
import type { DecodeTally } from './decode-tally.ts';
import { failJson, type JsonObject, readArray, readDouble, readInt64, readObject, readString } from './json-shape.ts';
import { type DecodeLimits, MAX_VALUE_DEPTH } from './limits.ts';
import type { TextInterner } from './text-interner.ts';

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
/** Its own canonical text, and surely within 64 bits. */
const SHORT_INT = /^[1-9]\d{0,14}$/;
const encoder = new TextEncoder();

/** Decodes the KeyValue objects of OTLP/JSON to the entries that the same protobuf would give. */
export class JsonKeyValues {
  readonly #table: KeyValueTable;
  readonly #texts: TextInterner;
  readonly #limits: DecodeLimits;
  readonly #tally: DecodeTally;

  constructor(table: KeyValueTable, texts: TextInterner, limits: DecodeLimits, tally: DecodeTally) {
    this.#table = table;
    this.#texts = texts;
    this.#limits = limits;
    this.#tally = tally;
  }

  read(value: unknown, path: string): number {
    const pair = readObject(value, path) ?? {};
    const keyId = this.#texts.internText(readString(pair['key'], path));
    return this.#intern(keyId, readObject(pair['value'], path) ?? {}, path);
  }

  /** Names an AnyValue as a key-value with an empty key: the body of a log record. */
  readValue(value: unknown, path: string): number {
    return this.#intern(0, readObject(value, path) ?? {}, path);
  }

  #intern(keyId: number, value: JsonObject, path: string): number {
    const table = this.#table;
    const { strings } = table;
    switch (kindOf(value)) {
      case 'stringValue':
        return table.intern(keyId, VALUE_TYPE.string, this.#texts.internText(readString(value['stringValue'], path)));
      case 'boolValue':
        return table.intern(keyId, VALUE_TYPE.bool, strings.internText(boolText(value, path)));
      case 'intValue':
        return table.intern(keyId, VALUE_TYPE.int, strings.internText(intText(value, path)));
      case 'doubleValue':
        return table.intern(
          keyId,
          VALUE_TYPE.double,
          strings.internText(doubleText(readDouble(value['doubleValue'], path))),
        );
      case 'bytesValue': {
        const bytes = bytesOf(value, path);
        const end = Math.min(bytes.length, maxRawBytes(this.#limits.maxValueBytes));
        if (end < bytes.length) this.#tally.truncatedValues += 1;
        return table.intern(keyId, VALUE_TYPE.bytes, strings.internText(bytesText(bytes, 0, end)));
      }
      case 'arrayValue':
        return table.intern(keyId, VALUE_TYPE.array, this.#internJson(value, path));
      case 'kvlistValue':
        return table.intern(keyId, VALUE_TYPE.kvlist, this.#internJson(value, path));
      case undefined:
      default:
        return table.intern(keyId, VALUE_TYPE.empty, 0);
    }
  }

  #internJson(value: JsonObject, path: string): number {
    const json = new JsonText(this.#limits.maxValueBytes, this.#texts);
    this.#write(json, value, path, 1);
    if (json.isCut) this.#tally.truncatedValues += 1;
    return this.#table.strings.internText(json.text);
  }

  #write(json: JsonText, value: JsonObject, path: string, depth: number): void {
    if (depth > MAX_VALUE_DEPTH) failJson(path, `values are nested more than ${MAX_VALUE_DEPTH} deep`);
    switch (kindOf(value)) {
      case 'stringValue':
        writeString(json, readString(value['stringValue'], path));
        return;
      case 'boolValue':
        json.raw(boolText(value, path));
        return;
      case 'intValue':
        json.raw(intText(value, path));
        return;
      case 'doubleValue':
        json.double(readDouble(value['doubleValue'], path));
        return;
      case 'bytesValue': {
        const bytes = bytesOf(value, path);
        json.bytes(bytes, 0, bytes.length);
        return;
      }
      case 'arrayValue':
        this.#writeArray(json, readObject(value['arrayValue'], path) ?? {}, path, depth);
        return;
      case 'kvlistValue':
        this.#writeList(json, readObject(value['kvlistValue'], path) ?? {}, path, depth);
        return;
      case undefined:
      default:
        json.raw('null');
    }
  }

  #writeArray(json: JsonText, array: JsonObject, path: string, depth: number): void {
    json.raw('[');
    let isFirst = true;
    for (const element of readArray(array['values'], path)) {
      if (json.isFull) {
        json.isCut = true;
        break;
      }
      if (!isFirst) json.raw(',');
      isFirst = false;
      this.#write(json, readObject(element, path) ?? {}, path, depth + 1);
    }
    json.raw(']');
  }

  #writeList(json: JsonText, list: JsonObject, path: string, depth: number): void {
    json.raw('{');
    let isFirst = true;
    for (const element of readArray(list['values'], path)) {
      if (json.isFull) {
        json.isCut = true;
        break;
      }
      if (!isFirst) json.raw(',');
      isFirst = false;
      const pair = readObject(element, path) ?? {};
      writeString(json, readString(pair['key'], path));
      json.raw(':');
      this.#write(json, readObject(pair['value'], path) ?? {}, path, depth + 1);
    }
    json.raw('}');
  }
}

const KINDS = [
  'stringValue',
  'boolValue',
  'intValue',
  'doubleValue',
  'arrayValue',
  'kvlistValue',
  'bytesValue',
] as const;

/** The member of AnyValue's oneof that is set. */
function kindOf(value: JsonObject): (typeof KINDS)[number] | undefined {
  for (const kind of KINDS) if (value[kind] !== undefined && value[kind] !== null) return kind;
  return undefined;
}

function writeString(json: JsonText, text: string): void {
  const bytes = encoder.encode(text);
  json.string(bytes, 0, bytes.length);
}

function boolText(value: JsonObject, path: string): string {
  const bool = value['boolValue'];
  if (typeof bool !== 'boolean') failJson(path, 'expected true or false');
  return String(bool);
}

function intText(value: JsonObject, path: string): string {
  const plain = value['intValue'];
  if (typeof plain === 'string' && SHORT_INT.test(plain)) return plain;
  const int = readInt64(value['intValue'], path);
  if (int < MIN_INT64 || int > MAX_INT64) failJson(path, 'expected a 64-bit integer');
  return int.toString();
}

function bytesOf(value: JsonObject, path: string): Uint8Array {
  const buffer = Buffer.from(readString(value['bytesValue'], path), 'base64');
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
