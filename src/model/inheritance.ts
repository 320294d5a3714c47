/** What inheritance needs to know of a span. */
export interface NamingSpan {
  readonly spanId: string;
  /** Null for a root. */
  readonly parentSpanId: string | null;
  /** The order that the span itself names (aliases resolved); null when it names none. */
  readonly orderId: string | null;
}

/**
 * Decides which order each span of one trace works for.
 *
 * A span belongs to the order that it names, else to that of its nearest ancestor that names one. Where no ancestor does, it belongs
 * to the order of the trace if the whole trace names exactly one (the request that created the order starts before its id exists).
 * Returns an entry for every span id; null where the trace serves several orders and none is nearer. Parents that are missing, and
 * cycles among wrong parents, end the search.
 */
export function inheritOrders(spans: readonly NamingSpan[]): Map<string, string | null> {
  const byId = new Map<string, NamingSpan>();
  const named = new Set<string>();
  for (const span of spans) {
    // Client and server spans may share an id (B3): the one that names an order speaks for both.
    const known = byId.get(span.spanId);
    if (known === undefined || (known.orderId === null && span.orderId !== null)) byId.set(span.spanId, span);
    if (span.orderId !== null) named.add(span.orderId);
  }
  const [first] = named;
  const fallback = named.size === 1 && first !== undefined ? first : null;
  const resolved = new Map<string, string | null>();
  for (const spanId of byId.keys()) resolve(spanId, byId, resolved, fallback);
  return resolved;
}

function resolve(
  spanId: string,
  byId: ReadonlyMap<string, NamingSpan>,
  resolved: Map<string, string | null>,
  fallback: string | null,
): void {
  const path: string[] = [];
  const onPath = new Set<string>();
  let at: string | null = spanId;
  let answer: string | null = fallback;
  while (at !== null && !onPath.has(at)) {
    const known = resolved.get(at);
    if (known !== undefined) {
      answer = known;
      break;
    }
    const span = byId.get(at);
    if (span === undefined) break;
    path.push(at);
    onPath.add(at);
    if (span.orderId !== null) {
      answer = span.orderId;
      break;
    }
    at = span.parentSpanId;
  }
  for (const id of path) resolved.set(id, answer);
}
