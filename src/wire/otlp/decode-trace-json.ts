import { isUtf8 } from 'node:buffer';
import type { KeyValueTable } from '../../model/key-value-table.ts';
import type { SpanBatch } from '../../model/span-batch.ts';
import { DecodeTally } from './decode-tally.ts';
import { JsonKeyValues } from './json-key-values.ts';
import {
  failJson,
  type JsonObject,
  parseJson,
  readArray,
  readEnum,
  readInt64,
  readObject,
  readString,
  readUint32,
} from './json-shape.ts';
import { DEFAULT_DECODE_LIMITS, type DecodeLimits } from './limits.ts';
import { SpanBuilder } from './span-builder.ts';
import { RawCache, TextInterner } from './text-interner.ts';

// Paths as they are named in errors.
const RESOURCE_SPANS = 'resourceSpans';
const SCOPE_SPANS = 'resourceSpans.scopeSpans';
const SPAN = 'resourceSpans.scopeSpans.spans';
const EVENT = 'resourceSpans.scopeSpans.spans.events';
const LINK = 'resourceSpans.scopeSpans.spans.links';

const MAX_SPAN_KIND = 5;
const MAX_STATUS_CODE = 2;
const MAX_UINT64 = 2n ** 64n - 1n;

// Places of the draft's ids in the scratch that the builder copies them from.
const TRACE_ID_AT = 0;
const SPAN_ID_AT = 16;
const PARENT_ID_AT = 24;
const LINK_TRACE_ID_AT = 32;
const LINK_SPAN_ID_AT = 48;
const SCRATCH_BYTES = 56;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

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
  if (!isUtf8(body)) tally.invalidUtf8 += 1;
  const request = readObject(parseJson(body), 'the request');
  if (request === undefined) failJson('the request', 'expected an object');
  const decoder = new TraceJsonDecoder(table, limits, tally);
  for (const resourceSpans of readArray(request['resourceSpans'], RESOURCE_SPANS))
    decoder.addResourceSpans(resourceSpans);
  return decoder.batch;
}

class TraceJsonDecoder {
  readonly #ids = new Uint8Array(SCRATCH_BYTES);
  readonly #builder: SpanBuilder;
  readonly #texts: TextInterner;
  readonly #keyValues: JsonKeyValues;

  constructor(table: KeyValueTable, limits: DecodeLimits, tally: DecodeTally) {
    this.#texts = new TextInterner(table.strings, new RawCache(0), limits.maxValueBytes, tally);
    this.#keyValues = new JsonKeyValues(table, this.#texts, limits, tally);
    this.#builder = new SpanBuilder(table, this.#ids, limits, tally);
    this.#builder.traceIdAt = TRACE_ID_AT;
    this.#builder.spanIdAt = SPAN_ID_AT;
    this.#builder.parentIdAt = PARENT_ID_AT;
    this.#builder.linkTraceIdAt = LINK_TRACE_ID_AT;
    this.#builder.linkSpanIdAt = LINK_SPAN_ID_AT;
  }

  get batch(): SpanBatch {
    return this.#builder.batch;
  }

