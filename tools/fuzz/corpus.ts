import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import * as fc from 'fast-check';
import {
  arbitraryRequest,
  JSON_FORM,
  jsonForm,
  PROTOBUF_FORM,
  protobufForm,
} from '../../src/wire/otlp/testing/arbitrary-request.ts';
import {
  arbitraryMetric,
  arbitraryRecord,
  metricForm,
  recordForm,
} from '../../src/wire/otlp/testing/arbitrary-signals.ts';
import { sdkSpan } from '../../src/wire/otlp/testing/sdk-span.ts';
import { encodeMessage } from '../../src/wire/otlp/testing/trace-proto.ts';
import { arbitraryZipkinSpans, zipkinJson, zipkinProtobuf } from '../../src/wire/zipkin/testing/zipkin-proto.ts';

/** The formats that are fuzzed. */
export const FORMATS = [
  'traces.protobuf',
  'traces.json',
  'logs.protobuf',
  'logs.json',
  'metrics.protobuf',
  'metrics.json',
  'zipkin.protobuf',
  'zipkin.json',
] as const;
export type Format = (typeof FORMATS)[number];

/** Payloads of a format made by fast-check; the same ones every time. */
const MADE = 40;
const SEED = 7;

/** Valid payloads of every format: what SDKs write, and every field and value type with odd values. */
export function corpus(): Record<Format, readonly Uint8Array[]> {
  const requests = fc.sample(arbitraryRequest, { numRuns: MADE, seed: SEED });
  const records = fc.sample(fc.array(arbitraryRecord, { maxLength: 4 }), { numRuns: MADE, seed: SEED });
  const metrics = fc.sample(fc.array(arbitraryMetric, { maxLength: 4 }), { numRuns: MADE, seed: SEED });
  const zipkin = fc.sample(arbitraryZipkinSpans, { numRuns: MADE, seed: SEED });
  const spans = Array.from({ length: 8 }, (_, index) => sdkSpan(index));
  return {
    'traces.protobuf': [
      ...present(ProtobufTraceSerializer.serializeRequest(spans)),
      ...requests.map((request) => encodeMessage('ExportTraceServiceRequest', protobufForm(request))),
    ],
    'traces.json': [...present(JsonTraceSerializer.serializeRequest(spans)), ...requests.map(jsonForm)],
    'logs.protobuf': records.map((some) =>
      encodeMessage('ExportLogsServiceRequest', logsOf(some.map((record) => recordForm(record, PROTOBUF_FORM)))),
    ),
    'logs.json': records.map((some) => json(logsOf(some.map((record) => recordForm(record, JSON_FORM))))),
    'metrics.protobuf': metrics.map((some) =>
      encodeMessage('ExportMetricsServiceRequest', metricsOf(some.map((metric) => metricForm(metric, PROTOBUF_FORM)))),
    ),
    'metrics.json': metrics.map((some) => json(metricsOf(some.map((metric) => metricForm(metric, JSON_FORM))))),
    'zipkin.protobuf': zipkin.map(zipkinProtobuf),
    'zipkin.json': zipkin.map(zipkinJson),
  };
}

const RESOURCE = { attributes: [{ key: 'service.name', value: { stringValue: 'shop-api' } }] };

function logsOf(logRecords: unknown[]): Record<string, unknown> {
  return { resourceLogs: [{ resource: RESOURCE, scopeLogs: [{ scope: { name: 'scope' }, logRecords }] }] };
}

function metricsOf(metrics: unknown[]): Record<string, unknown> {
  return { resourceMetrics: [{ resource: RESOURCE, scopeMetrics: [{ scope: { name: 'scope' }, metrics }] }] };
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function present(bytes: Uint8Array | undefined): Uint8Array[] {
  return bytes === undefined ? [] : [bytes];
}
