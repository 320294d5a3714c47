import type { Resource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { DURATION_BOUNDS_SECONDS } from '../../query/metrics/duration-buckets.ts';
import type { HistogramPoint, Measurement, NumberPoint } from './measurement.ts';

type HrTime = DataPoint<number>['startTime'];
type HistogramValue = Extract<MetricData, { dataPointType: DataPointType.HISTOGRAM }>['dataPoints'][number]['value'];

/** Buckets of every histogram as they were last, and since when they only grow. */
type Streams = Map<string, { readonly counts: readonly number[]; readonly since: HrTime }>;

/** `ValueType` of the OpenTelemetry API: whole numbers, and numbers with a fraction. */
const VALUE_TYPE = { int: 0, double: 1 } as const satisfies Record<string, MetricData['descriptor']['valueType']>;

/**
 * Turns measurements into the data of OpenTelemetry's SDK, cumulative.
 *
 * OTLP has no gauge histogram. A histogram that lost durations since the last time (a correction, or orders that expired) starts anew:
 * its start time is that of the collection, by which receivers of cumulative streams know a reset.
 */
export class OtlpData {
  readonly #resource: Resource;
  readonly #scope: { readonly name: string; readonly version: string };
  readonly #startedAt: HrTime;
  /** Bounded by the number of points in one collection. */
  #histograms: Streams = new Map();

  constructor(options: { resource: Resource; version: string; startedAtMs: number }) {
    this.#resource = options.resource;
    this.#scope = { name: 'waybill', version: options.version };
    this.#startedAt = toHrTime(options.startedAtMs);
  }

  /** @param nowMs milliseconds since the epoch, when the measurements were taken */
  convert(measurements: readonly Measurement[], nowMs: number): ResourceMetrics {
    const now = toHrTime(nowMs);
    const seen: Streams = new Map();
    const metrics = measurements
      .filter(({ points }) => points.length > 0)
      .map((measurement) =>
        measurement.kind === 'histograms'
          ? this.#histogram(measurement, now, seen)
          : numberData(measurement, this.#startedAt, now),
      );
    // While there are no figures of orders, their histograms keep their start.
    if (seen.size > 0) this.#histograms = seen;
    return { resource: this.#resource, scopeMetrics: [{ scope: this.#scope, metrics }] };
  }

  #histogram(
    { definition, points }: Extract<Measurement, { kind: 'histograms' }>,
    now: HrTime,
    seen: Streams,
  ): MetricData {
    return {
      descriptor: descriptorOf(definition, VALUE_TYPE.double),
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: points.map((point) => {
        const key = `${definition.name}\n${JSON.stringify(point.attributes)}`;
        const before = this.#histograms.get(key);
        const since =
          before === undefined ? this.#startedAt : shrank(before.counts, point.value.counts) ? now : before.since;
        seen.set(key, { counts: point.value.counts, since });
        return { startTime: since, endTime: now, attributes: { ...point.attributes }, value: histogramValue(point) };
      }),
    };
  }
}

function numberData(
  { definition, points }: { definition: Measurement['definition']; points: readonly NumberPoint[] },
  startTime: HrTime,
  now: HrTime,
): MetricData {
  const dataPoints = points.map(({ attributes, value }) => ({
    startTime,
    endTime: now,
    attributes: { ...attributes },
    value,
  }));
  const base = { aggregationTemporality: AggregationTemporality.CUMULATIVE, dataPoints };
  if (definition.type === 'gauge') {
    return { ...base, descriptor: descriptorOf(definition, VALUE_TYPE.double), dataPointType: DataPointType.GAUGE };
  }
  return {
    ...base,
    descriptor: descriptorOf(definition, VALUE_TYPE.int),
    dataPointType: DataPointType.SUM,
    isMonotonic: definition.type === 'counter',
  };
}

function descriptorOf(
  { name, description, unit }: Measurement['definition'],
  valueType: MetricData['descriptor']['valueType'],
): MetricData['descriptor'] {
  return { name, description, unit, valueType };
}

function histogramValue({ value }: HistogramPoint): HistogramValue {
  return {
    buckets: { boundaries: [...DURATION_BOUNDS_SECONDS], counts: [...value.counts] },
    count: value.counts.reduce((sum, count) => sum + count, 0),
    sum: value.sumSeconds,
  };
}

/** Whether any bucket holds less than before. */
function shrank(before: readonly number[], after: readonly number[]): boolean {
  return before.some((count, index) => (after[index] ?? 0) < count);
}

function toHrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
