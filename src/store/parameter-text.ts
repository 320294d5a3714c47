import { WaybillError } from '../model/errors.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  "'": "\\'",
  '\\': '\\\\',
};

/**
 * The value of a `{name:Type}` placeholder as ClickHouse reads it from `param_name` (its TSV escapes; arrays as literals of the
 * statement): strings, numbers, bigints, booleans, null, and arrays of them. Anything else is `internal`.
 */
export function parameterText(value: unknown): string {
  if (value === null) return '\\N';
  if (typeof value === 'string') return escape(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  return Array.isArray(value) ? literal(value) : numberText(value);
}

function literal(value: unknown): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `'${escape(value)}'`;
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  return Array.isArray(value) ? `[${value.map(literal).join(',')}]` : numberText(value);
}

function numberText(value: unknown): string {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))) return String(value);
  throw new WaybillError('internal', `a parameter of a statement cannot be of the type ${typeof value}`);
}

function escape(text: string): string {
  return text.replace(/[\t\n\r'\\]/g, (character) => ESCAPES[character] ?? character);
}
