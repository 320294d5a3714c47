import { KeyValueTable } from '../../src/model/key-value-table.ts';
import type { LogBatch } from '../../src/model/log-batch.ts';
import type { MetricBatch } from '../../src/model/metric-batch.ts';
import { SpanBatch } from '../../src/model/span-batch.ts';
import { decodeLogsJson } from '../../src/wire/otlp/decode-logs-json.ts';
import { decodeLogsProtobuf } from '../../src/wire/otlp/decode-logs-protobuf.ts';
import { decodeMetricsJson } from '../../src/wire/otlp/decode-metrics-json.ts';
import { decodeMetricsProtobuf } from '../../src/wire/otlp/decode-metrics-protobuf.ts';
import { DecodeTally } from '../../src/wire/otlp/decode-tally.ts';
import { decodeTraceJson } from '../../src/wire/otlp/decode-trace-json.ts';
import { decodeTraceProtobuf } from '../../src/wire/otlp/decode-trace-protobuf.ts';
import { DEFAULT_DECODE_LIMITS, type DecodeLimits } from '../../src/wire/otlp/limits.ts';
import { decodeZipkinJson } from '../../src/wire/zipkin/decode-zipkin-json.ts';
import { decodeZipkinProtobuf } from '../../src/wire/zipkin/decode-zipkin-protobuf.ts';
import type { Format } from './corpus.ts';

/** A batch of any signal. */
export type AnyBatch = SpanBatch | LogBatch | MetricBatch;

type Decode = (
  body: Uint8Array,
  table: KeyValueTable,
  options: { limits: DecodeLimits; tally: DecodeTally },
) => AnyBatch;

const RECEIVED_AT = 1_795_000_000_000_000_000n;

/** Small, so that mutations reach them. */
export const LIMITS: DecodeLimits = {
  ...DEFAULT_DECODE_LIMITS,
  maxSpans: 50,
  maxLogRecords: 50,
  maxDataPoints: 50,
  maxAttributes: 20,
  maxEvents: 20,
  maxLinks: 20,
  maxEventsPerRequest: 200,
  maxValueBytes: 256,
};

/** The decoder of each format, as the receivers call it. */
export const DECODERS: Record<Format, Decode> = {
  'traces.protobuf': decodeTraceProtobuf,
  'traces.json': decodeTraceJson,
  'logs.protobuf': decodeLogsProtobuf,
  'logs.json': decodeLogsJson,
  'metrics.protobuf': decodeMetricsProtobuf,
  'metrics.json': decodeMetricsJson,
  'zipkin.protobuf': (body, table, options) =>
    decodeZipkinProtobuf(body, table, { ...options, receivedAt: RECEIVED_AT }),
  'zipkin.json': (body, table, options) => decodeZipkinJson(body, table, { ...options, receivedAt: RECEIVED_AT }),
};

/** Decodes with the small limits. */
export function decode(format: Format, body: Uint8Array, table: KeyValueTable, tally = new DecodeTally()): AnyBatch {
  return DECODERS[format](body, table, { limits: LIMITS, tally });
}
