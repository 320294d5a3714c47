import type { UintColumn } from '../../model/columns.ts';
import {
  type ExponentialBuckets,
  METRIC_TYPES,
  type Metric,
  type MetricBatch,
  PRESENT,
  TEMPORALITIES,
} from '../../model/metric-batch.ts';
import { SpanBatch } from '../../model/span-batch.ts';
import { StringTable } from '../../model/string-table.ts';
import type { UnixNano } from '../../model/units.ts';
import type { NativeColumn } from '../../wire/native/column.ts';
import { arrayOf, bytesOf, constantMilliTime, fixed, lowCardinality, uint32 } from '../../wire/native/column-makers.ts';
import { planBlock } from '../../wire/native/encode.ts';
import { attributeColumns, nestedAttributeColumns, originColumns } from './origin-columns.ts';
import type { TableBlock } from './record.ts';
import { resourceIdsOf } from './resource-ids.ts';
import { RowHash } from './row-hash.ts';

const TIME = "DateTime64(9, 'UTC')";

/** Encodes the rows of table `metric_points`. */
export function encodeMetricPoints(points: MetricBatch, observedAt: UnixNano): TableBlock {
  const rows = points.length;
  const resourceIds = resourceIdsOf(points);
  const columns = [
    ...metricColumns(points),
    fixed('series', 'UInt64', new Uint8Array(seriesOf(points, resourceIds).buffer)),
    fixed('time', TIME, new Uint8Array(timesOf(points, observedAt).buffer)),
    fixed('start', TIME, bytesOf(points.starts)),
    ...originColumns(points, resourceIds),
    ...attributeColumns('attribute', points.attributeEnds, points.attributes, points.table),
    uint32('flags', points.flags.values),
    fixed('number_kind', 'UInt8', points.numberKinds.bytes),
    fixed('value', 'Float64', bytesOf(points.values)),
    fixed('int_value', 'Int64', bytesOf(points.intValues)),
    ...distributionColumns(points),
    ...exemplarColumns(points),
    constantMilliTime('observed_at', observedAt, rows),
  ];
  return { table: 'metric_points', rows, block: planBlock(columns, rows) };
}

/** What the points of a metric have in common, repeated in each row. */
function metricColumns(points: MetricBatch): NativeColumn[] {
  const { strings } = points.table;
  const words = new StringTable();
  const ofMetric = (of: (metric: Metric) => number): Uint32Array => {
    const values = points.metrics.map(of);
    return Uint32Array.from(points.metricIndexes.values, (index) => values[index] ?? 0);
  };
  return [
    lowCardinality(
      'name',
      ofMetric(({ nameId }) => nameId),
      strings,
    ),
    lowCardinality(
      'description',
      ofMetric(({ descriptionId }) => descriptionId),
      strings,
    ),
    lowCardinality(
      'unit',
      ofMetric(({ unitId }) => unitId),
      strings,
    ),
    lowCardinality(
      'type',
      ofMetric(({ type }) => words.internText(METRIC_TYPES[type] ?? '')),
      words,
    ),
    lowCardinality(
      'temporality',
      ofMetric(({ temporality }) => words.internText(TEMPORALITIES[temporality] ?? '')),
      words,
    ),
    fixed('is_monotonic', 'UInt8', Uint8Array.from(ofMetric(({ isMonotonic }) => (isMonotonic ? 1 : 0)))),
  ];
}

/** Figures of histograms of both kinds and of summaries. */
function distributionColumns(points: MetricBatch): NativeColumn[] {
  return [
    fixed('count', 'UInt64', bytesOf(points.counts)),
    nullableDouble('sum', points.sums, points, PRESENT.sum),
    nullableDouble('min', points.mins, points, PRESENT.min),
    nullableDouble('max', points.maxes, points, PRESENT.max),
    list('bounds', 'Float64', points.boundEnds, points.bounds),
    list('bucket_counts', 'UInt64', points.bucketCountEnds, points.bucketCounts),
    fixed('scale', 'Int32', bytesOf(points.scales)),
    fixed('zero_count', 'UInt64', bytesOf(points.zeroCounts)),
    fixed('zero_threshold', 'Float64', bytesOf(points.zeroThresholds)),
    ...side('positive', points.positive),
    ...side('negative', points.negative),
    list('quantiles', 'Float64', points.quantileEnds, points.quantiles),
    list('quantile_values', 'Float64', points.quantileEnds, points.quantileValues),
  ];
}

