/** What the search for innermost errors needs to know of a span. */
export interface ErrorTreeSpan {
  readonly spanId: string;
  /** Null for a root. */
  readonly parentSpanId: string | null;
  readonly isError: boolean;
}

/**
 * Finds the error spans of a trace that no error span below them explains: where each failure happened.
 *
 * An error travels up from the span where it happened through its callers; the innermost one names the service and the operation.
 * Retries are siblings, so each failed attempt is one. Linear; parents that are missing and cycles do no harm.
 */
export function innermostErrors<Span extends ErrorTreeSpan>(spans: readonly Span[]): Span[] {
  const parents = new Map(spans.map(({ spanId, parentSpanId }) => [spanId, parentSpanId]));
  const explained = new Set<string>();
  for (const span of spans) {
    if (!span.isError) continue;
    const seen = new Set<string>([span.spanId]);
    let above = span.parentSpanId;
    // An explained ancestor has told its own ancestors already.
    while (above !== null && !seen.has(above) && !explained.has(above)) {
      seen.add(above);
      explained.add(above);
      above = parents.get(above) ?? null;
    }
  }
  return spans.filter((span) => span.isError && !explained.has(span.spanId));
}
