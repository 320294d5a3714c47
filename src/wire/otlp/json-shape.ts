import { WaybillError } from '../../model/errors.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const MAX_UINT64 = 2n ** 64n - 1n;

/** Nesting that 32 levels of AnyValue inside a link's attribute can reach in OTLP/JSON. */
const MAX_DEPTH = 160;
/**
 * Objects, arrays and commas: what some 40,000 ordinary spans have. Measured: so many of the smallest elements take a second to parse and
 * some 200 MB, and they compress to kilobytes; four times as many held everybody up for four seconds.
 */
const MAX_ELEMENTS = 4_000_000;

/** What JSON is called in errors, and what its sender should send. */
export interface JsonDialect {
  readonly name: string;
  readonly remedy: string;
}

const OTLP_JSON: JsonDialect = {
  name: 'OTLP/JSON',
  remedy: 'send an OTLP export request in the JSON encoding of the OTLP specification',
};

/** Throws the error for JSON that cannot be taken; `reason` MUST NOT hold payload text. */
export function failJson(path: string, reason: string, dialect: JsonDialect = OTLP_JSON): never {
  throw new WaybillError('malformed_payload', `malformed ${dialect.name} in ${path}: ${reason}`, {
    remedy: dialect.remedy,
  });
}

/** By byte: whether it means something outside of strings. A table, because nearly all bytes of JSON mean nothing here. */
const IS_STRUCTURE = new Uint8Array(256);
for (const byte of [QUOTE, COMMA, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE]) IS_STRUCTURE[byte] = 1;

/** Refuses JSON whose parsed form would be out of proportion, before anything is allocated for it. */
export function checkJsonShape(body: Uint8Array, dialect: JsonDialect = OTLP_JSON): void {
  // A Buffer has another hidden class; a plain view keeps the loop monomorphic.
  const bytes = new Uint8Array(body.buffer, body.byteOffset, body.length);
  let depth = 0;
  let elements = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (IS_STRUCTURE[byte] === 0) continue;
    if (byte === QUOTE) at = endOfString(bytes, at + 1);
    else if (byte === COMMA) elements += 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      elements += 1;
      if (depth > MAX_DEPTH) failJson('the request', `nested too deeply at byte ${at}`, dialect);
    } else depth -= 1;
  }
  if (elements > MAX_ELEMENTS) failJson('the request', 'more elements than a request can hold', dialect);
}

/** Offset of the quote that ends the string whose first byte is at `from`; the length where none does. */
function endOfString(bytes: Uint8Array, from: number): number {
  let at = from;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += 1;
  }
  return at;
}

/** Parses JSON bytes; the error of a failure says where, never what. */
export function parseJson(body: Uint8Array, dialect: JsonDialect = OTLP_JSON): unknown {
  checkJsonShape(body, dialect);
  // Stripping a byte order mark is what TextDecoder does by itself.
  const text = new TextDecoder('utf-8', { fatal: false }).decode(body);
  try {
    return JSON.parse(text);
  } catch (error) {
    // The message of a SyntaxError quotes the payload; only its position may be told.
    const position = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
    const reason = position === undefined ? 'not JSON' : `not JSON at character ${position}`;
    return failJson('the request', reason, dialect);
  }
}

/** A JSON object as it came; unknown members are ignored by whoever reads it. */
export type JsonObject = { readonly [member: string]: unknown };

/** The object at `path`, or undefined where there is none (null counts as absent, as in proto3 JSON). */
export function readObject(value: unknown, path: string, dialect: JsonDialect = OTLP_JSON): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) failJson(path, 'expected an object', dialect);
  return value as JsonObject;
}

export function readArray(value: unknown, path: string, dialect: JsonDialect = OTLP_JSON): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) failJson(path, 'expected an array', dialect);
  return value;
}

export function readString(value: unknown, path: string, dialect: JsonDialect = OTLP_JSON): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') failJson(path, 'expected a string', dialect);
  return value;
}

/** A 64-bit integer given as a decimal string or a number, as proto3 JSON allows. */
export function readInt64(value: unknown, path: string): bigint {
  if (value === undefined || value === null || value === '') return 0n;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  return failJson(path, 'expected an integer');
}

/** An unsigned 32-bit count or flags; out-of-range numbers are malformed. */
export function readUint32(value: unknown, path: string): number {
  if (value === undefined || value === null) return 0;
  const number = readInt64(value, path);
  if (number < 0n || number > 0xffff_ffffn) failJson(path, 'expected an unsigned 32-bit integer');
  return Number(number);
}

/** An unsigned 64-bit count or fixed64; out-of-range numbers are malformed. */
export function readUint64(value: unknown, path: string): bigint {
  const number = readInt64(value, path);
  if (number < 0n || number > MAX_UINT64) failJson(path, 'expected an unsigned 64-bit integer');
  return number;
}

/** A signed 32-bit number; out-of-range numbers are malformed. */
export function readInt32(value: unknown, path: string): number {
  const number = readInt64(value, path);
  if (number < -0x8000_0000n || number > 0x7fff_ffffn) failJson(path, 'expected a signed 32-bit integer');
  return Number(number);
}

/** A fixed64 time; one that a uint64 cannot hold is kept as one that no store can hold, so that only its row is rejected. */
export function readTime(value: unknown, path: string): bigint {
  const time = readInt64(value, path);
  return time < 0n || time > MAX_UINT64 ? MAX_UINT64 : time;
}

/** Where `readTimeHalves` leaves a time; one for all, since decoding is synchronous. */
export const timeHalves = { low: 0, high: 0 };

const TIME_TEXT = /^\d{10,19}$/;

/** `readTime` into `timeHalves`. Without a BigInt where the time stands there as senders write it, a decimal string. */
export function readTimeHalves(value: unknown, path: string): void {
  if (typeof value !== 'string' || !TIME_TEXT.test(value)) {
    const time = readTime(value, path);
    timeHalves.low = lowOf(time);
    timeHalves.high = highOf(time);
    return;
  }
  // seconds × 10⁹ + nanos, with seconds in two parts so that no product leaves the 53 bits in which numbers are exact.
  const seconds = Number(value.slice(0, -9));
  const upper = Math.floor(seconds / 0x1_0000) * 1e9;
  const lower = (seconds % 0x1_0000) * 1e9 + Number(value.slice(-9));
  const low = (upper % 0x1_0000) * 0x1_0000 + (lower % 0x1_0000_0000);
  timeHalves.low = low % 0x1_0000_0000;
  timeHalves.high = Math.floor(upper / 0x1_0000) + Math.floor(lower / 0x1_0000_0000) + Math.floor(low / 0x1_0000_0000);
}

/** The low 32 bits of a 64-bit number in two's complement. */
export function lowOf(value: bigint): number {
  return Number(value & 0xffff_ffffn);
}

/** The high 32 bits of a 64-bit number in two's complement. */
export function highOf(value: bigint): number {
  return Number((value >> 32n) & 0xffff_ffffn);
}

export function readBoolean(value: unknown, path: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') failJson(path, 'expected true or false');
  return value;
}

/** An enum given as an integer (OTLP/JSON forbids names); one that is not known yet counts as 0. */
export function readEnum(value: unknown, max: number, path: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number' || !Number.isInteger(value)) failJson(path, 'expected an enum as an integer');
  return value >= 0 && value <= max ? value : 0;
}

/** A double, or one of proto3 JSON's texts for it. */
export function readDouble(value: unknown, path: string): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity') return Number.POSITIVE_INFINITY;
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY;
  if (typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return Number(value);
  return failJson(path, 'expected a double');
}
