import type { Span } from '../../../src/api/contract/index.ts';
import { errorText } from './failure.ts';

/** Attributes worth a place on the bar, the most telling first; OpenTelemetry semantic conventions, new names before old. */
const TELLING = [
  'http.response.status_code',
  'http.status_code',
  'rpc.grpc.status_code',
  'messaging.destination.name',
  'db.query.summary',
  'db.collection.name',
  'order.status',
];

/** The one thing to know about a span without opening it: its error, else its most telling attribute; '' when there is none. */
export function spanHint(span: Span): string {
  if (span.status.code === 'error') return errorText(span);
  for (const key of TELLING) {
    const found = span.attributes.find((attribute) => attribute.key === key);
    if (found !== undefined && found.value !== '') return found.value;
  }
  return '';
}

/** Whether a span has the text in its name, service, ids or attributes; case does not matter. */
export function spanMatches(span: Span, text: string): boolean {
  const wanted = text.toLowerCase();
  const has = (value: string): boolean => value.toLowerCase().includes(wanted);
  return (
    has(span.name) ||
    has(span.service) ||
    has(span.spanId) ||
    has(span.status.message) ||
    span.attributes.some((attribute) => has(attribute.key) || has(attribute.value))
  );
}
