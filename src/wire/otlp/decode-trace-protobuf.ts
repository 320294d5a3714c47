import type { KeyValueTable } from '../../model/key-value-table.ts';
import type { SpanBatch } from '../../model/span-batch.ts';
import { DecodeTally } from './decode-tally.ts';
import { DEFAULT_DECODE_LIMITS, type DecodeLimits } from './limits.ts';
import { ProtobufKeyValues } from './protobuf-key-values.ts';
import { ProtobufReader } from './protobuf-reader.ts';
import { SpanBuilder } from './span-builder.ts';
import { RawCache, TextInterner } from './text-interner.ts';

// Messages as they are named in errors.
const REQUEST = 'ExportTraceServiceRequest';
const RESOURCE_SPANS = 'resource_spans';
const RESOURCE = 'resource_spans.resource';
const SCOPE_SPANS = 'resource_spans.scope_spans';
const SCOPE = 'resource_spans.scope_spans.scope';
const SPAN = 'resource_spans.scope_spans.spans';
const EVENT = 'resource_spans.scope_spans.spans.events';
const LINK = 'resource_spans.scope_spans.spans.links';
const STATUS = 'resource_spans.scope_spans.spans.status';

const MAX_SPAN_KIND = 5;
const MAX_STATUS_CODE = 2;

/** What was learned about raw bytes lives as long as the table that it points into. */
const caches = new WeakMap<KeyValueTable, { maxValueBytes: number; texts: RawCache; keyValues: RawCache }>();

function cachesOf(table: KeyValueTable, maxValueBytes: number): { texts: RawCache; keyValues: RawCache } {
  const known = caches.get(table);
  const fits = known !== undefined && known.maxValueBytes === maxValueBytes;
  if (fits && !known.texts.isFull && !known.keyValues.isFull) return known;
  const fresh = { maxValueBytes, texts: new RawCache(0), keyValues: new RawCache(table.intern(0, 0, 0)) };
  caches.set(table, fresh);
  return fresh;
}

/**
 * Decodes the bytes of an OTLP ExportTraceServiceRequest (opentelemetry-proto 1.x) into columns.
 *
 * Fields may come in any order, unknown and deprecated ones are skipped. Spans with invalid ids or times are left out and counted in
 * `options.tally`; so is everything that `options.limits` cuts. Throws WaybillError `malformed_payload` where the bytes are not
 * protobuf; the table may then hold strings that no span uses.
 */
export function decodeTraceProtobuf(
  body: Uint8Array,
  table: KeyValueTable,
  options: { limits?: DecodeLimits; tally?: DecodeTally } = {},
): SpanBatch {
  const { limits = DEFAULT_DECODE_LIMITS, tally = new DecodeTally() } = options;
  return new TraceDecoder(body, table, limits, tally).decode();
}

class TraceDecoder {
  readonly #reader: ProtobufReader;
  readonly #builder: SpanBuilder;
  readonly #texts: TextInterner;
  readonly #keyValues: ProtobufKeyValues;

  constructor(body: Uint8Array, table: KeyValueTable, limits: DecodeLimits, tally: DecodeTally) {
    const cache = cachesOf(table, limits.maxValueBytes);
    const reader = new ProtobufReader(body);
    const texts = new TextInterner(table.strings, cache.texts, limits.maxValueBytes, tally);
    this.#reader = reader;
    this.#texts = texts;
    this.#keyValues = new ProtobufKeyValues({ reader, table, texts, cache: cache.keyValues, limits, tally });
    this.#builder = new SpanBuilder(table, reader.bytes, limits, tally);
  }

