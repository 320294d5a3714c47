import { type KeyValueTable, VALUE_TYPE } from '../../model/key-value-table.ts';
import type { SpanBatch } from '../../model/span-batch.ts';
import type { UnixNano } from '../../model/units.ts';
import { DecodeTally } from '../otlp/decode-tally.ts';
import { DEFAULT_DECODE_LIMITS, type DecodeLimits } from '../otlp/limits.ts';
import { ProtobufReader } from '../otlp/protobuf-reader.ts';
import { RawCache, TextInterner } from '../otlp/text-interner.ts';
import { addressText } from './address-text.ts';
import { KIND, type ZipkinEndpoint, ZipkinSpanBuilder } from './zipkin-span-builder.ts';

// Messages as they are named in errors.
const LIST = 'ListOfSpans';
const SPAN = 'spans';
const ENDPOINT = 'spans.endpoint';
const ANNOTATION = 'spans.annotations';
const TAG = 'spans.tags';

/** OTLP SpanKind by zipkin.proto's number; one that is not known is unspecified. */
const KINDS: readonly number[] = [1, KIND.CLIENT, KIND.SERVER, KIND.PRODUCER, KIND.CONSUMER];

const MAX_ADDRESS_BYTES = 16;

const REMEDY = 'send the bytes of zipkin.proto3.ListOfSpans, or JSON with Content-Type application/json';

/** What was learned about raw bytes lives as long as the table that it points into. */
interface Caches {
  readonly maxValueBytes: number;
  readonly texts: RawCache;
  readonly tags: RawCache;
  /** Addresses by their bytes. */
  readonly addresses: RawCache;
}
const caches = new WeakMap<KeyValueTable, Caches>();

function cachesOf(table: KeyValueTable, maxValueBytes: number): Caches {
  const known = caches.get(table);
  const fits = known !== undefined && known.maxValueBytes === maxValueBytes;
  if (fits && !known.texts.isFull && !known.tags.isFull && !known.addresses.isFull) return known;
  const fresh = {
    maxValueBytes,
    texts: new RawCache(0),
    tags: new RawCache(table.intern(0, VALUE_TYPE.string, 0)),
    addresses: new RawCache(0),
  };
  caches.set(table, fresh);
  return fresh;
}

/** What decoders of Zipkin spans are told; `receivedAt` stands for the start of spans that have no time at all. */
export interface ZipkinDecodeOptions {
  readonly receivedAt: UnixNano;
  readonly limits?: DecodeLimits;
  readonly tally?: DecodeTally;
}

/**
 * Decodes `zipkin.proto3.ListOfSpans` into columns; what becomes of each field is told by `ZipkinSpanBuilder`.
 *
 * Fields may come in any order, unknown ones are skipped. Spans with invalid ids or times are left out and counted in
 * `options.tally`; so is everything that the limits cut. Throws WaybillError `malformed_payload` where the bytes are not protobuf.
 */
export function decodeZipkinProtobuf(body: Uint8Array, table: KeyValueTable, options: ZipkinDecodeOptions): SpanBatch {
  return new ZipkinProtobufDecoder(body, table, options).decode();
}

class ZipkinProtobufDecoder {
  readonly #reader: ProtobufReader;
  readonly #table: KeyValueTable;
  readonly #builder: ZipkinSpanBuilder;
  readonly #texts: TextInterner;
  readonly #tags: RawCache;
  readonly #addresses: RawCache;

  constructor(body: Uint8Array, table: KeyValueTable, options: ZipkinDecodeOptions) {
    const { limits = DEFAULT_DECODE_LIMITS, tally = new DecodeTally() } = options;
    const cache = cachesOf(table, limits.maxValueBytes);
    this.#reader = new ProtobufReader(body, REMEDY);
    this.#table = table;
    this.#builder = new ZipkinSpanBuilder(table, limits, tally, options.receivedAt);
    this.#texts = new TextInterner(table.strings, cache.texts, limits.maxValueBytes, tally);
    this.#tags = cache.tags;
    this.#addresses = cache.addresses;
  }

