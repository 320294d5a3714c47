import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaybillError } from '../../model/errors.ts';
import { KeyValueTable } from '../../model/key-value-table.ts';
import { MAX_UNIX_NANO } from '../../model/units.ts';
import { DecodeTally } from '../otlp/decode-tally.ts';
import { DEFAULT_DECODE_LIMITS } from '../otlp/limits.ts';
import { type PlainSpan, plainSpans } from '../otlp/testing/plain-spans.ts';
import { addressText } from './address-text.ts';
import { decodeZipkinJson } from './decode-zipkin-json.ts';
import { decodeZipkinProtobuf } from './decode-zipkin-protobuf.ts';
import { arbitraryZipkinSpans, type ZipkinTestSpan, zipkinJson, zipkinProtobuf } from './testing/zipkin-proto.ts';

const RECEIVED_AT = 1_795_000_123_456_789_000n;
const BASE: ZipkinTestSpan = { traceId: '4e441824ec2b6a44ffdc9bb9a6453df3', id: 'ffdc9bb9a6453df3' };

function fromJson(body: Uint8Array | string, tally = new DecodeTally()): PlainSpan[] {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return plainSpans(decodeZipkinJson(bytes, new KeyValueTable(), { receivedAt: RECEIVED_AT, tally }));
}

function fromProtobuf(body: Uint8Array, tally = new DecodeTally()): PlainSpan[] {
  return plainSpans(decodeZipkinProtobuf(body, new KeyValueTable(), { receivedAt: RECEIVED_AT, tally }));
}

/** The one span, decoded from both encodings, which must agree. */
function decoded(span: ZipkinTestSpan): PlainSpan | undefined {
  const [json] = fromJson(zipkinJson([span]));
  const [protobuf] = fromProtobuf(zipkinProtobuf([span]));
  expect(protobuf).toEqual(json);
  return json;
}

