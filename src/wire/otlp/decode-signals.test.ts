import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaybillError } from '../../model/errors.ts';
import { KeyValueTable } from '../../model/key-value-table.ts';
import { MAX_UNIX_NANO } from '../../model/units.ts';
import { decodeLogsJson } from './decode-logs-json.ts';
import { decodeLogsProtobuf } from './decode-logs-protobuf.ts';
import { decodeMetricsJson } from './decode-metrics-json.ts';
import { decodeMetricsProtobuf } from './decode-metrics-protobuf.ts';
import { DecodeTally } from './decode-tally.ts';
import { DEFAULT_DECODE_LIMITS, MAX_BUCKETS_PER_POINT } from './limits.ts';
import { JSON_FORM, PROTOBUF_FORM } from './testing/arbitrary-request.ts';
import {
  arbitraryMetric,
  arbitraryRecord,
  expectedPoints,
  expectedRecord,
  metricForm,
  recordForm,
} from './testing/arbitrary-signals.ts';
import { plainLogs, plainPoints, servicesOf } from './testing/plain-signals.ts';
import { encodeMessage } from './testing/trace-proto.ts';

const RESOURCE = { attributes: [{ key: 'service.name', value: { stringValue: 'shop-api' } }] };
const TIME = '1700000000000000000';

function logsRequest(...logRecords: unknown[]) {
  return { resourceLogs: [{ resource: RESOURCE, scopeLogs: [{ scope: { name: 's' }, logRecords }] }] };
}
function metricsRequest(...metrics: unknown[]) {
  return { resourceMetrics: [{ resource: RESOURCE, scopeMetrics: [{ scope: { name: 's' }, metrics }] }] };
}
const protobufLogs = (...records: unknown[]): Uint8Array =>
  encodeMessage('ExportLogsServiceRequest', logsRequest(...records));
const protobufMetrics = (...metrics: unknown[]): Uint8Array =>
  encodeMessage('ExportMetricsServiceRequest', metricsRequest(...metrics));
const json = (request: unknown): Uint8Array => Buffer.from(JSON.stringify(request));

/** Decodes hostile bytes; anything but success or malformed_payload fails the test. */
function survives(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    if (error instanceof WaybillError && error.code === 'malformed_payload') return false;
    throw error;
  }
}

