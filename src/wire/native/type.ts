import { WaybillError } from '../../model/errors.ts';

/** What the bytes of a ClickHouse type look like in the Native format. */
export type NativeType =
  | { readonly kind: 'fixed'; readonly width: number }
  | { readonly kind: 'string' }
  | { readonly kind: 'low_cardinality' }
  | { readonly kind: 'array'; readonly inner: NativeType }
  | { readonly kind: 'nullable'; readonly inner: NativeType };

const FIXED_WIDTHS: Readonly<Record<string, number>> = {
  Bool: 1,
  Int8: 1,
  UInt8: 1,
  Enum8: 1,
  Int16: 2,
  UInt16: 2,
  Enum16: 2,
  Date: 2,
  Int32: 4,
  UInt32: 4,
  Float32: 4,
  Date32: 4,
  DateTime: 4,
  IPv4: 4,
  Int64: 8,
  UInt64: 8,
  Float64: 8,
  DateTime64: 8,
  IPv6: 16,
  UUID: 16,
};

const SHAPE = /^([A-Za-z0-9]+)(?:\((.*)\))?$/s;
/** Types nest to a depth of two in our schema; the bound keeps hostile bytes from exhausting the stack. */
const MAX_DEPTH = 8;

const known = new Map<string, NativeType>();
const MAX_KNOWN = 1024;

/**
 * Parses ClickHouse type text as far as the Native codec needs it: fixed widths, String, LowCardinality(String), Array, Nullable.
 * Throws `malformed_payload` for any other type.
 */
export function parseNativeType(text: string): NativeType {
  const cached = known.get(text);
  if (cached !== undefined) return cached;
  const type = parse(text, 0);
  if (known.size < MAX_KNOWN) known.set(text, type);
  return type;
}

function parse(text: string, depth: number): NativeType {
  const [, name = '', inside = ''] = SHAPE.exec(text) ?? [];
  if (depth > MAX_DEPTH) throw unsupported(text);
  if (name === 'String') return { kind: 'string' };
  if (name === 'LowCardinality' && inside === 'String') return { kind: 'low_cardinality' };
  if (name === 'Array') return { kind: 'array', inner: parse(inside, depth + 1) };
  if (name === 'Nullable') return { kind: 'nullable', inner: parse(inside, depth + 1) };
  if (name === 'FixedString' && /^[1-9]\d{0,4}$/.test(inside)) return { kind: 'fixed', width: Number(inside) };
  const width = Object.hasOwn(FIXED_WIDTHS, name) ? FIXED_WIDTHS[name] : undefined;
  if (width === undefined) throw unsupported(text);
  return { kind: 'fixed', width };
}

function unsupported(text: string): WaybillError {
  return new WaybillError('malformed_payload', `the Native codec does not know the type ${text.slice(0, 100)}`);
}
