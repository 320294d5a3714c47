import type { CreationContext } from '../../model/message.ts';
import { asText, type FieldTable } from './field-values.ts';

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const B3_SINGLE = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(-[01d](-[0-9a-f]{16})?)?$/;
const ZEROS = /^0+$/;

/**
 * The span that created a message, from its headers: W3C `traceparent`, else B3 as a single header, else B3 as `X-B3-*`. Names and digits
 * in any case; 64-bit trace ids of B3 are padded on the left. Null where there is none or it is not valid.
 */
export function creationContext(headers: FieldTable): CreationContext | null {
  let traceparent: string | undefined;
  let b3: string | undefined;
  let b3Trace: string | undefined;
  let b3Span: string | undefined;
  for (const key in headers) {
    // A cheap look first: most headers are something else.
    const first = key.charCodeAt(0) | 0x20;
    if (first !== 0x74 && first !== 0x62 && first !== 0x78) continue;
    const name = key.toLowerCase();
    if (name === 'traceparent') traceparent = asText(headers[key]);
    else if (name === 'b3') b3 = asText(headers[key]);
    else if (name === 'x-b3-traceid') b3Trace = asText(headers[key]);
    else if (name === 'x-b3-spanid') b3Span = asText(headers[key]);
  }
  return (
    fromTraceparent(traceparent) ?? fromB3(b3) ?? fromB3(b3Trace === undefined ? undefined : `${b3Trace}-${b3Span}`)
  );
}

function fromTraceparent(text: string | undefined): CreationContext | null {
  const match = TRACEPARENT.exec(text?.trim().toLowerCase() ?? '');
  if (match === null) return null;
  const [, version, traceId = '', spanId = '', rest] = match;
  // W3C Trace Context, 3.2.2: version ff is invalid, and version 00 has nothing behind the flags.
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null;
  return valid(traceId, spanId);
}

function fromB3(text: string | undefined): CreationContext | null {
  const match = B3_SINGLE.exec(text?.trim().toLowerCase() ?? '');
  if (match === null) return null;
  const [, traceId = '', spanId = ''] = match;
  return valid(traceId.padStart(32, '0'), spanId);
}

function valid(traceId: string, spanId: string): CreationContext | null {
  return ZEROS.test(traceId) || ZEROS.test(spanId) ? null : { traceId, spanId };
}
