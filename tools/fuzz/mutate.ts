import * as fc from 'fast-check';

/** One change to a payload; places and lengths are taken modulo what there is. */
export type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'set'; readonly at: number; readonly value: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly kind: 'splice'; readonly at: number; readonly from: number; readonly length: number };

/** Mutated payloads are cut here; hostile sizes are for the receivers' tests. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;

const place = fc.nat({ max: 0xffff });
const length = fc.oneof(fc.nat({ max: 16 }), fc.nat({ max: 2048 }));

/** Bytes that lie about lengths and numbers in protobuf, and words that surprise in JSON. */
const HOSTILE = [
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
  Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80),
  Uint8Array.of(0x0b, 0x0b, 0x0b),
  Uint8Array.of(0x0c),
  Uint8Array.of(0x2a, 0x02, 0x0a, 0x00),
  ...[
    '"__proto__":{"x":1},',
    '"constructor":{"prototype":{}},',
    '[[[[[[[[',
    '{"a":{"a":{"a":',
    '1e999',
    '-1',
    '-0',
    '0.5',
    '99999999999999999999999999',
    '"99999999999999999999"',
    'null',
    'true',
    '[]',
    '{}',
    '""',
    '"\\ud800"',
    '\u0000',
    '\\',
    '"',
    ',',
  ].map((text) => new Uint8Array(Buffer.from(text))),
];

/** Any few changes to a payload. */
export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.nat({ max: 7 }) }),
    fc.record({
      kind: fc.constant('set' as const),
      at: place,
      value: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat({ max: 255 })),
    }),
    fc.record({ kind: fc.constant('cut' as const), at: place }),
    fc.record({ kind: fc.constant('remove' as const), at: place, length }),
    fc.record({
      kind: fc.constant('insert' as const),
      at: place,
      bytes: fc.oneof(fc.constantFrom(...HOSTILE), fc.uint8Array({ maxLength: 12 })),
    }),
    fc.record({ kind: fc.constant('repeat' as const), at: place, length, times: fc.nat({ max: 64 }) }),
    fc.record({ kind: fc.constant('splice' as const), at: place, from: place, length }),
  ),
  { maxLength: 6 },
);

/** The payload with all changes, one after another; `other` is what is spliced in. */
export function mutate(payload: Uint8Array, changes: readonly Mutation[], other: Uint8Array): Uint8Array {
  let bytes = new Uint8Array(payload);
  for (const change of changes) bytes = new Uint8Array(apply(bytes, change, other).subarray(0, MAX_PAYLOAD_BYTES));
  return bytes;
}

function apply(bytes: Uint8Array, change: Mutation, other: Uint8Array): Uint8Array {
  const at = bytes.length === 0 ? 0 : change.at % bytes.length;
  switch (change.kind) {
    case 'flip':
      return withByte(bytes, at, (bytes[at] ?? 0) ^ (1 << change.bit));
    case 'set':
      return withByte(bytes, at, change.value);
    case 'cut':
      return bytes.subarray(0, at);
    case 'remove':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + change.length)]);
    case 'insert':
      return Buffer.concat([bytes.subarray(0, at), change.bytes, bytes.subarray(at)]);
    case 'repeat': {
      const piece = bytes.subarray(at, at + change.length);
      const pieces = Array.from({ length: change.times }, () => piece);
      return Buffer.concat([bytes.subarray(0, at), ...pieces, bytes.subarray(at)]);
    }
    case 'splice': {
      const from = other.length === 0 ? 0 : change.from % other.length;
      const piece = other.subarray(from, from + change.length);
      return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + piece.length)]);
    }
    default:
      return change satisfies never;
  }
}

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const changed = new Uint8Array(bytes);
  if (at < changed.length) changed[at] = value;
  return changed;
}