  decode(): SpanBatch {
    const reader = this.#reader;
    const end = reader.bytes.length;
    reader.path = LIST;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) this.#span(reader.readEnd(end));
      else reader.skip(tag, end);
      reader.path = LIST;
    }
    return this.#builder.batch;
  }

  #span(end: number): void {
    const reader = this.#reader;
    const builder = this.#builder;
    reader.path = SPAN;
    if (!builder.beginSpan()) {
      reader.pos = end;
      return;
    }
    while (reader.pos < end) {
      this.#spanField(reader.readTag(end), end);
      reader.path = SPAN;
    }
    builder.finishSpan();
  }

  #spanField(tag: number, end: number): void {
    const reader = this.#reader;
    const builder = this.#builder;
    switch (tag) {
      case 0x0a:
      case 0x12:
      case 0x1a:
        this.#id(tag, reader.readEnd(end));
        return;
      case 0x20:
        reader.readVarint(end);
        builder.kind = reader.high === 0 ? (KINDS[reader.low] ?? 0) : 0;
        return;
      case 0x2a:
        builder.nameId = this.#text(end);
        return;
      case 0x31:
        reader.readFixed64(end);
        builder.setTimestamp(reader.low, reader.high);
        return;
      case 0x38:
        reader.readVarint(end);
        builder.durationLow = reader.low;
        builder.durationHigh = reader.high;
        return;
      case 0x42:
        this.#endpoint(reader.readEnd(end), builder.local);
        return;
      case 0x4a:
        this.#endpoint(reader.readEnd(end), builder.remote);
        return;
      case 0x52:
        this.#annotation(reader.readEnd(end));
        return;
      case 0x5a:
        builder.addTag(this.#tag(reader.readEnd(end)));
        return;
      case 0x60:
        builder.isDebug = this.#flag(end);
        return;
      case 0x68:
        builder.isShared = this.#flag(end);
        return;
      default:
        reader.skip(tag, end);
    }
  }

  #id(tag: number, end: number): void {
    const reader = this.#reader;
    const builder = this.#builder;
    const { bytes, pos } = reader;
    if (tag === 0x0a) builder.setTraceId(bytes, pos, end);
    else if (tag === 0x12) builder.setParentId(bytes, pos, end);
    else builder.setSpanId(bytes, pos, end);
    reader.pos = end;
  }

  #endpoint(end: number, endpoint: ZipkinEndpoint): void {
    const reader = this.#reader;
    reader.path = ENDPOINT;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) endpoint.serviceId = this.#text(end);
      else if (tag === 0x12 || tag === 0x1a) {
        const addressEnd = reader.readEnd(end);
        const addressId = this.#address(addressEnd);
        // Zipkin prefers the IPv4 address where there are both.
        if (addressId !== 0 && (tag === 0x12 || endpoint.addressId === 0)) endpoint.addressId = addressId;
        reader.pos = addressEnd;
      } else if (tag === 0x20) endpoint.port = reader.readUint32(end);
      else reader.skip(tag, end);
    }
  }

  /** Names the text of an address; the empty text where the bytes are none. */
  #address(end: number): number {
    const { bytes, pos } = this.#reader;
    if (end - pos > MAX_ADDRESS_BYTES) return 0;
    const known = this.#addresses.find(bytes, pos, end);
    if (known >= 0) return known;
    const id = this.#table.strings.internText(addressText(bytes.subarray(pos, end)));
    this.#addresses.remember(id);
    return id;
  }

  #annotation(end: number): void {
    const reader = this.#reader;
    reader.path = ANNOTATION;
    let low = 0;
    let high = 0;
    let valueId = 0;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x09) {
        reader.readFixed64(end);
        ({ low, high } = reader);
      } else if (tag === 0x12) valueId = this.#text(end);
      else reader.skip(tag, end);
    }
    this.#builder.addAnnotation(low, high, valueId);
  }

  /** Names an entry of the map of tags; equal bytes are looked at once per table. */
  #tag(end: number): number {
    const reader = this.#reader;
    if (!RawCache.remembers(end - reader.pos)) return this.#decodeTag(end);
    const known = this.#tags.find(reader.bytes, reader.pos, end);
    if (known >= 0) {
      reader.pos = end;
      return known;
    }
    const id = this.#decodeTag(end);
    this.#tags.remember(id);
    return id;
  }

  #decodeTag(end: number): number {
    const reader = this.#reader;
    const { bytes } = reader;
    reader.path = TAG;
    let keyId = 0;
    let valueId = 0;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) keyId = this.#text(end);
      else if (tag === 0x12) {
        const valueEnd = reader.readEnd(end);
        valueId = this.#texts.internFresh(bytes, reader.pos, valueEnd);
        reader.pos = valueEnd;
      } else reader.skip(tag, end);
    }
    return this.#table.intern(keyId, VALUE_TYPE.string, valueId);
  }

  #text(end: number): number {
    const reader = this.#reader;
    const textEnd = reader.readEnd(end);
    const id = this.#texts.intern(reader.bytes, reader.pos, textEnd);
    reader.pos = textEnd;
    return id;
  }

  #flag(end: number): boolean {
    const reader = this.#reader;
    reader.readVarint(end);
    return reader.low !== 0 || reader.high !== 0;
  }
}
