import type { UintColumn } from '../../model/columns.ts';
import type { KeyValueTable } from '../../model/key-value-table.ts';
import {
  type ExponentialBuckets,
  METRIC_TYPE,
  type MetricBatch,
  NUMBER_KIND,
  PRESENT,
} from '../../model/metric-batch.ts';
import { MAX_TEMPORALITY } from './decode-metrics-protobuf.ts';
import { DecodeTally } from './decode-tally.ts';
import { JsonExportDecoder } from './json-export.ts';
import {
  failJson,
  highOf,
  type JsonObject,
  lowOf,
  readArray,
  readBoolean,
  readDouble,
  readEnum,
  readInt32,
  readInt64,
  readObject,
  readTime,
  readUint32,
  readUint64,
} from './json-shape.ts';
import { DEFAULT_DECODE_LIMITS, type DecodeLimits } from './limits.ts';
import { type Halves, MetricBuilder, setDouble } from './metric-builder.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from './origin-builder.ts';

const NAMES = { resources: 'resourceMetrics', scopes: 'scopeMetrics', items: 'metrics' };
const METRIC = 'resourceMetrics.scopeMetrics.metrics';
const POINT = `${METRIC}.dataPoints`;
const EXEMPLAR = `${POINT}.exemplars`;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** Members of Metric's `data` oneof. */
const DATA_TYPES = [
  ['gauge', METRIC_TYPE.gauge],
  ['sum', METRIC_TYPE.sum],
  ['histogram', METRIC_TYPE.histogram],
  ['exponentialHistogram', METRIC_TYPE.exponential_histogram],
  ['summary', METRIC_TYPE.summary],
] as const;

// Places of an exemplar's ids in the scratch that the builder copies them from.
const TRACE_ID_AT = 0;
const SPAN_ID_AT = 16;
const SCRATCH_BYTES = 24;

/** Decodes metrics in OTLP/JSON into the same columns as the protobuf decoder; see `decodeTraceJson`. */
export function decodeMetricsJson(
  body: Uint8Array,
  table: KeyValueTable,
  options: { limits?: DecodeLimits; tally?: DecodeTally } = {},
): MetricBatch {
  const { limits = DEFAULT_DECODE_LIMITS, tally = new DecodeTally() } = options;
  const decoder = new MetricsJsonDecoder(table, limits, tally);
  decoder.walk(body);
  return decoder.builder.batch;
}

class MetricsJsonDecoder extends JsonExportDecoder {
  readonly builder: MetricBuilder;

  constructor(table: KeyValueTable, limits: DecodeLimits, tally: DecodeTally) {
    super(table, { limits, tally, scratchBytes: SCRATCH_BYTES, names: NAMES });
    this.builder = new MetricBuilder(table, this.ids, limits, tally);
    this.builder.exemplarTraceIdAt = TRACE_ID_AT;
    this.builder.exemplarSpanIdAt = SPAN_ID_AT;
  }

  protected override item(metric: JsonObject): void {
    const { builder } = this;
    builder.beginMetric();
    builder.metricNameId = this.text(metric['name'], `${METRIC}.name`);
    builder.metricDescriptionId = this.text(metric['description'], `${METRIC}.description`);
    builder.metricUnitId = this.text(metric['unit'], `${METRIC}.unit`);
    for (const [member, type] of DATA_TYPES) {
      const data = readObject(metric[member], `${METRIC}.${member}`);
      if (data === undefined) continue;
      builder.metricType = type;
      builder.temporality = readEnum(data['aggregationTemporality'], MAX_TEMPORALITY, `${METRIC}.${member}`);
      builder.isMonotonic = readBoolean(data['isMonotonic'], `${METRIC}.${member}.isMonotonic`);
      for (const point of readArray(data['dataPoints'], POINT)) this.#point(readObject(point, POINT) ?? {});
      return;
    }
  }

