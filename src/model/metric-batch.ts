import { ByteColumn, UintColumn } from './columns.ts';
import { KeyValueTable } from './key-value-table.ts';
import type { Resource, Scope } from './span-batch.ts';

/** Kinds of metrics by the number that stands in columns: the field numbers do not matter outside the wire. */
export const METRIC_TYPES = ['gauge', 'sum', 'histogram', 'exponential_histogram', 'summary'] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

/** Numbers of the metric types, for columns. */
export const METRIC_TYPE = {
  gauge: 0,
  sum: 1,
  histogram: 2,
  exponential_histogram: 3,
  summary: 4,
} as const satisfies Record<MetricType, number>;

/** OTLP AggregationTemporality by number. */
export const TEMPORALITIES = ['unspecified', 'delta', 'cumulative'] as const;

/** What a point's number was sent as. */
export const NUMBER_KIND = { none: 0, int: 1, double: 2 } as const;

/** Bits of `MetricBatch.present`: which of the optional figures a histogram point carries. */
export const PRESENT = { sum: 1, min: 2, max: 4 } as const;

/** What the points of a metric have in common. */
export interface Metric {
  readonly nameId: number;
  readonly descriptionId: number;
  readonly unitId: number;
  /** One of METRIC_TYPE. */
  readonly type: number;
  /** OTLP AggregationTemporality: 0 unspecified (gauges, summaries), 1 delta, 2 cumulative. */
  readonly temporality: number;
  /** Whether a sum only rises. */
  readonly isMonotonic: boolean;
}

/** Bucket counts of one side of exponential histograms, a list per point. */
export class ExponentialBuckets {
  /** Index of the first bucket; signed. */
  readonly offsets = new UintColumn();
  readonly counts = new UintColumn();
  readonly ends = new UintColumn();
}

/**
 * Data points of one request in columns; row i of every column is point i, whatever its type: what a type does not have is zero or
 * an empty list.
 *
 * Strings, attributes and lists are held as in SpanBatch. 64-bit integers, and the bits of doubles, are two 32-bit halves, low first.
 */
export class MetricBatch {
  readonly table: KeyValueTable;
  readonly resources: Resource[] = [];
  readonly scopes: Scope[] = [];
  readonly metrics: Metric[] = [];

  readonly metricIndexes = new UintColumn();
  readonly resourceIndexes = new UintColumn();
  readonly scopeIndexes = new UintColumn();
  /** UnixNano; zero where the sender did not say. */
  readonly starts = new UintColumn();
  readonly times = new UintColumn();
  /** OTLP DataPointFlags; bit 0: no recorded value. */
  readonly flags = new UintColumn();
  readonly attributes = new UintColumn();
  readonly attributeEnds = new UintColumn();

  /** One of NUMBER_KIND. */
  readonly numberKinds = new ByteColumn();
  /** The number as a double; of an int the nearest one. */
  readonly values = new UintColumn();
  /** The number as it was sent where it was an int. */
  readonly intValues = new UintColumn();

  /** Of histograms and summaries. */
  readonly counts = new UintColumn();
  readonly sums = new UintColumn();
  readonly mins = new UintColumn();
  readonly maxes = new UintColumn();
  /** Bits of PRESENT. */
  readonly present = new ByteColumn();

  /** Upper bounds of explicit buckets (doubles), and the counts of the buckets: one more than bounds. */
  readonly bounds = new UintColumn();
  readonly boundEnds = new UintColumn();
  readonly bucketCounts = new UintColumn();
  readonly bucketCountEnds = new UintColumn();

  /** Of exponential histograms; signed. */
  readonly scales = new UintColumn();
  readonly zeroCounts = new UintColumn();
  readonly zeroThresholds = new UintColumn();
  readonly positive = new ExponentialBuckets();
  readonly negative = new ExponentialBuckets();

  /** Of summaries: pairs of doubles. */
  readonly quantiles = new UintColumn();
  readonly quantileValues = new UintColumn();
  readonly quantileEnds = new UintColumn();

  /** One entry per exemplar of any point; `exemplarEnds[i]` ends the exemplars of point i. Ids are zero where there is no span. */
  readonly exemplarTimes = new UintColumn();
  readonly exemplarValues = new UintColumn();
  readonly exemplarTraceIds = new ByteColumn();
  readonly exemplarSpanIds = new ByteColumn();
  readonly exemplarAttributes = new UintColumn();
  readonly exemplarAttributeEnds = new UintColumn();
  readonly exemplarEnds = new UintColumn();

  constructor(table: KeyValueTable = new KeyValueTable()) {
    this.table = table;
  }

  /** Number of data points. */
  get length(): number {
    return this.metricIndexes.length;
  }
}
