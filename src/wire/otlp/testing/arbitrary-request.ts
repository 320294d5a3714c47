import * as fc from 'fast-check';
import { MAX_UNIX_NANO } from '../../../model/units.ts';
import type { PlainAttribute, PlainSpan } from './plain-spans.ts';

/** An AnyValue in test form; exactly one member or none. */
export type TestValue =
  | { kind: 'empty' }
  | { kind: 'string'; value: string }
  | { kind: 'bool'; value: boolean }
  | { kind: 'int'; value: bigint }
  | { kind: 'double'; value: number }
  | { kind: 'bytes'; value: Uint8Array }
  | { kind: 'array'; value: TestValue[] }
  | { kind: 'kvlist'; value: TestPair[] };
export interface TestPair {
  key: string;
  value: TestValue;
}

export interface TestSpan {
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentSpanId: Uint8Array;
  traceState: string;
  name: string;
  kind: number;
  start: bigint;
  end: bigint;
  attributes: TestPair[];
  events: { time: bigint; name: string; attributes: TestPair[] }[];
  links: { traceId: Uint8Array; spanId: Uint8Array; traceState: string; attributes: TestPair[] }[];
  dropped: [number, number, number];
  status: { code: number; message: string };
  flags: number;
}
export interface TestRequest {
  resourceSpans: {
    attributes: TestPair[];
    schemaUrl: string;
    scopeSpans: { name: string; version: string; attributes: TestPair[]; spans: TestSpan[] }[];
  }[];
}

export const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const key = fc.oneof(text, fc.constantFrom('service.name', 'order.id', '__proto__', 'constructor', 'http.route'));
export const { value: anyValue } = fc.letrec<{ value: TestValue; pair: TestPair }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'value' },
    fc.record({ kind: fc.constant('empty' as const) }),
    fc.record({ kind: fc.constant('string' as const), value: text }),
    fc.record({ kind: fc.constant('bool' as const), value: fc.boolean() }),
    fc.record({ kind: fc.constant('int' as const), value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
    fc.record({ kind: fc.constant('double' as const), value: fc.double() }),
    fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 9 }) }),
    fc.record({ kind: fc.constant('array' as const), value: fc.array(tie('value'), { maxLength: 4 }) }),
    fc.record({ kind: fc.constant('kvlist' as const), value: fc.array(tie('pair'), { maxLength: 4 }) }),
  ),
  pair: fc.record({ key, value: tie('value') }),
}));
export const pairs = fc.array(fc.record({ key, value: anyValue }), { maxLength: 5 });
export const id = (bytes: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).filter((value) => value.some((byte) => byte !== 0));
export const time = fc.oneof(
  fc.bigInt({ min: 0n, max: MAX_UNIX_NANO }),
  fc.constantFrom(0n, 2n ** 32n - 1n, 2n ** 32n, MAX_UNIX_NANO),
);
export const uint32 = fc.integer({ min: 0, max: 0xffffffff });

const span: fc.Arbitrary<TestSpan> = fc.record({
  traceId: id(16),
  spanId: id(8),
  parentSpanId: fc.oneof(id(8), fc.constant(new Uint8Array(0))),
  traceState: text,
  name: text,
  kind: fc.integer({ min: 0, max: 5 }),
  start: time,
  end: time,
  attributes: pairs,
  events: fc.array(fc.record({ time, name: text, attributes: pairs }), { maxLength: 3 }),
  links: fc.array(fc.record({ traceId: id(16), spanId: id(8), traceState: text, attributes: pairs }), { maxLength: 3 }),
  dropped: fc.tuple(uint32, uint32, uint32),
  status: fc.record({ code: fc.integer({ min: 0, max: 2 }), message: text }),
  flags: uint32,
});

/** Requests with every field, every value type and odd but legal values. */
export const arbitraryRequest: fc.Arbitrary<TestRequest> = fc.record({
  resourceSpans: fc.array(
    fc.record({
      attributes: pairs,
      schemaUrl: text,
      scopeSpans: fc.array(
        fc.record({ name: text, version: text, attributes: pairs, spans: fc.array(span, { maxLength: 3 }) }),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 2 },
  ),
});

/** How an encoding writes what the encodings write differently. */
export interface Form {
  id(bytes: Uint8Array): unknown;
  bytes(bytes: Uint8Array): unknown;
  double(value: number): unknown;
}
export const PROTOBUF_FORM: Form = { id: (bytes) => bytes, bytes: (bytes) => bytes, double: (value) => value };
export const JSON_FORM: Form = {
  id: (bytes) => Buffer.from(bytes).toString('hex').toUpperCase(),
  bytes: (bytes) => Buffer.from(bytes).toString('base64'),
  double: (value) =>
    Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value),
};

/** The request in the object form of protobufjs. */
export function protobufForm(request: TestRequest): Record<string, unknown> {
  return formOf(request, PROTOBUF_FORM);
}

/** The request as OTLP/JSON bytes. */
export function jsonForm(request: TestRequest): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(formOf(request, JSON_FORM)));
}

