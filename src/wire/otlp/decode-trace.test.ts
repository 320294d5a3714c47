import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaybillError } from '../../model/errors.ts';
import { KeyValueTable } from '../../model/key-value-table.ts';
import { MAX_UNIX_NANO } from '../../model/units.ts';
import { DecodeTally } from './decode-tally.ts';
import { decodeTraceJson } from './decode-trace-json.ts';
import { decodeTraceProtobuf } from './decode-trace-protobuf.ts';
import { DEFAULT_DECODE_LIMITS } from './limits.ts';
import { arbitraryRequest, expectedSpans, jsonForm, protobufForm } from './testing/arbitrary-request.ts';
import { type PlainSpan, plainSpans } from './testing/plain-spans.ts';
import { sdkSpan } from './testing/sdk-span.ts';
import { encodeMessage } from './testing/trace-proto.ts';

const TRACE_ID = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
const SPAN_ID = Uint8Array.from({ length: 8 }, (_, index) => index + 1);
const START = '1700000000000000000';
const END = '1700000000000000005';

function span(extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    name: 'checkout',
    startTimeUnixNano: START,
    endTimeUnixNano: END,
    ...extra,
  };
}

function requestOf(...spans: Record<string, unknown>[]): Uint8Array {
  return encodeMessage('ExportTraceServiceRequest', { resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

function decode(body: Uint8Array, tally = new DecodeTally(), limits = DEFAULT_DECODE_LIMITS): PlainSpan[] {
  return plainSpans(decodeTraceProtobuf(body, new KeyValueTable(), { tally, limits }));
}

function decodeJson(request: unknown, tally = new DecodeTally(), limits = DEFAULT_DECODE_LIMITS): PlainSpan[] {
  const body = typeof request === 'string' ? Buffer.from(request) : Buffer.from(JSON.stringify(request));
  return plainSpans(decodeTraceJson(body, new KeyValueTable(), { tally, limits }));
}

function jsonRequest(...spans: Record<string, unknown>[]): object {
  return { resourceSpans: [{ scopeSpans: [{ spans }] }] };
}

function jsonSpan(extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    traceId: Buffer.from(TRACE_ID).toString('hex'),
    spanId: Buffer.from(SPAN_ID).toString('hex'),
    name: 'checkout',
    startTimeUnixNano: START,
    endTimeUnixNano: END,
    ...extra,
  };
}

/** A length-delimited field, for bytes that an encoder would not make. */
function field(number: number, ...content: (Uint8Array | number[])[]): Buffer {
  const body = Buffer.concat(content.map((part) => Uint8Array.from(part)));
  const length: number[] = [];
  let rest = body.length;
  for (; rest >= 0x80; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Uint8Array.from([(number << 3) | 2, ...length, rest]), body]);
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The message of the malformed_payload that decoding ends in; any other outcome by its name. */
function malformation(action: () => unknown): string {
  const error = thrownBy(action);
  if (error === undefined) return 'decoded';
  if (error instanceof WaybillError && error.code === 'malformed_payload') return error.message;
  return error instanceof Error ? `thrown: ${error.stack}` : 'thrown: no Error';
}

/** How decoding of hostile bytes ended; only these two are allowed. */
function outcome(action: () => unknown): string {
  const message = malformation(action);
  return message.startsWith('malformed ') ? 'malformed' : message;
}
const ALLOWED = ['decoded', 'malformed'];

function fixed64(tag: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = tag;
  bytes.writeBigUInt64LE(value, 1);
  return bytes;
}

describe('decoders of trace exports', () => {
  it('make of protobuf bytes exactly what was encoded, for every field and value type', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const body = encodeMessage('ExportTraceServiceRequest', protobufForm(request));
        expect(decode(body)).toEqual(expectedSpans(request));
      }),
      { numRuns: 400 },
    );
  });

  it('make of JSON exactly what they make of protobuf', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const spans = plainSpans(decodeTraceJson(jsonForm(request), new KeyValueTable()));
        expect(spans).toEqual(expectedSpans(request));
      }),
      { numRuns: 400 },
    );
  });

  it('give the same spans when a table is shared by many requests of both encodings', () => {
    const table = new KeyValueTable();
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const body = encodeMessage('ExportTraceServiceRequest', protobufForm(request));
        expect(plainSpans(decodeTraceProtobuf(body, table))).toEqual(expectedSpans(request));
        expect(plainSpans(decodeTraceJson(jsonForm(request), table))).toEqual(expectedSpans(request));
      }),
      { numRuns: 200 },
    );
  });

  it('agree on what the OpenTelemetry SDK serializes', () => {
    const spans = Array.from({ length: 20 }, (_, index) => sdkSpan(index));
    const protobuf = ProtobufTraceSerializer.serializeRequest(spans);
    const json = JsonTraceSerializer.serializeRequest(spans);
    const fromProtobuf = plainSpans(decodeTraceProtobuf(protobuf ?? new Uint8Array(0), new KeyValueTable()));
    const fromJson = plainSpans(decodeTraceJson(json ?? new Uint8Array(0), new KeyValueTable()));
    expect(fromProtobuf).toEqual(fromJson);
    expect(fromProtobuf).toHaveLength(20);
    expect(fromProtobuf[3]).toMatchObject({
      name: 'operation 3',
      start: 1_700_000_003_000_000_007n,
      duration: 1_500_000_000n,
      resource: { service: 'shop-api' },
      events: [{ name: 'exception', time: 1_700_000_003_000_000_010n }],
    });
    expect(fromProtobuf[3]?.attributes).toContainEqual(['items', 'array', '["ring","brooch"]']);
  });

  it('take an empty request', () => {
    expect(decode(new Uint8Array(0))).toEqual([]);
    expect(decodeJson({})).toEqual([]);
  });
});

