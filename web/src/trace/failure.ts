import type { Span } from '../../../src/api/contract/index.ts';

/** The text of an error: the status message, else the exception's message or type, else nothing. */
export function errorText(span: Span): string {
  if (span.status.message !== '') return span.status.message;
  const exception = span.events.find((event) => event.name === 'exception');
  const value = (key: string): string | undefined =>
    exception?.attributes.find((attribute) => attribute.key === key)?.value;
  return value('exception.message') ?? value('exception.type') ?? '';
}