describe('Zipkin v2 in JSON and protobuf', () => {
  it('becomes a span with every field in its place', () => {
    const span = decoded({
      ...BASE,
      parentId: '6b221d5bc9e6496c',
      kind: 'SERVER',
      name: 'get /api',
      timestamp: 1_556_604_172_355_737,
      duration: 1431,
      localEndpoint: { serviceName: 'backend', ipv4: '192.168.99.1', port: 3306 },
      remoteEndpoint: { serviceName: 'frontend', ipv4: '172.19.0.2', port: 58_648 },
      annotations: [{ timestamp: 1_556_604_172_355_800, value: 'first byte ✓' }],
      tags: { 'http.method': 'GET', 'order.id': 'ORD-1' },
      debug: true,
      shared: true,
    });
    expect(span).toEqual({
      traceId: BASE.traceId,
      spanId: BASE.id,
      parentSpanId: '6b221d5bc9e6496c',
      traceState: '',
      name: 'get /api',
      kind: 2,
      start: 1_556_604_172_355_737_000n,
      duration: 1_431_000n,
      statusCode: 0,
      statusMessage: '',
      flags: 0,
      dropped: [0, 0, 0],
      attributes: [
        ['http.method', 'string', 'GET'],
        ['order.id', 'string', 'ORD-1'],
        ['network.local.address', 'string', '192.168.99.1'],
        ['network.local.port', 'int', '3306'],
        ['peer.service', 'string', 'frontend'],
        ['network.peer.address', 'string', '172.19.0.2'],
        ['network.peer.port', 'int', '58648'],
        ['zipkin.debug', 'bool', 'true'],
        ['zipkin.shared', 'bool', 'true'],
      ],
      events: [{ time: 1_556_604_172_355_800_000n, name: 'first byte ✓', attributes: [] }],
      links: [],
      resource: { service: 'backend', schemaUrl: '', attributes: [['service.name', 'string', 'backend']] },
      scope: { name: '', version: '', attributes: [] },
    });
  });

  it.each([
    ['CLIENT', 3],
    ['SERVER', 2],
    ['PRODUCER', 4],
    ['CONSUMER', 5],
    [undefined, 1],
  ] as const)('takes kind %s for OTLP’s %i', (kind, expected) => {
    expect(decoded({ ...BASE, ...(kind === undefined ? {} : { kind }) })?.kind).toBe(expected);
  });

  it('pads ids of 64 bits', () => {
    expect(decoded({ ...BASE, traceId: '5af7183fb1d4cf5f' })?.traceId).toBe('00000000000000005af7183fb1d4cf5f');
    const short = fromJson('[{"traceId":"ABC","id":"1f","parentId":"2"}]')[0];
    expect([short?.traceId, short?.spanId, short?.parentSpanId]).toEqual([
      'abc'.padStart(32, '0'),
      '1f'.padStart(16, '0'),
      '2'.padStart(16, '0'),
    ]);
  });

  it('knows no parent where it is zero or the span itself', () => {
    const none = '0'.repeat(16);
    expect(decoded({ ...BASE, parentId: none })?.parentSpanId).toBe(none);
    expect(decoded({ ...BASE, parentId: BASE.id })?.parentSpanId).toBe(none);
  });

  it.each([
    [{ error: 'connect timed out' }, 2, 'connect timed out'],
    [{ error: 'true' }, 2, ''],
    [{ error: '' }, 2, ''],
    [{ error: 'false' }, 0, ''],
    [{ errors: 'x' }, 0, ''],
  ])('reads the tag %j as status %i', (tags, code, message) => {
    const span = decoded({ ...BASE, tags });
    expect([span?.statusCode, span?.statusMessage]).toEqual([code, message]);
    expect(span?.attributes).toEqual(Object.entries(tags).map(([key, value]) => [key, 'string', value]));
  });

  it('starts a span without a timestamp at its earliest annotation, else when it was received', () => {
    const annotations = [
      { timestamp: 3_000_000, value: 'late' },
      { timestamp: 2_000_000, value: 'early' },
    ];
    expect(decoded({ ...BASE, annotations })).toMatchObject({ start: 2_000_000_000n, duration: 0n });
    expect(decoded({ ...BASE, duration: 5 })).toMatchObject({ start: RECEIVED_AT, duration: 5000n });
  });

  it('counts spans with invalid ids or times and takes the others', () => {
    const bad: ZipkinTestSpan[] = [
      { ...BASE, traceId: '0'.repeat(32) },
      { ...BASE, id: '0'.repeat(16) },
      { ...BASE, traceId: 'ab'.repeat(17) },
      { ...BASE, id: 'ab'.repeat(9) },
      { ...BASE, parentId: 'ab'.repeat(9) },
      { ...BASE, timestamp: 2 ** 60 },
      { ...BASE, timestamp: 1, duration: 2 ** 60 },
      { ...BASE, name: 'good' },
    ];
    const rejected = { invalid_trace_id: 2, invalid_span_id: 2, invalid_parent_span_id: 1, time_out_of_range: 2 };
    for (const decode of [
      (tally: DecodeTally) => fromJson(zipkinJson(bad), tally),
      (tally: DecodeTally) => fromProtobuf(zipkinProtobuf(bad), tally),
    ]) {
      const tally = new DecodeTally();
      expect(decode(tally).map(({ name }) => name)).toEqual(['good']);
      expect(tally.rejected).toMatchObject(rejected);
    }
  });

  it('names each service once as a resource, however its spans are mixed', () => {
    const spans = Array.from({ length: 6 }, (_, index) => ({
      ...BASE,
      id: `${index + 1}`.repeat(16),
      ...(index % 3 === 2 ? {} : { localEndpoint: { serviceName: index % 3 === 0 ? 'shop' : 'mes' } }),
    }));
    const batch = decodeZipkinProtobuf(zipkinProtobuf(spans), new KeyValueTable(), { receivedAt: RECEIVED_AT });
    expect(batch.resources).toHaveLength(3);
    expect(plainSpans(batch).map(({ resource }) => resource.service)).toEqual(['shop', 'mes', '', 'shop', 'mes', '']);
  });

  it('cuts what exceeds the limits and counts it', () => {
    const limits = { ...DEFAULT_DECODE_LIMITS, maxSpans: 1, maxAttributes: 2, maxEvents: 1, maxValueBytes: 4 };
    const span: ZipkinTestSpan = {
      ...BASE,
      remoteEndpoint: { serviceName: 'x', port: 1 },
      tags: { a: 'äääää', b: '2', c: '3' },
      annotations: [
        { timestamp: 1, value: 'a' },
        { timestamp: 2, value: 'b' },
      ],
    };
    for (const decode of [
      (tally: DecodeTally) =>
        decodeZipkinJson(zipkinJson([span, BASE]), new KeyValueTable(), { receivedAt: RECEIVED_AT, limits, tally }),
      (tally: DecodeTally) =>
        decodeZipkinProtobuf(zipkinProtobuf([span, BASE]), new KeyValueTable(), {
          receivedAt: RECEIVED_AT,
          limits,
          tally,
        }),
    ]) {
      const tally = new DecodeTally();
      const [only, ...others] = plainSpans(decode(tally));
      expect(others).toEqual([]);
      expect(only?.attributes).toEqual([
        ['a', 'string', 'ää'],
        ['b', 'string', '2'],
      ]);
      expect(only?.dropped).toEqual([3, 1, 0]);
      expect(tally).toMatchObject({ droppedAttributes: 3, droppedEvents: 1, truncatedValues: 1 });
      expect(tally.rejected.too_many_spans).toBe(1);
    }
  });

  it('looks at no more spans than a request may have, invalid ones included', () => {
    const limits = { ...DEFAULT_DECODE_LIMITS, maxSpans: 2 };
    const tally = new DecodeTally();
    const invalid = { ...BASE, id: '0'.repeat(16) };
    const body = zipkinProtobuf([invalid, invalid, BASE, BASE]);
    expect(decodeZipkinProtobuf(body, new KeyValueTable(), { receivedAt: RECEIVED_AT, limits, tally })).toHaveLength(0);
    expect(tally.rejected).toMatchObject({ invalid_span_id: 2, too_many_spans: 2 });
  });

  it('reads the same from both encodings', () => {
    fc.assert(
      fc.property(arbitraryZipkinSpans, (spans) => {
        const tallies = [new DecodeTally(), new DecodeTally()];
        const json = fromJson(zipkinJson(spans), tallies[0]);
        expect(fromProtobuf(zipkinProtobuf(spans), tallies[1])).toEqual(json);
        expect(tallies[1]).toEqual(tallies[0]);
        expect(json.length + (tallies[0]?.rejectedSpans ?? 0)).toBe(spans.length);
        for (const { start, duration } of json) expect(start + duration).toBeLessThanOrEqual(MAX_UNIX_NANO);
      }),
    );
  });
});

