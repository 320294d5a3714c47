import { isUtf8 } from 'node:buffer';
import { type KeyValueTable, VALUE_TYPE } from '../../model/key-value-table.ts';
import type { SpanBatch } from '../../model/span-batch.ts';
import { DecodeTally } from '../otlp/decode-tally.ts';
import {
  failJson,
  type JsonDialect,
  type JsonObject,
  parseJson,
  readArray,
  readObject,
  readString,
} from '../otlp/json-shape.ts';
import { DEFAULT_DECODE_LIMITS } from '../otlp/limits.ts';
import { RawCache, TextInterner } from '../otlp/text-interner.ts';
import type { ZipkinDecodeOptions } from './decode-zipkin-protobuf.ts';
import { KIND, type ZipkinEndpoint, ZipkinSpanBuilder } from './zipkin-span-builder.ts';

const ZIPKIN_JSON: JsonDialect = {
  name: 'Zipkin v2 JSON',
  remedy: 'send a list of spans as https://zipkin.io/zipkin-api/ describes it for POST /api/v2/spans',
};

const SPAN = 'a span';
const KINDS = new Map<unknown, number>([[undefined, 1], [null, 1], ['', 1], ...Object.entries(KIND)]);
const TWO_TO_32 = 2 ** 32;
/** The largest 64-bit time; whatever is larger cannot be stored either. */
const MAX_MICROS = 2 ** 64 - 2048;
const MAX_ID_DIGITS = 32;

/**
 * Decodes Zipkin v2 JSON, a list of spans, into columns; what becomes of each field is told by `ZipkinSpanBuilder`.
 *
 * Unknown members are ignored, so is `__proto__` (as a tag's name it is a name like any other). Ids of fewer digits are padded, in any
 * case; numbers may stand as text. Counts and throws like `decodeZipkinProtobuf`; a whole JSON document is held in memory.
 */
export function decodeZipkinJson(body: Uint8Array, table: KeyValueTable, options: ZipkinDecodeOptions): SpanBatch {
  const { limits = DEFAULT_DECODE_LIMITS, tally = new DecodeTally() } = options;
  if (!isUtf8(body)) tally.invalidUtf8 += 1;
  const list = parseJson(body, ZIPKIN_JSON);
  if (!Array.isArray(list)) failJson('the request', 'expected a list of spans', ZIPKIN_JSON);
  const builder = new ZipkinSpanBuilder(table, limits, tally, options.receivedAt);
  const texts = new TextInterner(table.strings, new RawCache(0), limits.maxValueBytes, tally);
  const decoder = new ZipkinJsonDecoder(table, builder, texts);
  for (const span of list) decoder.addSpan(readObject(span, SPAN, ZIPKIN_JSON) ?? {});
  return builder.batch;
}

class ZipkinJsonDecoder {
  readonly #table: KeyValueTable;
  readonly #builder: ZipkinSpanBuilder;
  readonly #texts: TextInterner;
  readonly #id = new Uint8Array(MAX_ID_DIGITS / 2);

  constructor(table: KeyValueTable, builder: ZipkinSpanBuilder, texts: TextInterner) {
    this.#table = table;
    this.#builder = builder;
    this.#texts = texts;
  }

  addSpan(span: JsonObject): void {
    const builder = this.#builder;
    if (!builder.beginSpan()) return;
    const id = this.#id;
    builder.setTraceId(id, this.#readId(span['traceId'], 'traceId'), id.length);
    builder.setSpanId(id, this.#readId(span['id'], 'id'), id.length);
    builder.setParentId(id, this.#readId(span['parentId'], 'parentId'), id.length);
    builder.kind = KINDS.get(span['kind']) ?? 0;
    builder.nameId = this.#text(span['name'], 'name');
    const timestamp = readMicros(span['timestamp'], 'timestamp');
    builder.setTimestamp(timestamp % TWO_TO_32, Math.floor(timestamp / TWO_TO_32));
    const duration = readMicros(span['duration'], 'duration');
    builder.durationLow = duration % TWO_TO_32;
    builder.durationHigh = Math.floor(duration / TWO_TO_32);
    this.#readEndpoint(span['localEndpoint'], builder.local);
    this.#readEndpoint(span['remoteEndpoint'], builder.remote);
    builder.isDebug = span['debug'] === true;
    builder.isShared = span['shared'] === true;
    for (const annotation of readArray(span['annotations'], 'annotations', ZIPKIN_JSON)) {
      const { timestamp: at, value } = readObject(annotation, 'annotations', ZIPKIN_JSON) ?? {};
      const micros = readMicros(at, 'annotations');
      const valueId = this.#text(value, 'annotations');
      builder.addAnnotation(micros % TWO_TO_32, Math.floor(micros / TWO_TO_32), valueId);
    }
    this.#readTags(span['tags']);
    builder.finishSpan();
  }

  #readTags(value: unknown): void {
    const tags = readObject(value, 'tags', ZIPKIN_JSON) ?? {};
    for (const key of Object.keys(tags)) {
      const text = tagText(tags[key]);
      if (text === undefined) continue;
      const keyId = this.#texts.internText(key);
      this.#builder.addTag(this.#table.intern(keyId, VALUE_TYPE.string, this.#texts.internText(text)));
    }
  }

  #readEndpoint(value: unknown, endpoint: ZipkinEndpoint): void {
    const path = 'an endpoint';
    const given = readObject(value, path, ZIPKIN_JSON);
    if (given === undefined) return;
    endpoint.serviceId = this.#text(given['serviceName'], path);
    // Zipkin prefers the IPv4 address where there are both.
    endpoint.addressId = this.#text(given['ipv4'], path) || this.#text(given['ipv6'], path);
    const port = given['port'];
    endpoint.port = typeof port === 'number' && Number.isInteger(port) ? port : 0;
  }

  #text(value: unknown, path: string): number {
    return this.#texts.internText(readString(value, path, ZIPKIN_JSON));
  }

  /** Puts a hex id right-aligned into `#id` and returns where it starts; text that is none starts out of range. */
  #readId(value: unknown, path: string): number {
    const hex = readString(value, path, ZIPKIN_JSON);
    const id = this.#id;
    if (hex.length > MAX_ID_DIGITS || !/^[0-9a-fA-F]*$/.test(hex)) {
      // Longer than any id may be: the builder counts it as invalid.
      return -1;
    }
    const bytes = (hex.length + 1) >> 1;
    const padded = hex.padStart(bytes * 2, '0');
    for (let index = 0; index < bytes; index += 1) {
      id[id.length - bytes + index] = Number.parseInt(padded.slice(index * 2, index * 2 + 2), 16);
    }
    return id.length - bytes;
  }
}

/** Microseconds: a number, or digits as text; 0 where there are none or they are negative, whole ones. */
function readMicros(value: unknown, path: string): number {
  if (value === undefined || value === null || value === '') return 0;
  const micros = typeof value === 'string' && /^\d{1,20}$/.test(value) ? Number(value) : value;
  if (typeof micros !== 'number') return failJson(path, 'expected a number of microseconds', ZIPKIN_JSON);
  return Math.min(MAX_MICROS, Math.max(0, Math.floor(micros)));
}

/** Tags are text; numbers and booleans, which some senders write, are taken as theirs. */
function tagText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return failJson('tags', 'expected a string', ZIPKIN_JSON);
}