  #point(point: JsonObject): void {
    const { builder } = this;
    if (!builder.beginPoint()) return;
    setTime(builder.start, point['startTimeUnixNano'], `${POINT}.startTimeUnixNano`);
    setTime(builder.time, point['timeUnixNano'], `${POINT}.timeUnixNano`);
    builder.flags = readUint32(point['flags'], `${POINT}.flags`);
    builder.numberKind = setNumber(builder.number, point, POINT);
    setUint64(builder.count, point['count'], `${POINT}.count`);
    for (const figure of ['sum', 'min', 'max'] as const) {
      if (point[figure] === undefined || point[figure] === null) continue;
      setDouble(builder[figure], readDouble(point[figure], `${POINT}.${figure}`));
      builder.present |= PRESENT[figure];
    }
    this.#addCounts(builder.batch.bucketCounts, point['bucketCounts'], `${POINT}.bucketCounts`);
    for (const bound of readArray(point['explicitBounds'], POINT)) {
      const bits = doubleOf(bound, `${POINT}.explicitBounds`);
      builder.add(builder.batch.bounds, bits.low, bits.high);
    }
    builder.scale = readInt32(point['scale'], `${POINT}.scale`);
    setUint64(builder.zeroCount, point['zeroCount'], `${POINT}.zeroCount`);
    setDouble(builder.zeroThreshold, readDouble(point['zeroThreshold'] ?? 0, `${POINT}.zeroThreshold`));
    builder.positiveOffset = this.#buckets(builder.batch.positive, point['positive'], `${POINT}.positive`);
    builder.negativeOffset = this.#buckets(builder.batch.negative, point['negative'], `${POINT}.negative`);
    this.#quantiles(point['quantileValues']);
    const path = `${POINT}.attributes`;
    for (const attribute of readArray(point['attributes'], path)) {
      if (builder.takesAttribute()) builder.batch.attributes.push(this.keyValues.read(attribute, path));
    }
    for (const exemplar of readArray(point['exemplars'], EXEMPLAR)) {
      this.#exemplar(readObject(exemplar, EXEMPLAR) ?? {});
    }
    builder.commitPoint();
  }

  #addCounts(column: UintColumn, value: unknown, path: string): void {
    for (const element of readArray(value, path)) {
      const count = readUint64(element, path);
      this.builder.add(column, lowOf(count), highOf(count));
    }
  }

  #buckets({ counts }: ExponentialBuckets, value: unknown, path: string): number {
    const buckets = readObject(value, path) ?? {};
    this.#addCounts(counts, buckets['bucketCounts'], `${path}.bucketCounts`);
    return readInt32(buckets['offset'], `${path}.offset`);
  }

  #quantiles(value: unknown): void {
    const path = `${POINT}.quantileValues`;
    for (const element of readArray(value, path)) {
      const pair = readObject(element, path) ?? {};
      this.builder.addQuantile(doubleOf(pair['quantile'] ?? 0, path), doubleOf(pair['value'] ?? 0, path));
    }
  }

  #exemplar(exemplar: JsonObject): void {
    const { builder } = this;
    if (!builder.beginExemplar()) return;
    setTime(builder.exemplarTime, exemplar['timeUnixNano'], `${EXEMPLAR}.timeUnixNano`);
    builder.exemplarKind = setNumber(builder.exemplarNumber, exemplar, EXEMPLAR);
    builder.exemplarTraceIdLength = this.id(exemplar['traceId'], TRACE_ID_AT, TRACE_ID_BYTES, `${EXEMPLAR}.traceId`);
    builder.exemplarSpanIdLength = this.id(exemplar['spanId'], SPAN_ID_AT, SPAN_ID_BYTES, `${EXEMPLAR}.spanId`);
    const path = `${EXEMPLAR}.filteredAttributes`;
    for (const attribute of readArray(exemplar['filteredAttributes'], path)) {
      if (builder.takesExemplarAttribute()) {
        builder.batch.exemplarAttributes.push(this.keyValues.read(attribute, path));
      }
    }
    builder.commitExemplar();
  }
}

function setTime(target: Halves, value: unknown, path: string): void {
  const time = readTime(value, path);
  target.low = lowOf(time);
  target.high = highOf(time);
}

function setUint64(target: Halves, value: unknown, path: string): void {
  const number = readUint64(value, path);
  target.low = lowOf(number);
  target.high = highOf(number);
}

function doubleOf(value: unknown, path: string): Halves {
  const bits = { low: 0, high: 0 };
  setDouble(bits, readDouble(value, path));
  return bits;
}

/** Takes `asInt` or `asDouble` and returns which one it was, as NUMBER_KIND. */
function setNumber(target: Halves, from: JsonObject, path: string): number {
  const { asInt, asDouble } = from;
  if (asInt !== undefined && asInt !== null) {
    const int = readInt64(asInt, `${path}.asInt`);
    if (int < MIN_INT64 || int > MAX_INT64) failJson(`${path}.asInt`, 'expected a 64-bit integer');
    target.low = lowOf(int);
    target.high = highOf(int);
    return NUMBER_KIND.int;
  }
  if (asDouble === undefined || asDouble === null) return NUMBER_KIND.none;
  setDouble(target, readDouble(asDouble, `${path}.asDouble`));
  return NUMBER_KIND.double;
}
