import type { KeyValueTable } from '../../model/key-value-table.ts';
import type { SpanBatch } from '../../model/span-batch.ts';
import { DecodeTally } from './decode-tally.ts';
import { JsonExportDecoder } from './json-export.ts';
import {
  type JsonObject,
  readArray,
  readEnum,
  readObject,
  readTimeHalves,
  readUint32,
  timeHalves,
} from './json-shape.ts';
import { DEFAULT_DECODE_LIMITS, type DecodeLimits } from './limits.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from './origin-builder.ts';
import { SpanBuilder } from './span-builder.ts';

// Paths as they are named in errors.
const SPAN = 'resourceSpans.scopeSpans.spans';
const EVENT = 'resourceSpans.scopeSpans.spans.events';
const LINK = 'resourceSpans.scopeSpans.spans.links';

const MAX_SPAN_KIND = 5;
const MAX_STATUS_CODE = 2;

// Places of the draft's ids in the scratch that the builder copies them from.
const TRACE_ID_AT = 0;
const SPAN_ID_AT = 16;
const PARENT_ID_AT = 24;
const LINK_TRACE_ID_AT = 32;
const LINK_SPAN_ID_AT = 48;
const SCRATCH_BYTES = 56;

/**
 * Decodes OTLP/JSON (lowerCamelCase, hex ids in any case, 64-bit integers as string or number, enums as integers) into the same columns
 * as the protobuf decoder.
 *
 * Unknown members are ignored, so is `__proto__`. Counts and throws like `decodeTraceProtobuf`; a whole JSON document is held in memory.
 */
export function decodeTraceJson(
  body: Uint8Array,
  table: KeyValueTable,
  options: { limits?: DecodeLimits; tally?: DecodeTally } = {},
): SpanBatch {
  const { limits = DEFAULT_DECODE_LIMITS, tally = new DecodeTally() } = options;
  const decoder = new TraceJsonDecoder(table, limits, tally);
  decoder.walk(body);
  return decoder.builder.batch;
}

class TraceJsonDecoder extends JsonExportDecoder {
  readonly builder: SpanBuilder;

  constructor(table: KeyValueTable, limits: DecodeLimits, tally: DecodeTally) {
    super(table, {
      limits,
      tally,
      scratchBytes: SCRATCH_BYTES,
      names: { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' },
    });
    this.builder = new SpanBuilder(table, this.ids, limits, tally);
    this.builder.traceIdAt = TRACE_ID_AT;
    this.builder.spanIdAt = SPAN_ID_AT;
    this.builder.parentIdAt = PARENT_ID_AT;
    this.builder.linkTraceIdAt = LINK_TRACE_ID_AT;
    this.builder.linkSpanIdAt = LINK_SPAN_ID_AT;
  }

  protected override item(span: JsonObject): void {
    const builder = this.builder;
    if (!builder.beginSpan()) return;
    builder.traceIdLength = this.id(span['traceId'], TRACE_ID_AT, TRACE_ID_BYTES, `${SPAN}.traceId`);
    builder.spanIdLength = this.id(span['spanId'], SPAN_ID_AT, SPAN_ID_BYTES, `${SPAN}.spanId`);
    builder.parentIdLength = this.id(span['parentSpanId'], PARENT_ID_AT, SPAN_ID_BYTES, `${SPAN}.parentSpanId`);
    readTimeHalves(span['startTimeUnixNano'], `${SPAN}.startTimeUnixNano`);
    builder.startLow = timeHalves.low;
    builder.startHigh = timeHalves.high;
    readTimeHalves(span['endTimeUnixNano'], `${SPAN}.endTimeUnixNano`);
    builder.endLow = timeHalves.low;
    builder.endHigh = timeHalves.high;
    builder.nameId = this.text(span['name'], `${SPAN}.name`);
    builder.traceStateId = this.text(span['traceState'], `${SPAN}.traceState`);
    builder.kind = readEnum(span['kind'], MAX_SPAN_KIND, `${SPAN}.kind`);
    builder.flags = readUint32(span['flags'], `${SPAN}.flags`);
    builder.droppedAttributes = readUint32(span['droppedAttributesCount'], `${SPAN}.droppedAttributesCount`);
    builder.droppedEvents = readUint32(span['droppedEventsCount'], `${SPAN}.droppedEventsCount`);
    builder.droppedLinks = readUint32(span['droppedLinksCount'], `${SPAN}.droppedLinksCount`);
    const status = readObject(span['status'], `${SPAN}.status`) ?? {};
    builder.statusCode = readEnum(status['code'], MAX_STATUS_CODE, `${SPAN}.status.code`);
    builder.statusMessageId = this.text(status['message'], `${SPAN}.status.message`);
    const path = `${SPAN}.attributes`;
    for (const attribute of readArray(span['attributes'], path)) {
      if (builder.takesAttribute()) builder.batch.attributes.push(this.keyValues.read(attribute, path));
    }
    for (const event of readArray(span['events'], EVENT)) this.#addEvent(readObject(event, EVENT) ?? {});
    for (const link of readArray(span['links'], LINK)) this.#addLink(readObject(link, LINK) ?? {});
    builder.commitSpan();
  }

  #addEvent(event: JsonObject): void {
    const builder = this.builder;
    if (!builder.beginEvent()) return;
    readTimeHalves(event['timeUnixNano'], `${EVENT}.timeUnixNano`);
    builder.eventLow = timeHalves.low;
    builder.eventHigh = timeHalves.high;
    builder.eventNameId = this.text(event['name'], `${EVENT}.name`);
    const path = `${EVENT}.attributes`;
    for (const attribute of readArray(event['attributes'], path)) {
      if (builder.takesEventAttribute()) builder.batch.eventAttributes.push(this.keyValues.read(attribute, path));
    }
    builder.commitEvent();
  }

  #addLink(link: JsonObject): void {
    const builder = this.builder;
    if (!builder.beginLink()) return;
    builder.linkTraceIdLength = this.id(link['traceId'], LINK_TRACE_ID_AT, TRACE_ID_BYTES, `${LINK}.traceId`);
    builder.linkSpanIdLength = this.id(link['spanId'], LINK_SPAN_ID_AT, SPAN_ID_BYTES, `${LINK}.spanId`);
    builder.linkTraceStateId = this.text(link['traceState'], `${LINK}.traceState`);
    const path = `${LINK}.attributes`;
    for (const attribute of readArray(link['attributes'], path)) {
      if (builder.takesLinkAttribute()) builder.batch.linkAttributes.push(this.keyValues.read(attribute, path));
    }
    builder.commitLink();
  }
}