/** An AnyValue in an encoding's object form. */
export function valueForm(of: TestValue, form: Form): Record<string, unknown> {
  switch (of.kind) {
    case 'empty':
      return {};
    case 'string':
      return { stringValue: of.value };
    case 'bool':
      return { boolValue: of.value };
    case 'int':
      return { intValue: of.value.toString() };
    case 'double':
      return { doubleValue: form.double(of.value) };
    case 'bytes':
      return { bytesValue: form.bytes(of.value) };
    case 'array':
      return { arrayValue: { values: of.value.map((element) => valueForm(element, form)) } };
    case 'kvlist':
      return { kvlistValue: { values: of.value.map((element) => pairForm(element, form)) } };
    default:
      return of satisfies never;
  }
}

/** A KeyValue in an encoding's object form. */
export function pairForm(of: TestPair, form: Form): Record<string, unknown> {
  return { key: of.key, value: valueForm(of.value, form) };
}

function formOf(request: TestRequest, form: Form): Record<string, unknown> {
  const pair = (of: TestPair): Record<string, unknown> => pairForm(of, form);
  const spanOf = (of: TestSpan): Record<string, unknown> => ({
    traceId: form.id(of.traceId),
    spanId: form.id(of.spanId),
    parentSpanId: form.id(of.parentSpanId),
    traceState: of.traceState,
    name: of.name,
    kind: of.kind,
    startTimeUnixNano: of.start.toString(),
    endTimeUnixNano: of.end.toString(),
    attributes: of.attributes.map(pair),
    events: of.events.map((event) => ({
      timeUnixNano: event.time.toString(),
      name: event.name,
      attributes: event.attributes.map(pair),
    })),
    links: of.links.map((link) => ({
      traceId: form.id(link.traceId),
      spanId: form.id(link.spanId),
      traceState: link.traceState,
      attributes: link.attributes.map(pair),
    })),
    droppedAttributesCount: of.dropped[0],
    droppedEventsCount: of.dropped[1],
    droppedLinksCount: of.dropped[2],
    status: of.status,
    flags: of.flags,
  });
  return {
    resourceSpans: request.resourceSpans.map((resource) => ({
      resource: { attributes: resource.attributes.map(pair) },
      schemaUrl: resource.schemaUrl,
      scopeSpans: resource.scopeSpans.map((scope) => ({
        scope: { name: scope.name, version: scope.version, attributes: scope.attributes.map(pair) },
        spans: scope.spans.map(spanOf),
      })),
    })),
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** What a decoder must make of a request. */
export function expectedSpans(request: TestRequest): PlainSpan[] {
  return request.resourceSpans.flatMap((resource) =>
    resource.scopeSpans.flatMap((scope) =>
      scope.spans.map((of) => ({
        traceId: hex(of.traceId),
        spanId: hex(of.spanId),
        parentSpanId: hex(of.parentSpanId).padStart(16, '0'),
        traceState: of.traceState,
        name: of.name,
        kind: of.kind,
        start: of.start,
        duration: of.end - of.start,
        statusCode: of.status.code,
        statusMessage: of.status.message,
        flags: of.flags,
        dropped: of.dropped,
        attributes: of.attributes.map(expectedAttribute),
        events: of.events.map((event) => ({ ...event, attributes: event.attributes.map(expectedAttribute) })),
        links: of.links.map((link) => ({
          traceId: hex(link.traceId),
          spanId: hex(link.spanId),
          traceState: link.traceState,
          attributes: link.attributes.map(expectedAttribute),
        })),
        resource: {
          service: resource.attributes.map(expectedAttribute).find(([name]) => name === 'service.name')?.[2] ?? '',
          schemaUrl: resource.schemaUrl,
          attributes: resource.attributes.map(expectedAttribute),
        },
        scope: { name: scope.name, version: scope.version, attributes: scope.attributes.map(expectedAttribute) },
      })),
    ),
  );
}

export function expectedAttribute(pair: TestPair): PlainAttribute {
  const { value } = pair;
  return [pair.key, value.kind, value.kind === 'array' || value.kind === 'kvlist' ? json(value) : canonical(value)];
}

function canonical(value: Exclude<TestValue, { kind: 'array' | 'kvlist' }>): string {
  if (value.kind === 'empty') return '';
  if (value.kind === 'double') return Object.is(value.value, -0) ? '-0' : String(value.value);
  if (value.kind === 'bytes') return Buffer.from(value.value).toString('base64');
  return String(value.value);
}

function json(value: TestValue): string {
  switch (value.kind) {
    case 'empty':
      return 'null';
    case 'string':
      return JSON.stringify(value.value);
    case 'bytes':
      return `"${canonical(value)}"`;
    case 'double':
      return Number.isFinite(value.value) ? canonical(value) : `"${canonical(value)}"`;
    case 'array':
      return `[${value.value.map(json).join(',')}]`;
    case 'kvlist':
      return `{${value.value.map((pair) => `${JSON.stringify(pair.key)}:${json(pair.value)}`).join(',')}}`;
    case 'bool':
    case 'int':
    default:
      return canonical(value);
  }
}