describe('decoders of log exports', () => {
  it('make of protobuf and of JSON exactly what was encoded, for every field and type of body', () => {
    fc.assert(
      fc.property(fc.array(arbitraryRecord, { maxLength: 4 }), (records) => {
        const expected = records.map(expectedRecord);
        const body = protobufLogs(...records.map((record) => recordForm(record, PROTOBUF_FORM)));
        expect(plainLogs(decodeLogsProtobuf(body, new KeyValueTable()))).toEqual(expected);
        const text = json(logsRequest(...records.map((record) => recordForm(record, JSON_FORM))));
        expect(plainLogs(decodeLogsJson(text, new KeyValueTable()))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('keep a record whose ids are invalid, without them, and count it', () => {
    const tally = new DecodeTally();
    const batch = decodeLogsProtobuf(
      protobufLogs(
        { body: { stringValue: 'a' }, traceId: Uint8Array.of(1, 2), spanId: new Uint8Array(8).fill(1) },
        { body: { stringValue: 'b' }, traceId: new Uint8Array(16) },
      ),
      new KeyValueTable(),
      { tally },
    );
    expect(plainLogs(batch).map(({ traceId, spanId }) => [traceId, spanId])).toEqual([
      ['0'.repeat(32), '0'.repeat(16)],
      ['0'.repeat(32), '0'.repeat(16)],
    ]);
    expect(servicesOf(batch)).toEqual(['shop-api', 'shop-api']);
    expect(tally.invalidIds).toBe(2);
    expect(tally.rejectedLogRecords).toBe(0);
  });

  it('reject what cannot be stored, with its attributes, and keep the records around it', () => {
    const tally = new DecodeTally();
    const attributes = [{ key: 'a', value: { intValue: '1' } }];
    const records = [
      { timeUnixNano: TIME, attributes, body: { stringValue: 'first' } },
      { timeUnixNano: String(MAX_UNIX_NANO + 1n), attributes, body: { stringValue: 'impossible' } },
      { timeUnixNano: TIME, attributes, body: { stringValue: 'second' } },
      { timeUnixNano: TIME, attributes, body: { stringValue: 'too many' } },
    ];
    const limits = { ...DEFAULT_DECODE_LIMITS, maxLogRecords: 2 };
    const batch = decodeLogsProtobuf(protobufLogs(...records), new KeyValueTable(), { tally, limits });
    expect(plainLogs(batch).map(({ body, attributes: own }) => [body[2], own.length])).toEqual([
      ['first', 1],
      ['second', 1],
    ]);
    expect(tally.rejectedLogs).toEqual({ time_out_of_range: 1, too_many_log_records: 1 });
    expect(tally.describeRejections()).toBe('2 log records rejected: time_out_of_range 1, too_many_log_records 1');
  });
});

describe('decoders of metric exports', () => {
  it('make of protobuf and of JSON exactly what was encoded, for every type of metric', () => {
    fc.assert(
      fc.property(fc.array(arbitraryMetric, { maxLength: 3 }), (metrics) => {
        const expected = metrics.flatMap(expectedPoints);
        const body = protobufMetrics(...metrics.map((metric) => metricForm(metric)));
        expect(plainPoints(decodeMetricsProtobuf(body, new KeyValueTable()))).toEqual(expected);
        const text = json(metricsRequest(...metrics.map((metric) => metricForm(metric, JSON_FORM))));
        expect(plainPoints(decodeMetricsJson(text, new KeyValueTable()))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('read bucket counts and bounds that are not packed, and a name behind the data', () => {
    const double = (tag: number, value: number): Buffer => {
      const bytes = Buffer.alloc(9, tag);
      bytes.writeDoubleLE(value, 1);
      return bytes;
    };
    const fixed = (tag: number, value: bigint): Buffer => {
      const bytes = Buffer.alloc(9, tag);
      bytes.writeBigUInt64LE(value, 1);
      return bytes;
    };
    const field = (tag: number, ...parts: Buffer[]): Buffer => {
      const body = Buffer.concat(parts);
      return Buffer.concat([Buffer.from([tag, body.length]), body]);
    };
    const point = field(0x0a, fixed(0x31, 3n), fixed(0x31, 4n), double(0x39, 0.5));
    const metric = field(0x12, field(0x4a, point), field(0x0a, Buffer.from('late')));
    const body = field(0x0a, field(0x12, metric));
    expect(plainPoints(decodeMetricsProtobuf(body, new KeyValueTable()))).toMatchObject([
      { name: 'late', type: 'histogram', bucketCounts: [3n, 4n], bounds: [0.5] },
    ]);
  });

  it('reject points whose buckets are false or too many, with all they brought, and keep the points around them', () => {
    const tally = new DecodeTally();
    const exemplars = [{ timeUnixNano: TIME, asDouble: 1 }];
    const points = [
      { timeUnixNano: TIME, bucketCounts: ['1', '2'], explicitBounds: [1], exemplars },
      { timeUnixNano: TIME, bucketCounts: ['1', '2', '3'], explicitBounds: [1], exemplars },
      { timeUnixNano: TIME, bucketCounts: ['1', '2', '3'], explicitBounds: [2, 1], exemplars },
      { timeUnixNano: TIME, bucketCounts: Array(MAX_BUCKETS_PER_POINT + 1).fill('1'), exemplars },
      { timeUnixNano: TIME, bucketCounts: ['5', '6'], explicitBounds: [3], exemplars },
    ];
    for (const batch of [
      decodeMetricsProtobuf(protobufMetrics({ name: 'm', histogram: { dataPoints: points } }), new KeyValueTable(), {
        tally,
      }),
      decodeMetricsJson(json(metricsRequest({ name: 'm', histogram: { dataPoints: points } })), new KeyValueTable(), {
        tally,
      }),
    ]) {
      expect(
        plainPoints(batch).map(({ bounds, bucketCounts, exemplars: own }) => [bounds, bucketCounts, own.length]),
      ).toEqual([
        [[1], [1n, 2n], 1],
        [[3], [5n, 6n], 1],
      ]);
    }
    expect(tally.rejectedPoints).toMatchObject({ invalid_buckets: 4, too_many_buckets: 2 });
    expect(tally.dataPoints).toBe(4);
  });

  it('reject the points of a metric without a name', () => {
    const tally = new DecodeTally();
    decodeMetricsProtobuf(protobufMetrics({ gauge: { dataPoints: [{ asInt: '1' }] } }), new KeyValueTable(), { tally });
    expect(tally.describeRejections()).toBe('1 data points rejected: unnamed_metric 1');
  });
});

describe('decoders of logs and metrics', () => {
  it('throw nothing but malformed_payload for requests that are cut or mutated, and keep their columns consistent', () => {
    const logs = protobufLogs(
      ...fc.sample(arbitraryRecord, { numRuns: 5, seed: 7 }).map((record) => recordForm(record, PROTOBUF_FORM)),
    );
    const metrics = protobufMetrics(
      ...fc.sample(arbitraryMetric, { numRuns: 8, seed: 7 }).map((metric) => metricForm(metric)),
    );
    const decoders = [
      { body: logs, decode: (body: Uint8Array) => plainLogs(decodeLogsProtobuf(body, new KeyValueTable())) },
      { body: metrics, decode: (body: Uint8Array) => plainPoints(decodeMetricsProtobuf(body, new KeyValueTable())) },
    ];
    let decoded = 0;
    for (const { body, decode } of decoders) {
      fc.assert(
        fc.property(
          fc.nat(body.length),
          fc.array(fc.tuple(fc.nat(body.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
          (length, changes) => {
            const mutated = Uint8Array.from(body);
            for (const [at, value] of changes) mutated[at] = value;
            if (survives(() => decode(changes.length === 0 ? mutated.subarray(0, length) : mutated))) decoded += 1;
          },
        ),
        { numRuns: 600 },
      );
    }
    expect(decoded).toBeGreaterThan(0);
  });
});
