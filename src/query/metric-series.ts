import { z } from 'zod';
import { METRIC_TYPES } from '../model/metric-batch.ts';
import { NO_SPAN } from '../model/no-id.ts';
import { formatRfc3339, msToNano, type UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { toDateTime64 } from '../store/time.ts';
import { figureKind, type MetricPoint, metricFigures } from './metric-figures.ts';
import { hexOf, nanos } from './time-sql.ts';

/** Most points that are read for one answer; what is older than they reach back is left out, and the answer says so. */
export const MAX_POINTS = 200_000;
/** Most groups of one answer: those with the most points. */
export const MAX_GROUPS = 20;
const MAX_EXEMPLARS = 50;
/** Cumulative points need the one before them: SDKs export once a minute by default. */
const LOOK_BACK_MS = 5 * 60_000;
const NANO_PER_MS = 1_000_000n;

const number = z.coerce.number();
/** What is not finite arrives as null. */
const orZero = z
  .number()
  .nullable()
  .transform((value) => value ?? 0);

/** A bound as text: JSON has no infinity. */
const bound = z.string().transform((text) => Number(text.replace('inf', 'Infinity')));

const kindRow = z.object({
  type: z.enum(METRIC_TYPES),
  unit: z.string(),
  description: z.string(),
  temporality: z.string(),
  is_monotonic: z.number(),
});

const pointRow = z.object({
  series_text: z.string(),
  group: z.string(),
  at: z.string(),
  began: z.string(),
  value_or_null: z.number().nullable(),
  count: number,
  sum: z.number().nullable(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  bounds_text: z.array(bound),
  bucket_counts: z.array(number),
  scale: z.number(),
  zero_count: number,
  zero_threshold: orZero,
  positive_offset: z.number(),
  positive_counts: z.array(number),
  negative_offset: z.number(),
  negative_counts: z.array(number),
  quantiles: z.array(orZero),
  quantile_values: z.array(orZero),
});

const exemplarRow = z.object({
  at: z.string(),
  value: orZero,
  trace: z.string(),
  span: z.string(),
  service: z.string(),
});

/** What `metricSeries` is asked. */
export interface MetricQuestion {
  readonly name: string;
  readonly service?: string | undefined;
  readonly since: UnixNano;
  readonly until: UnixNano;
  readonly stepMs: number;
  /** `service`, the key of an attribute of points, or `none`. Summaries are never put together: each series is a group. */
  readonly by: string;
}

/** The figures of a metric over time; undefined where no point of that name is in the time asked for. */
export async function metricSeries(store: StoreClient, question: MetricQuestion) {
  const { name, service, since, until, stepMs, by } = question;
  const sinceMs = Number(since / NANO_PER_MS);
  const readFrom = sinceMs - Math.max(LOOK_BACK_MS, stepMs);
  const parameters = {
    name,
    service: service ?? '',
    by,
    from: toDateTime64(msToNano(readFrom)),
    since: toDateTime64(since),
    until: toDateTime64(until),
  };
  const named = `name = {name:String} ${service === undefined ? '' : 'AND service = {service:String}'}`;
  const [kind] = await store.query(
    `SELECT type, unit, description, temporality, is_monotonic FROM metric_points
     WHERE ${named} AND time >= {since:DateTime64(9, 'UTC')} AND time < {until:DateTime64(9, 'UTC')}
     ORDER BY time DESC LIMIT 1`,
    parameters,
    kindRow,
  );
  if (kind === undefined) return undefined;
  const rows = await store.query(
    pointsSql(named, kind.type === 'summary' ? SERIES_GROUP : groupOf(by)),
    { ...parameters, type: kind.type, unit: kind.unit, temporality: kind.temporality },
    pointRow,
  );
  const truncated = rows.length > MAX_POINTS;
  const points = rows.slice(0, MAX_POINTS).map(toPoint).toReversed();
  const metricKind = { type: kind.type, temporality: kind.temporality, isMonotonic: kind.is_monotonic === 1 };
  // The oldest step may be read in part: it is left out with what is older.
  const oldest = points[0]?.time ?? sinceMs;
  const whole = truncated ? sinceMs + Math.ceil((oldest - sinceMs) / stepMs) * stepMs : sinceMs;
  const figures = metricFigures(points, metricKind, { readFrom, since: Math.max(sinceMs, whole), stepMs });
  const groups = [...figures].sort(([, a], [, b]) => b.length - a.length);
  const shown = groups.slice(0, MAX_GROUPS).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    name,
    type: kind.type,
    unit: kind.unit,
    description: kind.description,
    temporality: kind.temporality,
    figure: figureKind(metricKind),
    stepMs,
    groups: shown.map(([group, points_]) => ({
      group,
      points: points_.map(({ at, ...rest }) => ({ at: formatRfc3339(msToNano(at)), ...rest })),
    })),
    groupsLeftOut: groups.length - shown.length,
    truncated,
    exemplars: await exemplarsOf(store, named, parameters),
  };
}

const SERIES_GROUP = `concat(service, ' {', arrayStringConcat(arrayMap((key, value) -> concat(key, '=', value), attribute_keys, attribute_values), ', '), '}')`;

function groupOf(by: string): string {
  if (by === 'none') return `''`;
  return by === 'service' ? 'toString(service)' : 'toString(attribute_values[indexOf(attribute_keys, {by:String})])';
}

function pointsSql(named: string, group: string): string {
  return `SELECT toString(series) AS series_text, ${group} AS group, ${nanos('time')} AS at, ${nanos('start')} AS began,
      if(number_kind = 0 OR bitTest(flags, 0), NULL, value) AS value_or_null, count, sum, min, max, arrayMap(each -> toString(each), bounds) AS bounds_text, bucket_counts, scale,
      zero_count, zero_threshold, positive_offset, positive_counts, negative_offset, negative_counts, quantiles, quantile_values
    FROM metric_points
    WHERE ${named} AND type = {type:String} AND unit = {unit:String} AND temporality = {temporality:String}
      AND time >= {from:DateTime64(9, 'UTC')} AND time < {until:DateTime64(9, 'UTC')}
      AND NOT (bitTest(flags, 0) AND type NOT IN ('gauge', 'sum'))
    ORDER BY time DESC, series LIMIT 1 BY series, time LIMIT ${MAX_POINTS + 1}`;
}

function toPoint(row: z.infer<typeof pointRow>): MetricPoint {
  return {
    series: row.series_text,
    group: row.group,
    time: Number(BigInt(row.at) / NANO_PER_MS),
    start: Number(BigInt(row.began) / NANO_PER_MS),
    value: row.value_or_null,
    count: row.count,
    sum: row.sum,
    min: row.min,
    max: row.max,
    bounds: row.bounds_text,
    bucketCounts: row.bucket_counts,
    scale: row.scale,
    zeroCount: row.zero_count,
    zeroThreshold: row.zero_threshold,
    positive: { offset: row.positive_offset, counts: row.positive_counts },
    negative: { offset: row.negative_offset, counts: row.negative_counts },
    quantiles: row.quantiles,
    quantileValues: row.quantile_values,
  };
}

/** The newest observations of which the trace is known: the way from a figure to what happened. */
async function exemplarsOf(store: StoreClient, named: string, parameters: Record<string, unknown>) {
  const rows = await store.query(
    `SELECT ${nanos('seen')} AS at, observed_value AS value, ${hexOf('trace')} AS trace, ${hexOf('span_of')} AS span, service
     FROM (
       SELECT DISTINCT service, seen, observed_value, trace, span_of
       FROM metric_points
       ARRAY JOIN exemplar_times AS seen, exemplar_values AS observed_value, exemplar_trace_ids AS trace, exemplar_span_ids AS span_of
       WHERE ${named} AND time >= {since:DateTime64(9, 'UTC')} AND time < {until:DateTime64(9, 'UTC')}
         AND trace != toFixedString('', 16)
     )
     ORDER BY seen DESC LIMIT ${MAX_EXEMPLARS}`,
    parameters,
    exemplarRow,
  );
  return rows.map(({ at, value, trace, span, service }) => ({
    at: formatRfc3339(BigInt(at)),
    value,
    traceId: trace,
    spanId: span === NO_SPAN ? null : span,
    service,
  }));
}
