import { resourceFromAttributes } from '@opentelemetry/resources';
import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { spreadBuckets } from '../../query/metrics/duration-buckets.ts';
import { histograms, type Measurement, number, numbers } from './measurement.ts';
import { OtlpData } from './otlp-data.ts';

const START_MS = 1_000_000;

function rig() {
  const data = new OtlpData({ resource: resourceFromAttributes({}), version: '1', startedAtMs: START_MS });
  return (measurements: readonly Measurement[], nowMs: number): MetricData[] =>
    data.convert(measurements, nowMs).scopeMetrics[0]?.metrics ?? [];
}

function durations(...counts: number[]): Measurement {
  const value = { counts: spreadBuckets([...counts.keys()], counts), sumSeconds: 1 };
  return histograms('order.lead_time', [{ attributes: { 'order.status': 'CLOSED' }, value }]);
}

const startOf = ([metric]: readonly MetricData[]) => metric?.dataPoints[0]?.startTime;

describe('the data for OTLP', () => {
  it('makes counters monotonic sums, numbers of things sums that may fall, and measurements gauges', () => {
    const convert = rig();
    const metrics = convert(
      [number('waybill.spans.accepted', 1), number('order.active', 2), number('waybill.journal.lag', 0.5)],
      START_MS,
    );
    expect(metrics.map(({ dataPointType }) => dataPointType)).toEqual([
      DataPointType.SUM,
      DataPointType.SUM,
      DataPointType.GAUGE,
    ]);
    expect(metrics.map((metric) => ('isMonotonic' in metric ? metric.isMonotonic : undefined))).toEqual([
      true,
      false,
      undefined,
    ]);
  });

  it('keeps the start of a histogram that grows', () => {
    const convert = rig();
    expect(startOf(convert([durations(1, 2)], START_MS + 1000))).toEqual([1000, 0]);
    expect(startOf(convert([durations(1, 3)], START_MS + 2000))).toEqual([1000, 0]);
  });

  it('starts a histogram anew when a bucket lost something, and keeps that start', () => {
    const convert = rig();
    convert([durations(1, 2)], START_MS + 1000);
    expect(startOf(convert([durations(2, 1)], START_MS + 2000))).toEqual([1002, 0]);
    expect(startOf(convert([durations(2, 2)], START_MS + 3000))).toEqual([1002, 0]);
  });

  it('remembers histograms while there are no figures of orders', () => {
    const convert = rig();
    convert([durations(5)], START_MS + 1000);
    convert([number('waybill.uptime', 1)], START_MS + 2000);
    expect(startOf(convert([durations(4)], START_MS + 3000))).toEqual([1003, 0]);
  });

  it('leaves out metrics without points', () => {
    expect(rig()([numbers('waybill.drops', [])], START_MS)).toEqual([]);
  });
});
