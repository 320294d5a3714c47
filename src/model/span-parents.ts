/** OTLP SpanKind by number, as the store and the decoders have it. */
export const SPAN_KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

/** What the place of a span in its trace depends on. */
export interface FamilySpan {
  readonly spanId: string;
  /** Null for a root. */
  readonly parentSpanId: string | null;
  readonly kind: SpanKind;
  readonly service: string;
}

/**
 * Finds the parent of every span of one trace: its index among `spans`, or -1 where there is none or it has not arrived.
 *
 * With B3 a client and the server that it calls may report one span id between them (Zipkin's shared spans). Then the server's half is
 * the child of the client's, and what names that id as its parent hangs below the half of its own service, else below the server's:
 * the client is done with calling when the server works. Cycles among wrong parents are left in; a span is never its own parent.
 */
export function findParents(spans: readonly FamilySpan[]): Int32Array {
  const halves = new Map<string, number[]>();
  for (const [index, { spanId }] of spans.entries()) {
    const known = halves.get(spanId);
    if (known === undefined) halves.set(spanId, [index]);
    else known.push(index);
  }
  const parents = new Int32Array(spans.length);
  for (const [index, span] of spans.entries()) parents[index] = parentOf(span, index, spans, halves);
  return parents;
}

function parentOf(
  span: FamilySpan,
  index: number,
  spans: readonly FamilySpan[],
  halves: ReadonlyMap<string, readonly number[]>,
): number {
  if (isCalled(span)) {
    const caller = halves.get(span.spanId)?.find((half) => isCaller(spans[half]));
    if (caller !== undefined) return caller;
  }
  if (span.parentSpanId === null || span.parentSpanId === span.spanId) return -1;
  let best = -1;
  let bestRank = -1;
  for (const half of halves.get(span.parentSpanId) ?? []) {
    const candidate = spans[half];
    if (half === index || candidate === undefined) continue;
    const rank = (candidate.service === span.service ? 2 : 0) + (isCalled(candidate) ? 1 : 0);
    if (rank > bestRank) {
      best = half;
      bestRank = rank;
    }
  }
  return best;
}

function isCalled({ kind }: FamilySpan): boolean {
  return kind === 'server' || kind === 'consumer';
}

function isCaller(span: FamilySpan | undefined): boolean {
  return span?.kind === 'client' || span?.kind === 'producer';
}
