import type { UintColumn } from '../../model/columns.ts';
import type { KeyValueTable } from '../../model/key-value-table.ts';
import {
  type ExponentialBuckets,
  METRIC_TYPE,
  type MetricBatch,
  NUMBER_KIND,
  PRESENT,
} from '../../model/metric-batch.ts';
import { DecodeTally } from './decode-tally.ts';
import { DEFAULT_DECODE_LIMITS, type DecodeLimits } from './limits.ts';
import { type Halves, MetricBuilder } from './metric-builder.ts';
import { ProtobufExportDecoder } from './protobuf-export.ts';

const NAMES = { request: 'ExportMetricsServiceRequest', resources: 'resource_metrics', scopes: 'scope_metrics' };
const METRIC = 'resource_metrics.scope_metrics.metrics';

/** Greatest OTLP AggregationTemporality, CUMULATIVE. */
export const MAX_TEMPORALITY = 2;

/** Tags of Metric's `data` oneof. */
const DATA_TYPES: ReadonlyMap<number, number> = new Map([
  [0x2a, METRIC_TYPE.gauge],
  [0x3a, METRIC_TYPE.sum],
  [0x4a, METRIC_TYPE.histogram],
  [0x52, METRIC_TYPE.exponential_histogram],
  [0x5a, METRIC_TYPE.summary],
]);

/**
 * What a field of a data point means, by its tag. The point messages number their fields differently, so each has a table: the
 * meanings are shared.
 */
type PointField =
  | 'attributes'
  | 'start'
  | 'time'
  | 'flags'
  | 'double'
  | 'int'
  | 'exemplars'
  | 'count'
  | 'sum'
  | 'min'
  | 'max'
  | 'bucketCount'
  | 'bucketCounts'
  | 'bound'
  | 'bounds'
  | 'scale'
  | 'zeroCount'
  | 'zeroThreshold'
  | 'positive'
  | 'negative'
  | 'quantiles';

// opentelemetry/proto/metrics/v1/metrics.proto; `bucketCounts` and `bounds` packed, `bucketCount` and `bound` one by one.
const NUMBER_FIELDS = new Map<number, PointField>([
  [0x11, 'start'],
  [0x19, 'time'],
  [0x21, 'double'],
  [0x2a, 'exemplars'],
  [0x31, 'int'],
  [0x3a, 'attributes'],
  [0x40, 'flags'],
]);
const HISTOGRAM_FIELDS = new Map<number, PointField>([
  [0x11, 'start'],
  [0x19, 'time'],
  [0x21, 'count'],
  [0x29, 'sum'],
  [0x31, 'bucketCount'],
  [0x32, 'bucketCounts'],
  [0x39, 'bound'],
  [0x3a, 'bounds'],
  [0x42, 'exemplars'],
  [0x4a, 'attributes'],
  [0x50, 'flags'],
  [0x59, 'min'],
  [0x61, 'max'],
]);
const EXPONENTIAL_FIELDS = new Map<number, PointField>([
  [0x0a, 'attributes'],
  [0x11, 'start'],
  [0x19, 'time'],
  [0x21, 'count'],
  [0x29, 'sum'],
  [0x30, 'scale'],
  [0x39, 'zeroCount'],
  [0x42, 'positive'],
  [0x4a, 'negative'],
  [0x50, 'flags'],
  [0x5a, 'exemplars'],
  [0x61, 'min'],
  [0x69, 'max'],
  [0x71, 'zeroThreshold'],
]);
const SUMMARY_FIELDS = new Map<number, PointField>([
  [0x11, 'start'],
  [0x19, 'time'],
  [0x21, 'count'],
  [0x29, 'sum'],
  [0x32, 'quantiles'],
  [0x3a, 'attributes'],
  [0x40, 'flags'],
]);
/** By METRIC_TYPE. */
const POINT_FIELDS = [NUMBER_FIELDS, NUMBER_FIELDS, HISTOGRAM_FIELDS, EXPONENTIAL_FIELDS, SUMMARY_FIELDS];

/**
 * Decodes the bytes of an OTLP ExportMetricsServiceRequest (opentelemetry-proto 1.x) into columns; see `decodeTraceProtobuf` for
 * what is skipped, counted and thrown. Metadata of metrics is skipped.
 */
