/**
 * The instrumentation scope of spans that Waybill made of what a broker showed. Their clients may report the same work themselves,
 * earlier or later; readers hide the made ones then (`hideDoubles`).
 */
export const SYNTHETIC_SCOPE = 'waybill.rabbitmq';

/** OTLP SpanKind. */
export const KIND_PRODUCER = 4;
export const KIND_CONSUMER = 5;

/** What deciding about doubles needs of a span. */
export interface CandidateSpan {
  readonly spanId: string;
  /** Null for a root. */
  readonly parentSpanId: string | null;
  /** OTLP SpanKind. */
  readonly kind: number;
  readonly synthetic: boolean;
  readonly name: string;
  /** Values of its attributes; where a queue is named. */
  readonly values: readonly string[];
  /** Span ids of its links. */
  readonly links: readonly string[];
}

/** A made span that need not be shown. */
export interface Double {
  /** What its children get as parent instead; null for none. */
  readonly parentSpanId: string | null;
  /** The client's own span of the same work. */
  readonly of: string;
}

/**
 * Decides which made spans of one trace are doubles of spans that clients reported themselves; by span id.
 *
 * A made producer span is hidden when its parent, the span whose context the message carries, is a producer span: that is the client's
 * own. A made consumer span (its link names the same context) is hidden when a client's consumer span descends from that context, directly
 * or by a link: one that names the queue hides that queue's, and others hide what is left, one each. Spans may come in any order.
 */
export function hideDoubles(spans: readonly CandidateSpan[]): Map<string, Double> {
  const hidden = new Map<string, Double>();
  const made = spans.filter(({ synthetic }) => synthetic);
  if (made.length === 0) return hidden;
  const producers = new Set(
    spans.filter(({ synthetic, kind }) => !synthetic && kind === KIND_PRODUCER).map(({ spanId }) => spanId),
  );
  for (const span of made) {
    const parent = span.parentSpanId;
    if (span.kind === KIND_PRODUCER && parent !== null && producers.has(parent)) {
      hidden.set(span.spanId, { parentSpanId: parent, of: parent });
    }
  }
  const consumers = spans.filter(({ synthetic, kind }) => !synthetic && kind === KIND_CONSUMER);
  const waiting = Map.groupBy(
    made.filter(({ kind }) => kind === KIND_CONSUMER),
    ({ links }) => links[0] ?? '',
  );
  for (const [context, candidates] of waiting) {
    const own = consumers.filter(({ parentSpanId, links }) => parentSpanId === context || links.includes(context));
    if (context !== '') hideConsumers(candidates, own, hidden);
  }
  return hidden;
}

function hideConsumers(
  made: readonly CandidateSpan[],
  own: readonly CandidateSpan[],
  hidden: Map<string, Double>,
): void {
  const left = new Set(made);
  const unmatched: CandidateSpan[] = [];
  const hide = (span: CandidateSpan, real: CandidateSpan): void => {
    hidden.set(span.spanId, { parentSpanId: span.parentSpanId, of: real.spanId });
    left.delete(span);
  };
  for (const real of own) {
    // A client names the queue in its span's name, or as a whole or a part of a destination: `queue`, `exchange:key:queue`.
    const named = made.filter((span) => {
      const queue = queueOf(span);
      return (
        queue !== '' && (wordsOf(real.name).includes(queue) || real.values.some((value) => endsWith(value, queue)))
      );
    });
    if (named.length === 0) unmatched.push(real);
    // One client span each; a redelivery has one of its own.
    const [first] = named.filter((span) => left.has(span));
    if (first !== undefined) hide(first, real);
  }
  for (const real of unmatched) {
    const [first] = left;
    if (first !== undefined) hide(first, real);
  }
}

/** Made consumer spans are called `deliver <queue>`. */
function queueOf({ name }: CandidateSpan): string {
  return name.slice(name.indexOf(' ') + 1);
}

function wordsOf(name: string): string[] {
  const space = name.indexOf(' ');
  // Both orders are in use: `process orders` and `orders process`.
  return [name, name.slice(space + 1), name.slice(0, Math.max(0, name.lastIndexOf(' ')))];
}

function endsWith(value: string, queue: string): boolean {
  return value === queue || value.endsWith(`:${queue}`);
}
