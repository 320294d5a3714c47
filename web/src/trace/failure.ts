import type { Span, Trace } from '../../../src/api/contract/index.ts';
import { buildTree, visibleRows } from './tree.ts';

/** The text of an error: the status message, else the exception's message or type, else nothing. */
export function errorText(span: Span): string {
  if (span.status.message !== '') return span.status.message;
  const exception = span.events.find((event) => event.name === 'exception');
  const value = (key: string): string | undefined =>
    exception?.attributes.find((attribute) => attribute.key === key)?.value;
  return value('exception.message') ?? value('exception.type') ?? '';
}

/**
 * The innermost error span: the deepest one, the last one to start among equals. It is where the failure began;
 * the errors above it only pass it on. Undefined when the trace has no error.
 */
export function innermostError(trace: Trace): Span | undefined {
  let found: { span: Span; depth: number } | undefined;
  for (const row of visibleRows(buildTree(trace.spans), new Set())) {
    if (row.span.status.code !== 'error') continue;
    if (found === undefined || row.depth >= found.depth) found = { span: row.span, depth: row.depth };
  }
  return found?.span;
}