export function decodeMetricsProtobuf(
  body: Uint8Array,
  table: KeyValueTable,
  options: { limits?: DecodeLimits; tally?: DecodeTally } = {},
): MetricBatch {
  const { limits = DEFAULT_DECODE_LIMITS, tally = new DecodeTally() } = options;
  return new MetricsDecoder(body, table, limits, tally).decode();
}

class MetricsDecoder extends ProtobufExportDecoder {
  protected readonly builder: MetricBuilder;
  #fields: ReadonlyMap<number, PointField> = NUMBER_FIELDS;

  constructor(body: Uint8Array, table: KeyValueTable, limits: DecodeLimits, tally: DecodeTally) {
    super(body, table, { limits, tally, names: NAMES });
    this.builder = new MetricBuilder(table, this.reader.bytes, limits, tally);
  }

  decode(): MetricBatch {
    this.walk();
    return this.builder.batch;
  }

  /** A metric's data may stand before its name, so it is remembered and read at the end; the last one on the wire wins. */
  protected override item(end: number): void {
    const { reader, builder } = this;
    let dataFrom = end;
    let dataTo = end;
    reader.path = METRIC;
    builder.beginMetric();
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      const type = DATA_TYPES.get(tag);
      if (type !== undefined) {
        dataTo = reader.readEnd(end);
        dataFrom = reader.pos;
        builder.metricType = type;
        reader.pos = dataTo;
      } else if (tag === 0x0a) builder.metricNameId = this.text(end);
      else if (tag === 0x12) builder.metricDescriptionId = this.text(end);
      else if (tag === 0x1a) builder.metricUnitId = this.text(end);
      else reader.skip(tag, end);
    }
    this.#data(dataFrom, dataTo);
    reader.pos = end;
  }

  /** Gauge, Sum, Histogram, ExponentialHistogram and Summary number their fields alike. */
  #data(start: number, end: number): void {
    const { reader, builder } = this;
    this.#fields = POINT_FIELDS[builder.metricType] ?? NUMBER_FIELDS;
    reader.pos = start;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x10) builder.temporality = this.enum(end, MAX_TEMPORALITY);
      else if (tag === 0x18) {
        reader.readVarint(end);
        builder.isMonotonic = reader.low !== 0 || reader.high !== 0;
      } else reader.skip(tag, end);
    }
    reader.pos = start;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x0a) this.#point(reader.readEnd(end));
      else reader.skip(tag, end);
    }
  }

  #point(end: number): void {
    const { reader, builder } = this;
    if (!builder.beginPoint()) {
      reader.pos = end;
      return;
    }
    reader.path = `${METRIC}.data_points`;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      const field = this.#fields.get(tag);
      if (field === undefined) reader.skip(tag, end);
      else if (!this.#number(field, end)) this.#message(field, end);
    }
    builder.commitPoint();
    reader.path = METRIC;
  }

  /** Reads a field that is one number; false for the others. */
  #number(field: PointField, end: number): boolean {
    const { builder } = this;
    switch (field) {
      case 'start':
      case 'time':
      case 'count':
      case 'zeroCount':
      case 'zeroThreshold':
        this.#fixed64(builder[field], end);
        return true;
      case 'sum':
      case 'min':
      case 'max':
        this.#fixed64(builder[field], end);
        builder.present |= PRESENT[field];
        return true;
      case 'double':
      case 'int':
        this.#fixed64(builder.number, end);
        builder.numberKind = NUMBER_KIND[field];
        return true;
      case 'flags':
        builder.flags = this.reader.readUint32(end);
        return true;
      case 'scale':
        builder.scale = this.#sint32(end);
        return true;
      case 'bucketCount':
        this.#add(builder.batch.bucketCounts, end);
        return true;
      case 'bound':
        this.#add(builder.batch.bounds, end);
        return true;
      default:
        return false;
    }
  }

  /** Reads a field that is length-delimited. */
  #message(field: PointField, end: number): void {
    const { reader, builder } = this;
    const fieldEnd = reader.readEnd(end);
    switch (field) {
      case 'attributes':
        if (builder.takesAttribute()) builder.batch.attributes.push(this.keyValues.read(fieldEnd));
        else reader.pos = fieldEnd;
        return;
      case 'bucketCounts':
        while (reader.pos < fieldEnd) this.#add(builder.batch.bucketCounts, fieldEnd);
        return;
      case 'bounds':
        while (reader.pos < fieldEnd) this.#add(builder.batch.bounds, fieldEnd);
        return;
      case 'exemplars':
        this.#exemplar(fieldEnd);
        return;
      case 'positive':
        builder.positiveOffset = this.#buckets(builder.batch.positive, fieldEnd);
        return;
      case 'negative':
        builder.negativeOffset = this.#buckets(builder.batch.negative, fieldEnd);
        return;
      case 'quantiles':
        this.#quantile(fieldEnd);
        return;
      default:
        reader.pos = fieldEnd;
    }
  }

  #add(column: UintColumn, end: number): void {
    this.reader.readFixed64(end);
    this.builder.add(column, this.reader.low, this.reader.high);
  }

  /** Reads ExponentialHistogramDataPoint.Buckets and returns its offset. */
  #buckets({ counts }: ExponentialBuckets, end: number): number {
    const { reader, builder } = this;
    let offset = 0;
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x08) offset = this.#sint32(end);
      else if (tag === 0x10) {
        reader.readVarint(end);
        builder.add(counts, reader.low, reader.high);
      } else if (tag === 0x12) {
        const packedEnd = reader.readEnd(end);
        while (reader.pos < packedEnd) {
          reader.readVarint(packedEnd);
          builder.add(counts, reader.low, reader.high);
        }
      } else reader.skip(tag, end);
    }
    return offset;
  }

  #quantile(end: number): void {
    const { reader } = this;
    const quantile = { low: 0, high: 0 };
    const value = { low: 0, high: 0 };
    while (reader.pos < end) {
      const tag = reader.readTag(end);
      if (tag === 0x09) this.#fixed64(quantile, end);
      else if (tag === 0x11) this.#fixed64(value, end);
      else reader.skip(tag, end);
    }
    this.builder.addQuantile(quantile, value);
  }

  #exemplar(end: number): void {
    const { reader, builder } = this;
    if (!builder.beginExemplar()) {
      reader.pos = end;
      return;
    }
    while (reader.pos < end) this.#exemplarField(reader.readTag(end), end);
    builder.commitExemplar();
  }

  #exemplarField(tag: number, end: number): void {
    const { reader, builder } = this;
    switch (tag) {
      case 0x11:
        this.#fixed64(builder.exemplarTime, end);
        return;
      case 0x19:
        this.#fixed64(builder.exemplarNumber, end);
        builder.exemplarKind = NUMBER_KIND.double;
        return;
      case 0x31:
        this.#fixed64(builder.exemplarNumber, end);
        builder.exemplarKind = NUMBER_KIND.int;
        return;
      case 0x22: {
        const idEnd = reader.readEnd(end);
        builder.exemplarSpanIdAt = reader.pos;
        builder.exemplarSpanIdLength = idEnd - reader.pos;
        reader.pos = idEnd;
        return;
      }
      case 0x2a: {
        const idEnd = reader.readEnd(end);
        builder.exemplarTraceIdAt = reader.pos;
        builder.exemplarTraceIdLength = idEnd - reader.pos;
        reader.pos = idEnd;
        return;
      }
      case 0x3a: {
        const attributeEnd = reader.readEnd(end);
        if (builder.takesExemplarAttribute()) builder.batch.exemplarAttributes.push(this.keyValues.read(attributeEnd));
        else reader.pos = attributeEnd;
        return;
      }
      default:
        reader.skip(tag, end);
    }
  }

  #fixed64(target: Halves, end: number): void {
    this.reader.readFixed64(end);
    target.low = this.reader.low;
    target.high = this.reader.high;
  }

  /** A zigzag-encoded 32-bit number. */
  #sint32(end: number): number {
    const encoded = this.reader.readUint32(end);
    return (encoded >>> 1) ^ -(encoded & 1);
  }
}
