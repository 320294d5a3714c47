import { type FamilySpan, findParents } from '../../model/span-parents.ts';

/** What the search for innermost errors needs to know of a span. */
export interface ErrorTreeSpan extends FamilySpan {
  readonly isError: boolean;
}

/**
 * Finds the error spans of a trace that no error span below them explains: where each failure happened.
 *
 * An error travels up from the span where it happened through its callers; the innermost one names the service and the operation.
 * Retries are siblings, so each failed attempt is one; of a shared span (`findParents`) the server's half explains the client's.
 * Linear; parents that are missing and cycles do no harm.
 */
export function innermostErrors<Span extends ErrorTreeSpan>(spans: readonly Span[]): Span[] {
  const parents = findParents(spans);
  const explained = new Set<number>();
  for (const [index, span] of spans.entries()) {
    if (!span.isError) continue;
    const seen = new Set<number>([index]);
    let above = parents[index] ?? -1;
    // An explained ancestor has told its own ancestors already.
    while (above >= 0 && !seen.has(above) && !explained.has(above)) {
      seen.add(above);
      explained.add(above);
      above = parents[above] ?? -1;
    }
  }
  return spans.filter((span, index) => span.isError && !explained.has(index));
}
