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
  const family = new Family(spans);
  const parents = new Int32Array(spans.length);
  for (let index = 0; index < spans.length; index += 1) parents[index] = family.parentOf(index);
  return parents;
}

/** The spans of one trace by their ids. */
class Family {
  readonly #spans: readonly FamilySpan[];
  readonly #first = new Map<string, number>();
  /** By index: the next span with the same id, in their order; -1 where there is none. */
  readonly #next: Int32Array;

  constructor(spans: readonly FamilySpan[]) {
    this.#spans = spans;
    this.#next = new Int32Array(spans.length);
    for (let index = spans.length - 1; index >= 0; index -= 1) {
      const { spanId = '' } = spans[index] ?? {};
      this.#next[index] = this.#first.get(spanId) ?? -1;
      this.#first.set(spanId, index);
    }
  }

  parentOf(index: number): number {
    const span = this.#spans[index];
    if (span === undefined) return -1;
    const caller = isCalled(span) ? this.#callerOf(span) : -1;
    if (caller >= 0) return caller;
    return span.parentSpanId === null || span.parentSpanId === span.spanId
      ? -1
      : this.#nearest(span.parentSpanId, span, index);
  }

  #callerOf({ spanId }: FamilySpan): number {
    let half = this.#first.get(spanId) ?? -1;
    while (half >= 0 && !isCaller(this.#spans[half])) half = this.#next[half] ?? -1;
    return half;
  }

  /** Which of the spans with an id is the parent of a span that names it. */
  #nearest(parentId: string, { service }: FamilySpan, index: number): number {
    let best = -1;
    let bestRank = -1;
    for (let half = this.#first.get(parentId) ?? -1; half >= 0; half = this.#next[half] ?? -1) {
      const candidate = this.#spans[half];
      if (half === index || candidate === undefined) continue;
      const rank = (candidate.service === service ? 2 : 0) + (isCalled(candidate) ? 1 : 0);
      if (rank > bestRank) {
        best = half;
        bestRank = rank;
      }
    }
    return best;
  }
}

function isCalled({ kind }: FamilySpan): boolean {
  return kind === 'server' || kind === 'consumer';
}

function isCaller(span: FamilySpan | undefined): boolean {
  return span?.kind === 'client' || span?.kind === 'producer';
}
