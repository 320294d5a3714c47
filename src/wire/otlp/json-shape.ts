import { WaybillError } from '../../model/errors.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Nesting that 32 levels of AnyValue inside a link's attribute can reach in OTLP/JSON. */
const MAX_DEPTH = 160;
/** Objects, arrays and their elements: about twice what 64 MiB of ordinary spans hold; each costs tens of bytes once parsed. */
const MAX_ELEMENTS = 16_000_000;

/** Throws the error for JSON that cannot be taken; `reason` MUST NOT hold payload text. */
export function failJson(path: string, reason: string): never {
  throw new WaybillError('malformed_payload', `malformed OTLP/JSON in ${path}: ${reason}`, {
    remedy: 'send an OTLP ExportTraceServiceRequest in the JSON encoding of the OTLP specification',
  });
}

/** Refuses JSON whose parsed form would be out of proportion, before anything is allocated for it. */
export function checkJsonShape(body: Uint8Array): void {
  let depth = 0;
  let elements = 0;
  let isInString = false;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (isInString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isInString = false;
    } else if (byte === QUOTE) isInString = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      elements += 1;
      if (depth > MAX_DEPTH) failJson('the request', `nested too deeply at byte ${at}`);
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
    else if (byte === COMMA) elements += 1;
  }
  if (elements > MAX_ELEMENTS) failJson('the request', 'more elements than a request can hold');
}

/** Parses JSON bytes; the error of a failure says where, never what. */
export function parseJson(body: Uint8Array): unknown {
  checkJsonShape(body);
  // Stripping a byte order mark is what TextDecoder does by itself.
  const text = new TextDecoder('utf-8', { fatal: false }).decode(body);
  try {
    return JSON.parse(text);
  } catch (error) {
    // The message of a SyntaxError quotes the payload; only its position may be told.
    const position = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
    return failJson('the request', position === undefined ? 'not JSON' : `not JSON at character ${position}`);
  }
}

/** A JSON object as it came; unknown members are ignored by whoever reads it. */
export type JsonObject = { readonly [member: string]: unknown };

/** The object at `path`, or undefined where there is none (null counts as absent, as in proto3 JSON). */
export function readObject(value: unknown, path: string): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) failJson(path, 'expected an object');
  return value as JsonObject;
}

export function readArray(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) failJson(path, 'expected an array');
  return value;
}

export function readString(value: unknown, path: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') failJson(path, 'expected a string');
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
  const number = readInt64(value, path);
  if (number < 0n || number > 0xffff_ffffn) failJson(path, 'expected an unsigned 32-bit integer');
  return Number(number);
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