  decode(): SpanBatch {
    const reader = this.#reader;
    const end = reader.bytes.length;
    reader.path = REQUEST;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) this.#resourceSpans(reader.readEnd(end));
      else reader.skip(tag, end);
      reader.path = REQUEST;
    }
    return this.#builder.batch;
  }

  /** Two passes over the fields: the resource may stand behind the spans that need it. */
  #resourceSpans(end: number): void {
    const reader = this.#reader;
    const builder = this.#builder;
    const start = reader.pos;
    reader.path = RESOURCE_SPANS;
    builder.beginResource();
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) this.#resource(reader.readEnd(end));
      else if (tag === 0x1a) builder.resourceSchemaUrlId = this.#text(end);
      else reader.skip(tag, end);
    }
    reader.pos = start;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x12) this.#scopeSpans(reader.readEnd(end));
      else reader.skip(tag, end);
      reader.path = RESOURCE_SPANS;
    }
  }

  #resource(end: number): void {
    const reader = this.#reader;
    const builder = this.#builder;
    reader.path = RESOURCE;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) {
        const attributeEnd = reader.readEnd(end);
        if (builder.takesResourceAttribute()) builder.resourceAttributes.push(this.#keyValues.read(attributeEnd));
        else reader.pos = attributeEnd;
      } else reader.skip(tag, end);
    }
    reader.path = RESOURCE_SPANS;
  }

  #scopeSpans(end: number): void {
    const reader = this.#reader;
    const start = reader.pos;
    reader.path = SCOPE_SPANS;
    this.#builder.beginScope();
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) this.#scope(reader.readEnd(end));
      else reader.skip(tag, end);
    }
    reader.pos = start;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x12) this.#span(reader.readEnd(end));
      else reader.skip(tag, end);
      reader.path = SCOPE_SPANS;
    }
  }

  #scope(end: number): void {
    const reader = this.#reader;
    const builder = this.#builder;
    reader.path = SCOPE;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) builder.scopeNameId = this.#text(end);
      else if (tag === 0x12) builder.scopeVersionId = this.#text(end);
      else if (tag === 0x1a) {
        const attributeEnd = reader.readEnd(end);
        if (builder.takesScopeAttribute()) builder.scopeAttributes.push(this.#keyValues.read(attributeEnd));
        else reader.pos = attributeEnd;
      } else reader.skip(tag, end);
    }
    reader.path = SCOPE_SPANS;
  }

  #span(end: number): void {
    const reader = this.#reader;
    reader.path = SPAN;
    if (!this.#builder.beginSpan()) {
      reader.pos = end;
      return;
    }
    while (reader.pos < end) this.#spanField(reader.readTag(end), end);
    this.#builder.commitSpan();
  }

  #spanField(tag: number, end: number): void {
    const reader = this.#reader;
    const builder = this.#builder;
    switch (tag) {
      case 0x0a: {
        const idEnd = reader.readEnd(end);
        builder.traceIdAt = reader.pos;
        builder.traceIdLength = idEnd - reader.pos;
        reader.pos = idEnd;
        return;
      }
      case 0x12: {
        const idEnd = reader.readEnd(end);
        builder.spanIdAt = reader.pos;
        builder.spanIdLength = idEnd - reader.pos;
        reader.pos = idEnd;
        return;
      }
      case 0x22: {
        const idEnd = reader.readEnd(end);
        builder.parentIdAt = reader.pos;
        builder.parentIdLength = idEnd - reader.pos;
        reader.pos = idEnd;
        return;
      }
      case 0x2a:
        builder.nameId = this.#text(end);
        return;
      case 0x39:
        reader.readFixed64(end);
        builder.startLow = reader.low;
        builder.startHigh = reader.high;
        return;
      case 0x41:
        reader.readFixed64(end);
        builder.endLow = reader.low;
        builder.endHigh = reader.high;
        return;
      case 0x4a: {
        const attributeEnd = reader.readEnd(end);
        if (builder.takesAttribute()) builder.batch.attributes.push(this.#keyValues.read(attributeEnd));
        else reader.pos = attributeEnd;
        return;
      }
      default:
        this.#rarerSpanField(tag, end);
    }
  }

  #rarerSpanField(tag: number, end: number): void {
    const reader = this.#reader;
    const builder = this.#builder;
    switch (tag) {
      case 0x1a:
        builder.traceStateId = this.#text(end);
        return;
      case 0x30:
        // proto3 enums are open: a kind that is not known yet is kept as unspecified.
        builder.kind = this.#enum(end, MAX_SPAN_KIND);
        return;
      case 0x50:
        builder.droppedAttributes = reader.readUint32(end);
        return;
      case 0x5a:
        this.#event(reader.readEnd(end));
        return;
      case 0x60:
        builder.droppedEvents = reader.readUint32(end);
        return;
      case 0x6a:
        this.#link(reader.readEnd(end));
        return;
      case 0x70:
        builder.droppedLinks = reader.readUint32(end);
        return;
      case 0x7a:
        this.#status(reader.readEnd(end));
        return;
      case 0x85:
        builder.flags = reader.readFixed32(end);
        return;
      default:
        reader.skip(tag, end);
    }
  }

  #event(end: number): void {
    const reader = this.#reader;
    const builder = this.#builder;
    if (!builder.beginEvent()) {
      reader.pos = end;
      return;
    }
    reader.path = EVENT;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x09) {
        reader.readFixed64(end);
        builder.eventLow = reader.low;
        builder.eventHigh = reader.high;
      } else if (tag === 0x12) builder.eventNameId = this.#text(end);
      else if (tag === 0x1a) {
        const attributeEnd = reader.readEnd(end);
        if (builder.takesEventAttribute()) builder.batch.eventAttributes.push(this.#keyValues.read(attributeEnd));
        else reader.pos = attributeEnd;
      } else reader.skip(tag, end);
    }
    builder.commitEvent();
    reader.path = SPAN;
  }

  #link(end: number): void {
    const reader = this.#reader;
    const builder = this.#builder;
    if (!builder.beginLink()) {
      reader.pos = end;
      return;
    }
    reader.path = LINK;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) {
        const idEnd = reader.readEnd(end);
        builder.linkTraceIdAt = reader.pos;
        builder.linkTraceIdLength = idEnd - reader.pos;
        reader.pos = idEnd;
      } else if (tag === 0x12) {
        const idEnd = reader.readEnd(end);
        builder.linkSpanIdAt = reader.pos;
        builder.linkSpanIdLength = idEnd - reader.pos;
        reader.pos = idEnd;
      } else if (tag === 0x1a) builder.linkTraceStateId = this.#text(end);
      else if (tag === 0x22) {
        const attributeEnd = reader.readEnd(end);
        if (builder.takesLinkAttribute()) builder.batch.linkAttributes.push(this.#keyValues.read(attributeEnd));
        else reader.pos = attributeEnd;
      } else reader.skip(tag, end);
    }
    builder.commitLink();
    reader.path = SPAN;
  }

  #status(end: number): void {
    const reader = this.#reader;
    const builder = this.#builder;
    reader.path = STATUS;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x12) builder.statusMessageId = this.#text(end);
      else if (tag === 0x18) builder.statusCode = this.#enum(end, MAX_STATUS_CODE);
      else reader.skip(tag, end);
    }
    reader.path = SPAN;
  }

  #text(end: number): number {
    const reader = this.#reader;
    const textEnd = reader.readEnd(end);
    const id = this.#texts.intern(reader.bytes, reader.pos, textEnd);
    reader.pos = textEnd;
    return id;
  }

  #enum(end: number, max: number): number {
    const reader = this.#reader;
    reader.readVarint(end);
    return reader.high === 0 && reader.low <= max ? reader.low : 0;
  }
}