describe('decodeZipkinJson', () => {
  const good = '"traceId":"4e441824ec2b6a44ffdc9bb9a6453df3","id":"ffdc9bb9a6453df3"';

  it('ignores unknown members, and takes __proto__ for a name like any other', () => {
    const body = `[{${good},"__proto__":{"name":"x"},"unknown":[{}],"tags":{"__proto__":"p","constructor":"c"}}]`;
    expect(fromJson(body)[0]).toMatchObject({
      name: '',
      attributes: [
        ['__proto__', 'string', 'p'],
        ['constructor', 'string', 'c'],
      ],
    });
    expect(({} as Record<string, unknown>)['name']).toBeUndefined();
  });

  it('takes the last of repeated members, numbers as text, and simple values as tags', () => {
    const body = `[{${good},"name":"a","name":"b","timestamp":"1556604172355737","duration":1.5,"tags":{"n":7,"b":true,"x":null}}]`;
    expect(fromJson(body)[0]).toMatchObject({
      name: 'b',
      start: 1_556_604_172_355_737_000n,
      duration: 1000n,
      attributes: [
        ['n', 'string', '7'],
        ['b', 'string', 'true'],
      ],
    });
  });

  it('rejects numbers that no store can hold with their span', () => {
    const tally = new DecodeTally();
    expect(fromJson(`[{${good},"timestamp":1e400},{${good},"timestamp":1,"duration":1e30}]`, tally)).toEqual([]);
    expect(tally.rejected.time_out_of_range).toBe(2);
  });

  it.each(['', '{}', 'null', '[1]', '[{"id":7}]', `[{${good},"tags":{"a":{}}}]`, `[{${good},"annotations":7}]`, '[{]'])(
    'refuses %j and says what to send',
    (body) => {
      expect(() => fromJson(body)).toThrow(WaybillError);
      expect(() => fromJson(body)).toThrow(
        expect.objectContaining({ code: 'malformed_payload', remedy: expect.stringContaining('/api/v2/spans') }),
      );
    },
  );

  it('refuses nesting without end, and millions of empty objects, before they are parsed', () => {
    expect(() => fromJson('['.repeat(1_000_000))).toThrow('nested too deeply');
    expect(() => fromJson(`[${'{},'.repeat(2_100_000)}{}]`)).toThrow('more elements than a request can hold');
  });
});

describe('decodeZipkinProtobuf', () => {
  it('skips unknown fields and repairs what is not UTF-8', () => {
    const span = Buffer.from(zipkinProtobuf([{ ...BASE, name: 'abc' }]));
    const name = span.indexOf('abc');
    span[name] = 0xff;
    const unknown = Buffer.concat([span, Buffer.from([0x7a, 2, 1, 2, 0x80, 0x01, 5])]);
    const tally = new DecodeTally();
    expect(fromProtobuf(unknown, tally).map((plain) => plain.name)).toEqual(['\u{fffd}bc']);
    expect(tally.invalidUtf8).toBe(1);
  });

  it('refuses truncated bytes at every length', () => {
    const body = zipkinProtobuf([{ ...BASE, name: 'x', tags: { a: 'b' }, localEndpoint: { serviceName: 's' } }]);
    for (let length = 1; length < body.length; length += 1) {
      expect(() => fromProtobuf(body.subarray(0, length))).toThrow('malformed protobuf');
    }
  });

  it('reads IPv6 addresses and prefers IPv4', () => {
    const ipv6 = '2001:0db8:0000:0000:0000:0000:0000:c001';
    const [span] = fromProtobuf(zipkinProtobuf([{ ...BASE, remoteEndpoint: { ipv6 } }]));
    expect(span?.attributes).toEqual([['network.peer.address', 'string', '2001:db8::c001']]);
    expect(decoded({ ...BASE, remoteEndpoint: { ipv4: '10.0.0.1', ipv6 } })?.attributes).toEqual([
      ['network.peer.address', 'string', '10.0.0.1'],
    ]);
  });
});

describe('addressText', () => {
  it.each([
    ['00000000000000000000000000000001', '::1'],
    ['00000000000000000000000000000000', '::'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
    ['7f000001', '127.0.0.1'],
    ['7f', ''],
  ])('writes %s as %j', (hex, text) => {
    expect(addressText(Buffer.from(hex, 'hex'))).toBe(text);
  });
});