function side(name: string, buckets: ExponentialBuckets): NativeColumn[] {
  return [
    fixed(`${name}_offset`, 'Int32', bytesOf(buckets.offsets)),
    list(`${name}_counts`, 'UInt64', buckets.ends, buckets.counts),
  ];
}

function exemplarColumns(points: MetricBatch): NativeColumn[] {
  const ids = (name: string, width: number, bytes: Uint8Array): NativeColumn => ({
    name,
    type: `Array(FixedString(${width}))`,
    data: arrayOf(points.exemplarEnds.values, { kind: 'fixed', bytes }),
  });
  return [
    list('exemplar_times', TIME, points.exemplarEnds, points.exemplarTimes),
    list('exemplar_values', 'Float64', points.exemplarEnds, points.exemplarValues),
    ids('exemplar_trace_ids', 16, points.exemplarTraceIds.bytes),
    ids('exemplar_span_ids', 8, points.exemplarSpanIds.bytes),
    ...nestedAttributeColumns(
      'exemplar',
      points.exemplarEnds,
      points.exemplarAttributeEnds,
      points.exemplarAttributes,
      points.table,
    ),
  ];
}

function list(name: string, type: string, ends: UintColumn, halves: UintColumn): NativeColumn {
  return { name, type: `Array(${type})`, data: arrayOf(ends.values, { kind: 'fixed', bytes: bytesOf(halves) }) };
}

function nullableDouble(name: string, halves: UintColumn, { present }: MetricBatch, bit: number): NativeColumn {
  const nulls = Uint8Array.from(present.bytes, (bits) => ((bits & bit) === 0 ? 1 : 0));
  const inner = { kind: 'fixed' as const, bytes: bytesOf(halves) };
  return { name, type: 'Nullable(Float64)', data: { kind: 'nullable', nulls, inner } };
}

/** When each point was taken; our time where its sender did not say, though it MUST. */
function timesOf(points: MetricBatch, observedAt: UnixNano): Uint32Array {
  const times = Uint32Array.from(points.times.values);
  for (let at = 0; at < times.length; at += 2) {
    if (times[at] !== 0 || times[at + 1] !== 0) continue;
    times[at] = Number(observedAt & 0xffff_ffffn);
    times[at + 1] = Number(observedAt >> 32n);
  }
  return times;
}

/**
 * Names the series (OpenTelemetry: the metric stream) that each point belongs to, by what identifies it: resource, scope, name, type,
 * unit, temporality, and attributes whatever their order.
 */
function seriesOf(points: MetricBatch, resourceIds: readonly bigint[]): BigUint64Array {
  const { table } = points;
  const row = new RowHash(table.strings);
  const series = new BigUint64Array(points.length);
  for (let index = 0; index < points.length; index += 1) {
    const metric = points.metrics[points.metricIndexes.at(index)];
    const scope = points.scopes[points.scopeIndexes.at(index)];
    row.begin();
    row.uint64(resourceIds[points.resourceIndexes.at(index)] ?? 0n);
    row.string(scope?.nameId ?? 0);
    row.string(scope?.versionId ?? 0);
    row.string(metric?.nameId ?? 0);
    row.string(metric?.unitId ?? 0);
    row.uint32(metric?.type ?? 0);
    row.uint32((metric?.temporality ?? 0) * 2 + (metric?.isMonotonic === true ? 1 : 0));
    const from = SpanBatch.startOf(points.attributeEnds, index);
    const attributes = [...points.attributes.values.subarray(from, points.attributeEnds.at(index))];
    // By key: two keys are alike only in malformed points, whose order then counts.
    attributes.sort((a, b) => (table.key(a) < table.key(b) ? -1 : table.key(a) > table.key(b) ? 1 : 0));
    for (const id of attributes) {
      row.string(table.keyId(id));
      row.uint32(table.typeOf(id));
      row.string(table.valueId(id));
    }
    series[index] = row.finish();
  }
  return series;
}