  addResourceSpans(value: unknown): void {
    const builder = this.#builder;
    const resourceSpans = readObject(value, RESOURCE_SPANS);
    if (resourceSpans === undefined) return;
    const resource = readObject(resourceSpans['resource'], `${RESOURCE_SPANS}.resource`) ?? {};
    builder.beginResource();
    builder.resourceSchemaUrlId = this.#text(resourceSpans['schemaUrl'], `${RESOURCE_SPANS}.schemaUrl`);
    const path = `${RESOURCE_SPANS}.resource.attributes`;
    for (const attribute of readArray(resource['attributes'], path)) {
      if (builder.takesResourceAttribute()) builder.resourceAttributes.push(this.#keyValues.read(attribute, path));
    }
    for (const scopeSpans of readArray(resourceSpans['scopeSpans'], SCOPE_SPANS)) this.#addScopeSpans(scopeSpans);
  }

  #addScopeSpans(value: unknown): void {
    const builder = this.#builder;
    const scopeSpans = readObject(value, SCOPE_SPANS);
    if (scopeSpans === undefined) return;
    const scope = readObject(scopeSpans['scope'], `${SCOPE_SPANS}.scope`) ?? {};
    builder.beginScope();
    builder.scopeNameId = this.#text(scope['name'], `${SCOPE_SPANS}.scope.name`);
    builder.scopeVersionId = this.#text(scope['version'], `${SCOPE_SPANS}.scope.version`);
    const path = `${SCOPE_SPANS}.scope.attributes`;
    for (const attribute of readArray(scope['attributes'], path)) {
      if (builder.takesScopeAttribute()) builder.scopeAttributes.push(this.#keyValues.read(attribute, path));
    }
    for (const span of readArray(scopeSpans['spans'], SPAN)) this.#addSpan(readObject(span, SPAN) ?? {});
  }

  #addSpan(span: JsonObject): void {
    const builder = this.#builder;
    if (!builder.beginSpan()) return;
    builder.traceIdLength = this.#id(span['traceId'], TRACE_ID_AT, TRACE_ID_BYTES, `${SPAN}.traceId`);
    builder.spanIdLength = this.#id(span['spanId'], SPAN_ID_AT, SPAN_ID_BYTES, `${SPAN}.spanId`);
    builder.parentIdLength = this.#id(span['parentSpanId'], PARENT_ID_AT, SPAN_ID_BYTES, `${SPAN}.parentSpanId`);
    const start = readTime(span['startTimeUnixNano'], `${SPAN}.startTimeUnixNano`);
    builder.startLow = lowOf(start);
    builder.startHigh = highOf(start);
    const end = readTime(span['endTimeUnixNano'], `${SPAN}.endTimeUnixNano`);
    builder.endLow = lowOf(end);
    builder.endHigh = highOf(end);
    builder.nameId = this.#text(span['name'], `${SPAN}.name`);
    builder.traceStateId = this.#text(span['traceState'], `${SPAN}.traceState`);
    builder.kind = readEnum(span['kind'], MAX_SPAN_KIND, `${SPAN}.kind`);
    builder.flags = readUint32(span['flags'], `${SPAN}.flags`);
    builder.droppedAttributes = readUint32(span['droppedAttributesCount'], `${SPAN}.droppedAttributesCount`);
    builder.droppedEvents = readUint32(span['droppedEventsCount'], `${SPAN}.droppedEventsCount`);
    builder.droppedLinks = readUint32(span['droppedLinksCount'], `${SPAN}.droppedLinksCount`);
    const status = readObject(span['status'], `${SPAN}.status`) ?? {};
    builder.statusCode = readEnum(status['code'], MAX_STATUS_CODE, `${SPAN}.status.code`);
    builder.statusMessageId = this.#text(status['message'], `${SPAN}.status.message`);
    const path = `${SPAN}.attributes`;
    for (const attribute of readArray(span['attributes'], path)) {
      if (builder.takesAttribute()) builder.batch.attributes.push(this.#keyValues.read(attribute, path));
    }
    for (const event of readArray(span['events'], EVENT)) this.#addEvent(readObject(event, EVENT) ?? {});
    for (const link of readArray(span['links'], LINK)) this.#addLink(readObject(link, LINK) ?? {});
    builder.commitSpan();
  }

  #addEvent(event: JsonObject): void {
    const builder = this.#builder;
    if (!builder.beginEvent()) return;
    const time = readTime(event['timeUnixNano'], `${EVENT}.timeUnixNano`);
    builder.eventLow = lowOf(time);
    builder.eventHigh = highOf(time);
    builder.eventNameId = this.#text(event['name'], `${EVENT}.name`);
    const path = `${EVENT}.attributes`;
    for (const attribute of readArray(event['attributes'], path)) {
      if (builder.takesEventAttribute()) builder.batch.eventAttributes.push(this.#keyValues.read(attribute, path));
    }
    builder.commitEvent();
  }

  #addLink(link: JsonObject): void {
    const builder = this.#builder;
    if (!builder.beginLink()) return;
    builder.linkTraceIdLength = this.#id(link['traceId'], LINK_TRACE_ID_AT, TRACE_ID_BYTES, `${LINK}.traceId`);
    builder.linkSpanIdLength = this.#id(link['spanId'], LINK_SPAN_ID_AT, SPAN_ID_BYTES, `${LINK}.spanId`);
    builder.linkTraceStateId = this.#text(link['traceState'], `${LINK}.traceState`);
    const path = `${LINK}.attributes`;
    for (const attribute of readArray(link['attributes'], path)) {
      if (builder.takesLinkAttribute()) builder.batch.linkAttributes.push(this.#keyValues.read(attribute, path));
    }
    builder.commitLink();
  }

  #text(value: unknown, path: string): number {
    return this.#texts.internText(readString(value, path));
  }

  /** Puts a hex id into the scratch and returns its length in bytes; -1 for text that is no id of that width. */
  #id(value: unknown, at: number, width: number, path: string): number {
    const hex = readString(value, path);
    if (hex === '') return 0;
    if (hex.length !== width * 2) return -1;
    for (let index = 0; index < width; index += 1) {
      const byte = hexDigit(hex.charCodeAt(index * 2)) * 16 + hexDigit(hex.charCodeAt(index * 2 + 1));
      if (Number.isNaN(byte)) return -1;
      this.#ids[at + index] = byte;
    }
    return width;
  }
}

/** Value of a hexadecimal digit in either case (OTLP/JSON: hex ids are case-insensitive); NaN for anything else. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN;
}

/** A fixed64 time; one that a uint64 cannot hold is kept as one that no store can hold, so that only its span is rejected. */
function readTime(value: unknown, path: string): bigint {
  const time = readInt64(value, path);
  return time < 0n || time > MAX_UINT64 ? MAX_UINT64 : time;
}

function lowOf(value: bigint): number {
  return Number(value & 0xffff_ffffn);
}

function highOf(value: bigint): number {
  return Number(value >> 32n);
}
