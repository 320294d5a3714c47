import type { TextPair } from '../../model/message.ts';

/** Headers of one message that are kept; further ones are cut. */
export const MAX_HEADERS = 64;
/** Characters of a header's name and of its value; the rest is cut. */
const MAX_KEY = 256;
const MAX_VALUE = 4096;

const utf8 = new TextDecoder('utf-8', { fatal: true });
const UNPRINTABLE = /[\p{Cc}\u{fffd}]/u;

/** A table of AMQP fields as a client library gives it. */
export type FieldTable = Readonly<Record<string, unknown>>;

/** The value as a table; undefined for everything else. */
export function asTable(value: unknown): FieldTable | undefined {
  return isTable(value) ? value : undefined;
}

function isTable(value: unknown): value is FieldTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** The value as text: strings, and bytes that are text (clients in C# write strings as bytes). */
export function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!(value instanceof Uint8Array)) return undefined;
  try {
    const text = utf8.decode(value);
    return UNPRINTABLE.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** The value as a list of texts; what is no text is left out. */
export function asTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(asText).filter((text) => text !== undefined) : [];
}

/** The value as a whole number. */
export function asInteger(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/**
 * A field of any AMQP 0-9-1 type as text: texts as they are, numbers in decimal, true and false, bytes that are no text in base64,
 * void as nothing, tables, arrays and decimals as JSON. Cut at 4,096 characters.
 */
export function fieldText(value: unknown): string {
  return (asText(value) ?? otherText(value)).slice(0, MAX_VALUE);
}

function otherText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'object') return JSON.stringify(plain(value));
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : '';
}

/** The same value with bytes as text or base64, for JSON. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return asText(value) ?? Buffer.from(value).toString('base64');
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(plain);
  const table = asTable(value);
  if (table === undefined) return value;
  return Object.fromEntries(Object.entries(table).map(([key, member]) => [key, plain(member)]));
}

/** Headers as text pairs, in their order, without the named ones; at most 64. */
export function headerPairs(headers: FieldTable, without: ReadonlySet<string>): TextPair[] {
  const pairs: TextPair[] = [];
  for (const key in headers) {
    if (!Object.hasOwn(headers, key) || without.has(key)) continue;
    if (pairs.length === MAX_HEADERS) break;
    pairs.push({ key: key.slice(0, MAX_KEY), value: fieldText(headers[key]) });
  }
  return pairs;
}
