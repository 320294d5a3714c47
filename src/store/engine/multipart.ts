import { EngineException, EXCEPTION } from './exception.ts';

/**
 * Reads the fields of a multipart/form-data body (RFC 7578): text fields only, as ClickHouse's clients send `query` and `param_*`.
 * Throws EngineException where the body is not what its content type says.
 */
export function readParts(body: string, contentType: string): Map<string, string> {
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const mark = boundary?.[1] ?? boundary?.[2];
  if (mark === undefined) throw broken('has no boundary');
  const delimiter = `\r\n--${mark}`;
  // The first delimiter has no line break before it.
  const text = `\r\n${body}`;
  const parts = new Map<string, string>();
  let at = text.indexOf(delimiter);
  if (at < 0) throw broken('does not begin with its boundary');
  for (;;) {
    at += delimiter.length;
    if (text.startsWith('--', at)) return parts;
    const headersEnd = text.indexOf('\r\n\r\n', at);
    const end = headersEnd < 0 ? -1 : text.indexOf(delimiter, headersEnd + 2);
    if (end < 0) throw broken('ends within a part');
    const name = /^content-disposition:\s*form-data;(?:[^\r\n]*;)?\s*name="([^"]*)"/im.exec(
      text.slice(at + 2, headersEnd),
    )?.[1];
    if (name === undefined) throw broken('has a part without a name');
    parts.set(name, text.slice(headersEnd + 4, end));
    at = end;
  }
}

function broken(what: string): EngineException {
  return new EngineException(EXCEPTION.unsupported, `The multipart body ${what}`);
}
