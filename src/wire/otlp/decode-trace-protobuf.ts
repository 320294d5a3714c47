import type { KeyValueTable } from '../../model/key-value-table.ts';
import type { SpanBatch } from '../../model/span-batch.ts';
import { DecodeTally } from './decode-tally.ts';
import { DEFAULT_DECODE_LIMITS, type DecodeLimits } from './limits.ts';
import { ProtobufExportDecoder } from './protobuf-export.ts';
import { SpanBuilder } from './span-builder.ts';

// Messages as they are named in errors.
const SPAN = 'resource_spans.scope_spans.spans';
const EVENT = 'resource_spans.scope_spans.spans.events';
const LINK = 'resource_spans.scope_spans.spans.links';
const STATUS = 'resource_spans.scope_spans.spans.status';

const MAX_SPAN_KIND = 5;
const MAX_STATUS_CODE = 2;

/** Room is made for as many spans as a body has if they are of this size, up to a bound: a long body may be one span. */
const ORDINARY_SPAN_BYTES = 400;
const MAX_RESERVED_SPANS = 16_384;

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

class TraceDecoder extends ProtobufExportDecoder {
  protected readonly builder: SpanBuilder;

  constructor(body: Uint8Array, table: KeyValueTable, limits: DecodeLimits, tally: DecodeTally) {
    super(body, table, {
      limits,
      tally,
      names: { request: 'ExportTraceServiceRequest', resources: 'resource_spans', scopes: 'scope_spans' },
    });
    this.builder = new SpanBuilder(table, this.reader.bytes, limits, tally);
    this.builder.batch.reserve(Math.min(MAX_RESERVED_SPANS, Math.ceil(body.length / ORDINARY_SPAN_BYTES)));
  }

  decode(): SpanBatch {
    this.walk();
    return this.builder.batch;
  }

  protected override item(end: number): void {
    const reader = this.reader;
    reader.path = SPAN;
    if (!this.builder.beginSpan()) {
      reader.pos = end;
      return;
    }
    while (reader.pos < end) this.#spanField(reader.readTag(end), end);
    this.builder.commitSpan();
  }

  #spanField(tag: number, end: number): void {
    const reader = this.reader;
    const builder = this.builder;
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
        builder.nameId = this.text(end);
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
        if (builder.takesAttribute()) builder.batch.attributes.push(this.keyValues.read(attributeEnd));
        else reader.pos = attributeEnd;
        return;
      }
      default:
        this.#rarerSpanField(tag, end);
    }
  }

  #rarerSpanField(tag: number, end: number): void {
    const reader = this.reader;
    const builder = this.builder;
    switch (tag) {
      case 0x1a:
        builder.traceStateId = this.text(end);
        return;
      case 0x30:
        // proto3 enums are open: a kind that is not known yet is kept as unspecified.
        builder.kind = this.enum(end, MAX_SPAN_KIND);
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
    const reader = this.reader;
    const builder = this.builder;
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
      } else if (tag === 0x12) builder.eventNameId = this.text(end);
      else if (tag === 0x1a) {
        const attributeEnd = reader.readEnd(end);
        if (builder.takesEventAttribute()) builder.batch.eventAttributes.push(this.keyValues.read(attributeEnd));
        else reader.pos = attributeEnd;
      } else reader.skip(tag, end);
    }
    builder.commitEvent();
    reader.path = SPAN;
  }

  #link(end: number): void {
    const reader = this.reader;
    const builder = this.builder;
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
      } else if (tag === 0x1a) builder.linkTraceStateId = this.text(end);
      else if (tag === 0x22) {
        const attributeEnd = reader.readEnd(end);
        if (builder.takesLinkAttribute()) builder.batch.linkAttributes.push(this.keyValues.read(attributeEnd));
        else reader.pos = attributeEnd;
      } else reader.skip(tag, end);
    }
    builder.commitLink();
    reader.path = SPAN;
  }

  #status(end: number): void {
    const reader = this.reader;
    const builder = this.builder;
    reader.path = STATUS;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x12) builder.statusMessageId = this.text(end);
      else if (tag === 0x18) builder.statusCode = this.enum(end, MAX_STATUS_CODE);
      else reader.skip(tag, end);
    }
    reader.path = SPAN;
  }
}
