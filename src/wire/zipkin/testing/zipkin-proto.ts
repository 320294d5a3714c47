import * as fc from 'fast-check';
import protobuf from 'protobufjs';

/** zipkin.proto of zipkin-api, for an encoder independent of ours. */
const PROTO = `
syntax = "proto3";
message ListOfSpans { repeated Span spans = 1; }
message Span {
  bytes trace_id = 1; bytes parent_id = 2; bytes id = 3;
  enum Kind { SPAN_KIND_UNSPECIFIED = 0; CLIENT = 1; SERVER = 2; PRODUCER = 3; CONSUMER = 4; }
  Kind kind = 4; string name = 5; fixed64 timestamp = 6; uint64 duration = 7;
  Endpoint local_endpoint = 8; Endpoint remote_endpoint = 9; repeated Annotation annotations = 10;
  map<string, string> tags = 11; bool debug = 12; bool shared = 13;
}
message Endpoint { string service_name = 1; bytes ipv4 = 2; bytes ipv6 = 3; int32 port = 4; }
message Annotation { fixed64 timestamp = 1; string value = 2; }
`;

const listOfSpans = protobuf.parse(PROTO).root.lookupType('ListOfSpans');

/** One side of a connection as JSON has it. */
export interface ZipkinTestEndpoint {
  serviceName?: string;
  ipv4?: string;
  ipv6?: string;
  port?: number;
}

/** A span as Zipkin v2 JSON has it. */
export interface ZipkinTestSpan {
  traceId: string;
  parentId?: string;
  id: string;
  kind?: 'CLIENT' | 'SERVER' | 'PRODUCER' | 'CONSUMER';
  name?: string;
  timestamp?: number;
  duration?: number;
  localEndpoint?: ZipkinTestEndpoint;
  remoteEndpoint?: ZipkinTestEndpoint;
  annotations?: { timestamp: number; value: string }[];
  tags?: Record<string, string>;
  debug?: boolean;
  shared?: boolean;
}

/** The spans as Zipkin v2 JSON. */
export function zipkinJson(spans: readonly ZipkinTestSpan[]): Uint8Array {
  return Buffer.from(JSON.stringify(spans));
}

/** The spans as zipkin.proto3.ListOfSpans. */
export function zipkinProtobuf(spans: readonly ZipkinTestSpan[]): Uint8Array {
  const message = { spans: spans.map(toMessage) };
  return listOfSpans.encode(listOfSpans.fromObject(message)).finish();
}

function toMessage(span: ZipkinTestSpan): Record<string, unknown> {
  const { traceId, parentId, id, localEndpoint, remoteEndpoint, ...rest } = span;
  return {
    ...rest,
    traceId: Buffer.from(traceId, 'hex'),
    id: Buffer.from(id, 'hex'),
    ...(parentId === undefined ? {} : { parentId: Buffer.from(parentId, 'hex') }),
    ...(localEndpoint === undefined ? {} : { localEndpoint: toEndpoint(localEndpoint) }),
    ...(remoteEndpoint === undefined ? {} : { remoteEndpoint: toEndpoint(remoteEndpoint) }),
  };
}

/** Addresses of tests are written out whole, so that their bytes can be read off. */
function toEndpoint({ ipv4, ipv6, ...rest }: ZipkinTestEndpoint): Record<string, unknown> {
  return {
    ...rest,
    ...(ipv4 === undefined ? {} : { ipv4: Uint8Array.from(ipv4.split('.').map(Number)) }),
    ...(ipv6 === undefined ? {} : { ipv6: Buffer.from(ipv6.replaceAll(':', ''), 'hex') }),
  };
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const hex = (digits: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.integer({ min: 0, max: 15 }).map((digit) => digit.toString(16)),
    minLength: digits,
    maxLength: digits,
  });
const micros = fc.oneof(
  fc.integer({ min: 1, max: 9_000_000_000_000_000 }),
  fc.constantFrom(1, 2 ** 32 - 1, 2 ** 32, 1_795_000_000_000_000),
);
const endpoint: fc.Arbitrary<ZipkinTestEndpoint> = fc.record(
  { serviceName: text, ipv4: fc.ipV4(), port: fc.integer({ min: 0, max: 70_000 }) },
  { requiredKeys: [] },
);
const nonZero = (digits: number): fc.Arbitrary<string> => hex(digits).filter((id) => /[^0]/.test(id));

/** Lists of spans with every field or without, odd but legal values. */
export const arbitraryZipkinSpans: fc.Arbitrary<ZipkinTestSpan[]> = fc.array(
  fc.record(
    {
      traceId: fc.oneof(nonZero(16), nonZero(32)),
      id: nonZero(16),
      parentId: hex(16),
      kind: fc.constantFrom('CLIENT', 'SERVER', 'PRODUCER', 'CONSUMER'),
      name: text,
      timestamp: micros,
      duration: fc.integer({ min: 0, max: 2 ** 40 }),
      localEndpoint: endpoint,
      remoteEndpoint: endpoint,
      annotations: fc.array(fc.record({ timestamp: micros, value: text }), { maxLength: 3 }),
      // Keys like __proto__ are for tests of their own: protobufjs keeps maps in plain objects.
      tags: fc.dictionary(fc.constantFrom('error', 'order.id', 'http.path', 'a', 'b'), text, { maxKeys: 4 }),
      debug: fc.boolean(),
      shared: fc.boolean(),
    },
    { requiredKeys: ['traceId', 'id'] },
  ),
  { maxLength: 4 },
);