describe('decodeTraceProtobuf', () => {
  it('takes fields in any order: resource behind spans, end before start, value before key', () => {
    const attribute = (number: number): Buffer =>
      field(number, field(2, field(1, Buffer.from('v'))), field(1, Buffer.from('k')));
    const reversed = field(
      2,
      attribute(9),
      fixed64(0x41, 1_700_000_000_000_000_005n),
      fixed64(0x39, 1_700_000_000_000_000_000n),
      field(2, SPAN_ID),
      field(1, TRACE_ID),
    );
    const resource = field(1, attribute(1));
    const body = field(
      1,
      field(3, Buffer.from('url')),
      field(2, reversed, field(1, field(1, Buffer.from('scope')))),
      resource,
    );
    expect(decode(body)).toMatchObject([
      {
        duration: 5n,
        attributes: [['k', 'string', 'v']],
        resource: { schemaUrl: 'url', attributes: [['k', 'string', 'v']] },
        scope: { name: 'scope' },
      },
    ]);
  });

  it('skips unknown fields of every wire type, groups included', () => {
    const unknown = Buffer.concat([
      Uint8Array.from([0xa0, 0x06, 0xff, 0x01]), // field 100 varint
      Uint8Array.from([0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8]), // fixed64
      Uint8Array.from([0xa2, 0x06, 2, 9, 9]), // bytes
      Uint8Array.from([0xa3, 0x06, 0x08, 1, 0xa3, 0x06, 0xa4, 0x06, 0xa4, 0x06]), // nested groups
      Uint8Array.from([0xa5, 0x06, 1, 2, 3, 4]), // fixed32
    ]);
    const inner = field(
      2,
      unknown,
      field(1, TRACE_ID),
      unknown,
      field(2, SPAN_ID),
      field(5, Buffer.from('n')),
      unknown,
    );
    const body = Buffer.concat([unknown, field(1, unknown, field(2, unknown, inner, unknown), unknown), unknown]);
    expect(decode(body)).toMatchObject([{ name: 'n' }]);
  });

  it('rejects only the span whose id has a wrong length or is zero, with the reason', () => {
    const tally = new DecodeTally();
    const body = requestOf(
      span({
        traceId: TRACE_ID.subarray(0, 15),
        attributes: [{ key: 'a', value: { intValue: 1 } }],
        events: [{ name: 'e' }],
      }),
      span({ name: 'kept', events: [{ name: 'own', timeUnixNano: START }] }),
      span({ spanId: new Uint8Array(8), links: [{ traceId: TRACE_ID, spanId: SPAN_ID }] }),
      span({ parentSpanId: new Uint8Array(7) }),
      { name: 'no ids' },
    );
    expect(decode(body, tally)).toMatchObject([{ name: 'kept', attributes: [], links: [], events: [{ name: 'own' }] }]);
    expect(tally.rejected).toMatchObject({ invalid_trace_id: 2, invalid_span_id: 1, invalid_parent_span_id: 1 });
    expect(tally.describeRejections()).toBe(
      '4 spans rejected: invalid_trace_id 2, invalid_span_id 1, invalid_parent_span_id 1',
    );
  });

  it('rejects spans whose times the store cannot hold and keeps a start of zero and an end before the start', () => {
    const tally = new DecodeTally();
    const over = (MAX_UNIX_NANO + 1n).toString();
    const body = requestOf(
      span({ startTimeUnixNano: over }),
      span({ endTimeUnixNano: (2n ** 64n - 1n).toString() }),
      span({ startTimeUnixNano: '0', endTimeUnixNano: '0' }),
      span({ startTimeUnixNano: END, endTimeUnixNano: START }),
      span({ startTimeUnixNano: MAX_UNIX_NANO.toString(), endTimeUnixNano: MAX_UNIX_NANO.toString() }),
    );
    const spans = decode(body, tally);
    expect(spans.map((plain) => [plain.start, plain.duration])).toEqual([
      [0n, 0n],
      [BigInt(END), -5n],
      [MAX_UNIX_NANO, 0n],
    ]);
    expect(tally.rejected.time_out_of_range).toBe(2);
  });

  it('drops and counts events with times that cannot be stored and links with invalid ids', () => {
    const tally = new DecodeTally();
    const events = [
      { name: 'bad', timeUnixNano: (2n ** 63n).toString(), attributes: [{ key: 'x' }] },
      { name: 'good' },
    ];
    const links = [
      { traceId: TRACE_ID, spanId: new Uint8Array(3), attributes: [{ key: 'x' }] },
      { traceId: TRACE_ID, spanId: SPAN_ID },
    ];
    expect(decode(requestOf(span({ events, links, droppedEventsCount: 4 })), tally)).toMatchObject([
      { events: [{ name: 'good', attributes: [] }], links: [{ attributes: [] }], dropped: [0, 5, 1] },
    ]);
    expect(tally).toMatchObject({ droppedEvents: 1, droppedLinks: 1, rejectedSpans: 0 });
  });

  it('replaces invalid UTF-8 once per distinct value and counts it', () => {
    const tally = new DecodeTally();
    const broken = Uint8Array.from([0x61, 0xff, 0x62]);
    const one = field(
      2,
      field(1, TRACE_ID),
      field(2, SPAN_ID),
      field(5, broken),
      field(9, field(1, broken), field(2, field(1, broken))),
    );
    const spans = decode(field(1, field(2, one, one, one)), tally);
    expect(spans).toHaveLength(3);
    expect(spans[2]).toMatchObject({ name: 'a\uFFFDb', attributes: [['a\uFFFDb', 'string', 'a\uFFFDb']] });
    expect(tally.invalidUtf8).toBe(2);
  });

  it('cuts what exceeds the limits and counts it', () => {
    const tally = new DecodeTally();
    const limits = {
      ...DEFAULT_DECODE_LIMITS,
      maxSpans: 2,
      maxAttributes: 2,
      maxEvents: 1,
      maxLinks: 1,
      maxValueBytes: 10,
    };
    const attributes = Array.from({ length: 5 }, (_, index) => ({ key: `k${index}`, value: { intValue: index } }));
    const full = span({
      attributes,
      events: [{ name: 'one', attributes }, { name: 'two' }],
      links: [
        { traceId: TRACE_ID, spanId: SPAN_ID, attributes },
        { traceId: TRACE_ID, spanId: SPAN_ID },
      ],
      traceState: 'абвгдежз',
    });
    const [first, ...others] = decode(requestOf(full, span(), span(), span()), tally, limits);
    expect(others).toHaveLength(1);
    expect(first).toMatchObject({ traceState: 'абвгд', dropped: [3, 1, 1] });
    expect(first?.attributes).toHaveLength(2);
    expect(first?.events[0]?.attributes).toHaveLength(2);
    expect(first?.links[0]?.attributes).toHaveLength(2);
    expect(tally).toMatchObject({ droppedAttributes: 9, droppedEvents: 1, droppedLinks: 1, truncatedValues: 1 });
    expect(tally.rejected.too_many_spans).toBe(2);
  });

  it('never splits a character and keeps a cut list valid JSON, equally in both encodings', () => {
    const limits = { ...DEFAULT_DECODE_LIMITS, maxValueBytes: 64 };
    const values = Array.from({ length: 50 }, (_, index) => ({ stringValue: `значение ${index}` }));
    const list = Array.from({ length: 50 }, (_, index) => ({ key: `ключ ${index}`, value: { intValue: index } }));
    const attributes = [
      { key: 'array', value: { arrayValue: { values } } },
      { key: 'list', value: { kvlistValue: { values: list } } },
    ];
    const tally = new DecodeTally();
    const [fromProtobuf] = decode(requestOf(span({ attributes })), tally, limits);
    const [fromJson] = decodeJson(jsonRequest(jsonSpan({ attributes })), new DecodeTally(), limits);
    expect(fromJson?.attributes).toEqual(fromProtobuf?.attributes);
    expect(tally.truncatedValues).toBeGreaterThanOrEqual(2);
    for (const [, , text] of fromProtobuf?.attributes ?? []) {
      expect(JSON.parse(text)).toBeTypeOf('object');
      expect(Buffer.byteLength(text)).toBeLessThan(96);
      expect(text).not.toContain('\uFFFD');
    }
  });

  it('follows values nested 32 deep and refuses deeper ones', () => {
    const nested = (depth: number): Record<string, unknown> =>
      depth === 0 ? { stringValue: 'x' } : { arrayValue: { values: [nested(depth - 1)] } };
    const body = (depth: number): Uint8Array =>
      requestOf(span({ attributes: [{ key: 'deep', value: nested(depth) }] }));
    expect(decode(body(31))[0]?.attributes[0]?.[2]).toBe(`${'['.repeat(31)}"x"${']'.repeat(31)}`);
    expect(malformation(() => decode(body(32)))).toMatch(/nested more than 32 deep/);
    expect(decodeJson(jsonRequest(jsonSpan({ attributes: [{ key: 'deep', value: nested(31) }] })))).toHaveLength(1);
    expect(
      malformation(() => decodeJson(jsonRequest(jsonSpan({ attributes: [{ key: 'deep', value: nested(32) }] })))),
    ).toMatch(/32 deep/);
  });

  it('refuses nesting of ten thousand levels without exhausting the stack', () => {
    let value: Uint8Array = new Uint8Array(0);
    for (let depth = 0; depth < 10_000; depth += 1) value = field(5, field(1, value));
    const body = field(1, field(2, field(2, field(1, TRACE_ID), field(2, SPAN_ID), field(9, field(2, value)))));
    expect(malformation(() => decode(body))).toMatch(/nested more than 32 deep/);
    expect(malformation(() => decodeJson('{"a":['.repeat(10_000)))).toMatch(/nested too deeply/);
  });

  it('refuses lengths that lie, with the byte offset and the message but without the payload', () => {
    const secret = Buffer.from('card 4111111111111111');
    const lying = Buffer.concat([Uint8Array.from([0x2a, 0x7f]), secret]);
    const body = field(1, field(2, field(2, lying)));
    expect(malformation(() => decode(body))).toMatch(
      /at byte 7 in resource_spans\.scope_spans\.spans: a length runs past/,
    );
    expect(String(thrownBy(() => decode(body)))).not.toContain('4111');
    const huge = Uint8Array.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    expect(malformation(() => decode(huge))).toMatch(/at byte 1 in ExportTraceServiceRequest: a length runs past/);
    expect(malformation(() => decode(Uint8Array.from([0x0a, ...Array.from({ length: 12 }, () => 0xff)])))).toMatch(
      /ten bytes/,
    );
    expect(malformation(() => decode(Uint8Array.of(0x02, 0)))).toMatch(/invalid field number/);
    expect(malformation(() => decode(Uint8Array.of(0x0f)))).toMatch(/invalid wire type 7/);
  });

  it('remembers nothing of a key-value that turned out to be malformed', () => {
    const table = new KeyValueTable();
    const bad = field(1, field(2, field(2, field(9, Uint8Array.of(0x0a, 1, 0x6b, 0x12, 9)))));
    expect(malformation(() => decodeTraceProtobuf(bad, table))).toMatch(/attributes/);
    const good = requestOf(span({ attributes: [{ key: 'a', value: { stringValue: 'b' } }] }));
    expect(plainSpans(decodeTraceProtobuf(good, table))[0]?.attributes).toEqual([['a', 'string', 'b']]);
    expect(malformation(() => decodeTraceProtobuf(bad, table))).toMatch(/attributes/);
  });

  it('throws nothing but malformed_payload for a request that is cut at any byte', () => {
    const request = fc.sample(arbitraryRequest, { numRuns: 30, seed: 7 });
    for (const body of request.map((one) => encodeMessage('ExportTraceServiceRequest', protobufForm(one)))) {
      const table = new KeyValueTable();
      for (let length = 0; length < Math.min(body.length, 3000); length += 1) {
        expect(ALLOWED).toContain(outcome(() => decodeTraceProtobuf(body.subarray(0, length), table)));
      }
    }
  });

  it('throws nothing but malformed_payload for mutated bytes and keeps its columns consistent', () => {
    const bodies = fc.sample(arbitraryRequest, { numRuns: 60, seed: 11 });
    const encoded = bodies.map((one) => encodeMessage('ExportTraceServiceRequest', protobufForm(one)));
    const mutation = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) });
    const table = new KeyValueTable();
    fc.assert(
      fc.property(
        fc.constantFrom(...encoded),
        fc.array(mutation, { minLength: 1, maxLength: 6 }),
        (body, mutations) => {
          const mutated = Uint8Array.from(body);
          for (const { at, byte } of mutations) if (mutated.length > 0) mutated[at % mutated.length] = byte;
          expect(ALLOWED).toContain(outcome(() => plainSpans(decodeTraceProtobuf(mutated, table))));
        },
      ),
      { numRuns: 5000 },
    );
  });
});

