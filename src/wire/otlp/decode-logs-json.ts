import type { KeyValueTable } from '../../model/key-value-table.ts';
import type { LogBatch } from '../../model/log-batch.ts';
import { MAX_SEVERITY } from './decode-logs-protobuf.ts';
import { DecodeTally } from './decode-tally.ts';
import { JsonExportDecoder } from './json-export.ts';
import { highOf, type JsonObject, lowOf, readArray, readEnum, readTime, readUint32 } from './json-shape.ts';
import { DEFAULT_DECODE_LIMITS, type DecodeLimits } from './limits.ts';
import { LogBuilder } from './log-builder.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from './origin-builder.ts';

const NAMES = { resources: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' };
const RECORD = 'resourceLogs.scopeLogs.logRecords';

// Places of the draft's ids in the scratch that the builder copies them from.
const TRACE_ID_AT = 0;
const SPAN_ID_AT = 16;
const SCRATCH_BYTES = 24;

/** Decodes log records in OTLP/JSON into the same columns as the protobuf decoder; see `decodeTraceJson`. */
export function decodeLogsJson(
  body: Uint8Array,
  table: KeyValueTable,
  options: { limits?: DecodeLimits; tally?: DecodeTally } = {},
): LogBatch {
  const { limits = DEFAULT_DECODE_LIMITS, tally = new DecodeTally() } = options;
  const decoder = new LogsJsonDecoder(table, limits, tally);
  decoder.walk(body);
  return decoder.builder.batch;
}

class LogsJsonDecoder extends JsonExportDecoder {
  readonly builder: LogBuilder;

  constructor(table: KeyValueTable, limits: DecodeLimits, tally: DecodeTally) {
    super(table, { limits, tally, scratchBytes: SCRATCH_BYTES, names: NAMES });
    this.builder = new LogBuilder(table, this.ids, limits, tally);
    this.builder.traceIdAt = TRACE_ID_AT;
    this.builder.spanIdAt = SPAN_ID_AT;
  }

  protected override item(record: JsonObject): void {
    const { builder } = this;
    if (!builder.beginRecord()) return;
    const time = readTime(record['timeUnixNano'], `${RECORD}.timeUnixNano`);
    builder.timeLow = lowOf(time);
    builder.timeHigh = highOf(time);
    const observed = readTime(record['observedTimeUnixNano'], `${RECORD}.observedTimeUnixNano`);
    builder.observedLow = lowOf(observed);
    builder.observedHigh = highOf(observed);
    builder.severityNumber = readEnum(record['severityNumber'], MAX_SEVERITY, `${RECORD}.severityNumber`);
    builder.severityTextId = this.text(record['severityText'], `${RECORD}.severityText`);
    builder.body = this.keyValues.readValue(record['body'], `${RECORD}.body`);
    builder.eventNameId = this.text(record['eventName'], `${RECORD}.eventName`);
    builder.traceIdLength = this.id(record['traceId'], TRACE_ID_AT, TRACE_ID_BYTES, `${RECORD}.traceId`);
    builder.spanIdLength = this.id(record['spanId'], SPAN_ID_AT, SPAN_ID_BYTES, `${RECORD}.spanId`);
    builder.flags = readUint32(record['flags'], `${RECORD}.flags`);
    builder.droppedAttributes = readUint32(record['droppedAttributesCount'], `${RECORD}.droppedAttributesCount`);
    const path = `${RECORD}.attributes`;
    for (const attribute of readArray(record['attributes'], path)) {
      if (builder.takesAttribute()) builder.batch.attributes.push(this.keyValues.read(attribute, path));
    }
    builder.commitRecord();
  }
}
