import { gzipSync } from 'node:zlib';
import type { ISerializer, JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { encodeMessage } from '../../src/wire/otlp/testing/trace-proto.ts';

/** Attribute values that the tests send. */
type Attributes = Readonly<Record<string, string | number>>;

/** A span as the tests write it down. */
export interface TestSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly service: string;
  readonly name: string;
  /** Nanoseconds since the epoch. */
  readonly startedAt: bigint;
  readonly attributes?: Attributes;
  readonly events?: readonly { readonly name: string; readonly at: bigint; readonly attributes: Attributes }[];
}

/** Every test span takes a millisecond. */
const DURATION_NANO = 1_000_000n;

/** A span as the OpenTelemetry SDK hands it to an exporter. */
export type SdkSpan = typeof JsonTraceSerializer extends ISerializer<(infer Span)[], unknown> ? Span : never;

/** The spans as an SDK has them. */
export function sdkSpans(spans: readonly TestSpan[]): SdkSpan[] {
  return spans.map((span) => {
    const context = { traceId: span.traceId, spanId: span.spanId, traceFlags: 1 };
    const sdkSpan = {
      name: span.name,
      kind: 0,
      spanContext: () => context,
      ...(span.parentSpanId === undefined ? {} : { parentSpanContext: { ...context, spanId: span.parentSpanId } }),
      startTime: hrTime(span.startedAt),
      endTime: hrTime(span.startedAt + DURATION_NANO),
      duration: [0, Number(DURATION_NANO)],
      status: { code: 0 },
      attributes: span.attributes ?? {},
      links: [],
      events: (span.events ?? []).map(({ name, at, attributes }) => ({ name, time: hrTime(at), attributes })),
      ended: true,
      resource: { attributes: { 'service.name': span.service } },
      instrumentationScope: { name: 'system-test' },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
    return sdkSpan as unknown as SdkSpan;
  });
}

/** The body of an export request as protobuf. */
export function protobufBody(spans: readonly TestSpan[]): Uint8Array {
  return encodeMessage(
    'ExportTraceServiceRequest',
    exportRequest(spans, (id) => Buffer.from(id, 'hex')),
  );
}

/** The body of an export request as JSON. */
export function jsonBody(spans: readonly TestSpan[]): Uint8Array {
  return Buffer.from(JSON.stringify(exportRequest(spans, (id) => id)));
}

/** Sends spans over OTLP/HTTP; only success may be taken for an acknowledgement. */
export function sendSpans(
  otlpHttp: string,
  spans: readonly TestSpan[],
  encoding: 'protobuf' | 'gzip' | 'json' = 'protobuf',
): Promise<Response> {
  const body = encoding === 'json' ? jsonBody(spans) : protobufBody(spans);
  return postTraces(otlpHttp, encoding === 'gzip' ? gzipSync(body) : body, {
    'content-type': encoding === 'json' ? 'application/json' : 'application/x-protobuf',
    ...(encoding === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
  });
}

/** `POST /v1/traces` with any body. */
export function postTraces(
  otlpHttp: string,
  body: Uint8Array,
  headers: Record<string, string>,
  withinMs = 60_000,
): Promise<Response> {
  return fetch(`${otlpHttp}/v1/traces`, {
    method: 'POST',
    body: Uint8Array.from(body),
    headers,
    signal: AbortSignal.timeout(withinMs),
  });
}

function exportRequest(spans: readonly TestSpan[], id: (hex: string) => unknown): Record<string, unknown> {
  const services = [...new Set(spans.map(({ service }) => service))];
  return {
    resourceSpans: services.map((service) => ({
      resource: { attributes: keyValues({ 'service.name': service }) },
      scopeSpans: [
        {
          scope: { name: 'system-test' },
          spans: spans.filter((span) => span.service === service).map((span) => otlpSpan(span, id)),
        },
      ],
    })),
  };
}

function otlpSpan(span: TestSpan, id: (hex: string) => unknown): Record<string, unknown> {
  return {
    traceId: id(span.traceId),
    spanId: id(span.spanId),
    ...(span.parentSpanId === undefined ? {} : { parentSpanId: id(span.parentSpanId) }),
    name: span.name,
    kind: 1,
    startTimeUnixNano: String(span.startedAt),
    endTimeUnixNano: String(span.startedAt + DURATION_NANO),
    attributes: keyValues(span.attributes ?? {}),
    events: (span.events ?? []).map(({ name, at, attributes }) => ({
      name,
      timeUnixNano: String(at),
      attributes: keyValues(attributes),
    })),
  };
}

function keyValues(attributes: Attributes): Record<string, unknown>[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) },
  }));
}

function hrTime(at: bigint): [number, number] {
  return [Number(at / 1_000_000_000n), Number(at % 1_000_000_000n)];
}