describe('decodeTraceJson', () => {
  it('takes hex ids in any case and 64-bit integers as strings or numbers', () => {
    const spans = decodeJson(
      jsonRequest(
        jsonSpan({
          traceId: 'ABCDEFabcdef00112233445566778899',
          startTimeUnixNano: 1000,
          endTimeUnixNano: '3000',
          kind: 3,
        }),
        jsonSpan({
          attributes: [
            { key: 'n', value: { intValue: 7 } },
            { key: 's', value: { intValue: '-9223372036854775808' } },
          ],
        }),
      ),
    );
    expect(spans[0]).toMatchObject({
      traceId: 'abcdefabcdef00112233445566778899',
      start: 1000n,
      duration: 2000n,
      kind: 3,
    });
    expect(spans[1]?.attributes).toEqual([
      ['n', 'int', '7'],
      ['s', 'int', '-9223372036854775808'],
    ]);
  });

  it('ignores unknown members and leaves prototypes alone', () => {
    const text = JSON.stringify(jsonRequest(jsonSpan({ future: { nested: [1] } }))).replace(
      '"name"',
      '"__proto__":{"polluted":true},"constructor":1,"name"',
    );
    expect(decodeJson(text)).toMatchObject([{ name: 'checkout' }]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('rejects only the spans whose ids or times are wrong', () => {
    const tally = new DecodeTally();
    const spans = decodeJson(
      jsonRequest(
        jsonSpan({ traceId: 'zz'.repeat(16) }),
        jsonSpan({ spanId: 'abc' }),
        jsonSpan({ startTimeUnixNano: '-1' }),
        jsonSpan({ startTimeUnixNano: '99999999999999999999' }),
        jsonSpan({ name: 'kept' }),
      ),
      tally,
    );
    expect(spans).toMatchObject([{ name: 'kept' }]);
    expect(tally.rejected).toMatchObject({ invalid_trace_id: 1, invalid_span_id: 1, time_out_of_range: 2 });
  });

  it('says where a wrong member stands and never quotes it', () => {
    expect(malformation(() => decodeJson('{"resourceSpans": secret}'))).toMatch(/not JSON/);
    expect(String(thrownBy(() => decodeJson('{"resourceSpans": secret}')))).not.toContain('secret');
    expect(malformation(() => decodeJson('[]'))).toMatch(/expected an object/);
    expect(malformation(() => decodeJson('null'))).toMatch(/expected an object/);
    expect(malformation(() => decodeJson({ resourceSpans: {} }))).toMatch(/in resourceSpans: expected an array/);
    expect(malformation(() => decodeJson(jsonRequest(jsonSpan({ kind: 'SPAN_KIND_SERVER' }))))).toMatch(
      /spans\.kind: expected an enum/,
    );
    expect(malformation(() => decodeJson(jsonRequest(jsonSpan({ name: 7 }))))).toMatch(
      /spans\.name: expected a string/,
    );
    expect(
      malformation(() => decodeJson(jsonRequest(jsonSpan({ attributes: [{ key: 'a', value: { intValue: 'x' } }] })))),
    ).toMatch(/spans\.attributes: expected an integer/);
  });

  it('throws nothing but malformed_payload for JSON that is cut at any byte or mutated', () => {
    const body = Buffer.from(
      JSON.stringify(jsonRequest(jsonSpan({ attributes: [{ key: 'a', value: { stringValue: 'b' } }] }))),
    );
    for (let length = 0; length < body.length; length += 1) {
      expect(outcome(() => decodeTraceJson(body.subarray(0, length), new KeyValueTable()))).toBe('malformed');
    }
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const mutated = Uint8Array.from(body);
        mutated[at] = byte;
        expect(ALLOWED).toContain(outcome(() => decodeTraceJson(mutated, new KeyValueTable())));
      }),
      { numRuns: 2000 },
    );
  });
});
