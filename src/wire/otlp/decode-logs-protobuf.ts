import type { KeyValueTable } from '../../model/key-value-table.ts';
import type { LogBatch } from '../../model/log-batch.ts';
import { DecodeTally } from './decode-tally.ts';
import { DEFAULT_DECODE_LIMITS, type DecodeLimits } from './limits.ts';
import { LogBuilder } from './log-builder.ts';
import { ProtobufExportDecoder } from './protobuf-export.ts';

const NAMES = { request: 'ExportLogsServiceRequest', resources: 'resource_logs', scopes: 'scope_logs' };
const RECORD = 'resource_logs.scope_logs.log_records';

/** Greatest OTLP SeverityNumber, SEVERITY_NUMBER_FATAL4. */
export const MAX_SEVERITY = 24;

/**
 * Decodes the bytes of an OTLP ExportLogsServiceRequest (opentelemetry-proto 1.x) into columns; see `decodeTraceProtobuf` for what is
 * skipped, counted and thrown.
 */
export function decodeLogsProtobuf(
  body: Uint8Array,
  table: KeyValueTable,
  options: { limits?: DecodeLimits; tally?: DecodeTally } = {},
): LogBatch {
  const { limits = DEFAULT_DECODE_LIMITS, tally = new DecodeTally() } = options;
  return new LogsDecoder(body, table, limits, tally).decode();
}

class LogsDecoder extends ProtobufExportDecoder {
  protected readonly builder: LogBuilder;

  constructor(body: Uint8Array, table: KeyValueTable, limits: DecodeLimits, tally: DecodeTally) {
    super(body, table, { limits, tally, names: NAMES });
    this.builder = new LogBuilder(table, this.reader.bytes, limits, tally);
  }

  decode(): LogBatch {
    this.walk();
    return this.builder.batch;
  }

  protected override item(end: number): void {
    const { reader } = this;
    reader.path = RECORD;
    if (!this.builder.beginRecord()) {
      reader.pos = end;
      return;
    }
    while (reader.pos < end) this.#field(reader.readTag(end), end);
    this.builder.commitRecord();
  }

  #field(tag: number, end: number): void {
    const { reader, builder } = this;
    switch (tag) {
      case 0x09:
        reader.readFixed64(end);
        builder.timeLow = reader.low;
        builder.timeHigh = reader.high;
        return;
      case 0x10:
        builder.severityNumber = this.enum(end, MAX_SEVERITY);
        return;
      case 0x1a:
        builder.severityTextId = this.text(end);
        return;
      case 0x2a:
        builder.body = this.keyValues.readValue(reader.readEnd(end));
        return;
      case 0x32: {
        const attributeEnd = reader.readEnd(end);
        if (builder.takesAttribute()) builder.batch.attributes.push(this.keyValues.read(attributeEnd));
        else reader.pos = attributeEnd;
        return;
      }
      case 0x38:
        builder.droppedAttributes = reader.readUint32(end);
        return;
      case 0x45:
        builder.flags = reader.readFixed32(end);
        return;
      case 0x4a: {
        const idEnd = reader.readEnd(end);
        builder.traceIdAt = reader.pos;
        builder.traceIdLength = idEnd - reader.pos;
        reader.pos = idEnd;
        return;
      }
      case 0x52: {
        const idEnd = reader.readEnd(end);
        builder.spanIdAt = reader.pos;
        builder.spanIdLength = idEnd - reader.pos;
        reader.pos = idEnd;
        return;
      }
      case 0x59:
        reader.readFixed64(end);
        builder.observedLow = reader.low;
        builder.observedHigh = reader.high;
        return;
      case 0x62:
        builder.eventNameId = this.text(end);
        return;
      default:
        reader.skip(tag, end);
    }
  }
}
