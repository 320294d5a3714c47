import { type FamilySpan, findParents } from './span-parents.ts';

/** What inheritance needs to know of a span. */
export interface NamingSpan extends FamilySpan {
  /** The order that the span itself names (aliases resolved); null when it names none. */
  readonly orderId: string | null;
}

/**
 * Decides which order each span of one trace works for; the answer is in the order of `spans`.
 *
 * A span belongs to the order that it names, else to that of its nearest ancestor that names one. Where no ancestor does, it belongs
 * to the order of the trace if the whole trace names exactly one (the request that created the order starts before its id exists),
 * else to none (null): the trace serves several orders and none is nearer. Of two halves of a shared span (`findParents`) the one
 * that names an order speaks for both. Parents that are missing, and cycles among wrong parents, end the search.
 */
export function inheritOrders(spans: readonly NamingSpan[]): (string | null)[] {
  const named = new Set<string>();
  const namedById = new Map<string, string>();
  for (const { spanId, orderId } of spans) {
    if (orderId === null) continue;
    named.add(orderId);
    if (!namedById.has(spanId)) namedById.set(spanId, orderId);
  }
  const [first] = named;
  const fallback = named.size === 1 && first !== undefined ? first : null;
  const own = spans.map(({ spanId, orderId }) => orderId ?? namedById.get(spanId));
  return inheritAlong(findParents(spans), own, fallback);
}

function inheritAlong(
  parents: Int32Array,
  own: readonly (string | undefined)[],
  fallback: string | null,
): (string | null)[] {
  const resolved: (string | null | undefined)[] = [...own];
  for (let index = 0; index < own.length; index += 1) {
    const path = new Set<number>();
    let at = index;
    while (at >= 0 && resolved[at] === undefined && !path.has(at)) {
      path.add(at);
      at = parents[at] ?? -1;
    }
    const answer = resolved[at] ?? fallback;
    // A null that was found above is an answer too: it is the fallback itself.
    for (const below of path) resolved[below] = answer;
  }
  return resolved.map((orderId) => orderId ?? null);
}
