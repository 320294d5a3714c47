import { type FamilySpan, findParents } from './span-parents.ts';

/**
 * Decides which order each span of one trace works for; the answer is in the order of `spans`.
 *
 * A span belongs to the order that it names, else to that of its nearest ancestor that names one. Where no ancestor does, it belongs
 * to the order of the trace if the whole trace names exactly one (the request that created the order starts before its id exists),
 * else to none (null): the trace serves several orders and none is nearer. Of two halves of a shared span (`findParents`) the one
 * that names an order speaks for both. Parents that are missing, and cycles among wrong parents, end the search.
 *
 * @param named for each span the order that it names itself (aliases resolved); null when it names none
 */
export function inheritOrders(spans: readonly FamilySpan[], named: readonly (string | null)[]): (string | null)[] {
  const orders = new Set<string>();
  const namedById = new Map<string, string>();
  for (const [index, orderId] of named.entries()) {
    const span = spans[index];
    if (orderId === null || span === undefined) continue;
    orders.add(orderId);
    if (!namedById.has(span.spanId)) namedById.set(span.spanId, orderId);
  }
  const [first] = orders;
  if (first === undefined) return spans.map(() => null);
  const fallback = orders.size === 1 ? first : null;
  const own = spans.map(({ spanId }, index) => named[index] ?? namedById.get(spanId));
  return inheritAlong(findParents(spans), own, fallback);
}

function inheritAlong(
  parents: Int32Array,
  own: readonly (string | undefined)[],
  fallback: string | null,
): (string | null)[] {
  const resolved: (string | null | undefined)[] = [...own];
  const path: number[] = [];
  // By span: the search that passed it, so that one which comes around in a circle ends.
  const passedBy = new Int32Array(own.length).fill(-1);
  for (let index = 0; index < own.length; index += 1) {
    let at = index;
    while (at >= 0 && resolved[at] === undefined && passedBy[at] !== index) {
      passedBy[at] = index;
      path.push(at);
      at = parents[at] ?? -1;
    }
    const answer = resolved[at] ?? fallback;
    // A null that was found above is an answer too: it is the fallback itself.
    for (const below of path) resolved[below] = answer;
    path.length = 0;
  }
  return resolved.map((orderId) => orderId ?? null);
}
