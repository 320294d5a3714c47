import { describe, expect, it } from 'vitest';
import { DURATION_BOUNDS_SECONDS, spreadBuckets } from '../../query/metrics/duration-buckets.ts';
import { histograms, type Measurement, number, numbers } from './measurement.ts';
import { chooseFormat, writeText } from './text-format.ts';

const RESOURCE = { 'service.name': 'waybill' };
const DURATIONS = histograms('order.lead_time', [
  {
    attributes: { 'order.status': 'CLOSED' },
    value: { counts: spreadBuckets([0, 3, 28], [1, 2, 4]), sumSeconds: 1.5 },
  },
]);

function lines(measurements: readonly Measurement[], format: 'openmetrics' | 'prometheus'): string[] {
  return writeText(measurements, RESOURCE, format).split('\n');
}

describe('the text of a scrape', () => {
  it('names a counter with _total on its samples only, in OpenMetrics', () => {
    expect(lines([number('waybill.spans.accepted', 7)], 'openmetrics')).toEqual([
      '# TYPE target info',
      '# HELP target The source of these metrics',
      'target_info{service_name="waybill"} 1',
      '# TYPE waybill_spans_accepted counter',
      '# HELP waybill_spans_accepted Spans made durable',
      'waybill_spans_accepted_total 7',
      '# EOF',
      '',
    ]);
  });

  it('names a counter with _total everywhere in the older format, which has no end mark', () => {
    expect(lines([number('waybill.spans.accepted', 7)], 'prometheus').slice(-4)).toEqual([
      '# TYPE waybill_spans_accepted_total counter',
      '# HELP waybill_spans_accepted_total Spans made durable',
      'waybill_spans_accepted_total 7',
      '',
    ]);
  });

  it('ends a name with its unit and says it, in OpenMetrics', () => {
    expect(lines([number('waybill.journal.size', 4096)], 'openmetrics')).toContain(
      '# UNIT waybill_journal_size_bytes bytes',
    );
  });

  it('writes durations as a gauge histogram with cumulated buckets, up to +Inf', () => {
    const text = lines([DURATIONS], 'openmetrics');
    expect(text).toContain('# TYPE order_lead_time_seconds gaugehistogram');
    const buckets = text.filter((line) => line.includes('_bucket{'));
    expect(buckets).toHaveLength(DURATION_BOUNDS_SECONDS.length + 1);
    expect(buckets[0]).toBe('order_lead_time_seconds_bucket{order_status="CLOSED",le="0.005"} 1');
    expect(buckets[3]).toBe('order_lead_time_seconds_bucket{order_status="CLOSED",le="1.0"} 3');
    expect(buckets.at(-1)).toBe('order_lead_time_seconds_bucket{order_status="CLOSED",le="+Inf"} 7');
    expect(text).toContain('order_lead_time_seconds_gcount{order_status="CLOSED"} 7');
    expect(text).toContain('order_lead_time_seconds_gsum{order_status="CLOSED"} 1.5');
  });

  it('has the same series in both formats', () => {
    const series = (format: 'openmetrics' | 'prometheus') =>
      lines([DURATIONS, number('waybill.spans.accepted', 1)], format)
        .filter((line) => line !== '' && !line.startsWith('#'))
        .toSorted((a, b) => a.localeCompare(b));
    expect(series('prometheus')).toEqual(series('openmetrics'));
  });

  it('declares every family once and keeps its samples together', () => {
    for (const format of ['openmetrics', 'prometheus'] as const) {
      const text = lines([DURATIONS, number('waybill.uptime', 1), number('waybill.store.up', 1)], format);
      const declared = text.filter((line) => line.startsWith('# TYPE ')).map((line) => line.split(' ')[2]);
      expect(new Set(declared).size).toBe(declared.length);
    }
  });

  it('escapes what a label may not hold as it is, and repairs broken Unicode', () => {
    const cause = 'a "b" \\ c\nd \ud800';
    const text = lines(
      [numbers('waybill.drops', [{ attributes: { 'waybill.drop.cause': cause }, value: 1 }])],
      'openmetrics',
    );
    expect(text).toContain('waybill_drops_total{waybill_drop_cause="a \\"b\\" \\\\ c\\nd \ufffd"} 1');
  });

  it('leaves out a metric without points', () => {
    expect(lines([numbers('waybill.drops', [])], 'openmetrics').join('\n')).not.toContain('waybill_drops');
  });
});

describe('the format of an answer', () => {
  it.each([
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2',
      'openmetrics',
    ],
    ['Application/OpenMetrics-Text; version=1.0.0; charset=utf-8', 'openmetrics'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text;version=0.0.1,text/plain', 'prometheus'],
    ['application/openmetrics-text;q=0, text/plain', 'prometheus'],
    ['text/html,*/*;q=0.8', 'prometheus'],
    [undefined, 'prometheus'],
  ] as const)('for %s is %s', (accept, format) => {
    expect(chooseFormat(accept)).toBe(format);
  });
});
