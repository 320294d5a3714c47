import type { ByteColumn, UintColumn } from '../../../model/columns.ts';
import { type KeyValueTable, VALUE_TYPES } from '../../../model/key-value-table.ts';
import type { LogBatch } from '../../../model/log-batch.ts';
import { type ExponentialBuckets, METRIC_TYPES, type MetricBatch, PRESENT } from '../../../model/metric-batch.ts';
import { doubleFromBits } from '../canonical-text.ts';
import { hex, indexes, type PlainAttribute } from './plain-spans.ts';

function plain(table: KeyValueTable, id: number): PlainAttribute {
  return [table.key(id), VALUE_TYPES[table.typeOf(id)] ?? 'none', table.value(id)];
}

const uint64 = (column: UintColumn, row: number): bigint =>
  (BigInt(column.at(row * 2 + 1)) << 32n) | BigInt(column.at(row * 2));
const double = (column: UintColumn, row: number): number => doubleFromBits(column.at(row * 2), column.at(row * 2 + 1));
const doubles = (column: UintColumn, ends: UintColumn, row: number): number[] =>
  indexes(ends, row).map((at) => double(column, at));
const side = (buckets: ExponentialBuckets, row: number) => ({
  offset: buckets.offsets.at(row) | 0,
  counts: indexes(buckets.ends, row).map((at) => uint64(buckets.counts, at)),
});
const idOf = (column: ByteColumn, width: number, row: number): string => hex(column.bytes, width, row);

/** Turns log records into plain objects, for comparing in tests. */
export function plainLogs(batch: LogBatch) {
  const { table } = batch;
  return Array.from({ length: batch.length }, (_, row) => ({
    time: uint64(batch.times, row),
    observed: uint64(batch.observedTimes, row),
    severity: batch.severityNumbers.at(row),
    severityText: table.strings.text(batch.severityTextIds.at(row)),
    body: plain(table, batch.bodies.at(row)),
    attributes: indexes(batch.attributeEnds, row).map((at) => plain(table, batch.attributes.at(at))),
    dropped: batch.droppedAttributes.at(row),
    flags: batch.flags.at(row),
    traceId: idOf(batch.traceIds, 16, row),
    spanId: idOf(batch.spanIds, 8, row),
    eventName: table.strings.text(batch.eventNameIds.at(row)),
  }));
}

/** Services, in the order of the rows. */
export function servicesOf(batch: LogBatch | MetricBatch): string[] {
  return Array.from({ length: batch.length }, (_, row) =>
    batch.table.strings.text(batch.resources[batch.resourceIndexes.at(row)]?.serviceId ?? 0),
  );
}

/** Turns data points into plain objects, for comparing in tests. */
export function plainPoints(batch: MetricBatch) {
  const { table } = batch;
  const figure = (column: UintColumn, bit: number, row: number): number | undefined =>
    (batch.present.at(row) & bit) === 0 ? undefined : double(column, row);
  return Array.from({ length: batch.length }, (_, row) => {
    const metric = batch.metrics[batch.metricIndexes.at(row)];
    if (metric === undefined) throw new Error(`row ${row} has no metric`);
    const values = doubles(batch.quantileValues, batch.quantileEnds, row);
    return {
      name: table.strings.text(metric.nameId),
      description: table.strings.text(metric.descriptionId),
      unit: table.strings.text(metric.unitId),
      type: METRIC_TYPES[metric.type],
      temporality: metric.temporality,
      isMonotonic: metric.isMonotonic,
      start: uint64(batch.starts, row),
      time: uint64(batch.times, row),
      flags: batch.flags.at(row),
      attributes: indexes(batch.attributeEnds, row).map((at) => plain(table, batch.attributes.at(at))),
      number: {
        kind: batch.numberKinds.at(row),
        value: double(batch.values, row),
        int: BigInt.asIntN(64, uint64(batch.intValues, row)),
      },
      count: uint64(batch.counts, row),
      sum: figure(batch.sums, PRESENT.sum, row),
      min: figure(batch.mins, PRESENT.min, row),
      max: figure(batch.maxes, PRESENT.max, row),
      bounds: doubles(batch.bounds, batch.boundEnds, row),
      bucketCounts: indexes(batch.bucketCountEnds, row).map((at) => uint64(batch.bucketCounts, at)),
      scale: batch.scales.at(row) | 0,
      zeroCount: uint64(batch.zeroCounts, row),
      zeroThreshold: double(batch.zeroThresholds, row),
      positive: side(batch.positive, row),
      negative: side(batch.negative, row),
      quantiles: doubles(batch.quantiles, batch.quantileEnds, row).map((quantile, at) => ({
        quantile,
        value: values[at] ?? 0,
      })),
      exemplars: indexes(batch.exemplarEnds, row).map((at) => ({
        time: uint64(batch.exemplarTimes, at),
        value: double(batch.exemplarValues, at),
        traceId: idOf(batch.exemplarTraceIds, 16, at),
        spanId: idOf(batch.exemplarSpanIds, 8, at),
        attributes: indexes(batch.exemplarAttributeEnds, at).map((place) =>
          plain(table, batch.exemplarAttributes.at(place)),
        ),
      })),
    };
  });
}
