/** A JSON object whose fields are not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** A body or a message that is not what was agreed. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

/** Parses a JSON object. @throws MalformedError when it is none. */
export function parseFields(bytes: Buffer): Fields {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new MalformedError('the body is not JSON; send a JSON object', { cause });
  }
  return asFields(value, 'the body');
}

/** @throws MalformedError when the value is no JSON object; `what` names it. */
export function asFields(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new MalformedError(`${what} is not an object; send a JSON object`);
}

/** A text field that must be there. @throws MalformedError */
export function textField(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new MalformedError(`"${name}" is missing or no text`);
}

/** A number field that must be there. @throws MalformedError */
export function numberField(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new MalformedError(`"${name}" is missing or no number`);
}

/** A list of JSON objects. @throws MalformedError */
export function parseRows(bytes: Buffer): Fields[] {
  const rows = parseFields(bytes).rows;
  if (!Array.isArray(rows)) throw new MalformedError('"rows" is missing or no list');
  return rows.map((row) => asFields(row, 'a row'));
}
