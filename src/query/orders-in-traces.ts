import { z } from 'zod';
import { aliasOwners } from '../store/alias-owners.ts';
import type { StoreClient } from '../store/client.ts';
import { QUICK } from '../store/quick-settings.ts';
import { placeOf, spanOwners } from '../store/span-owners.ts';
import { TRACES } from '../store/trace-set.ts';
import { hexOf } from './time-sql.ts';

/** Spans that are read to tell the orders of shared traces apart; of more, the later traces' spans belong to no order. */
const MAX_SPANS = 100_000;

const namedRow = z.object({ trace: z.string(), order_id: z.string(), alias: z.string() });
const spanRow = z.object({
  trace: z.string(),
  span: z.string(),
  parent: z.string(),
  kind: z.number(),
  service: z.string(),
  order_id: z.string(),
  alias: z.string(),
});

/** Whom a trace works for: one order as a whole, or an order per span where it serves several. */
export type TraceOrders =
  | { readonly kind: 'one'; readonly orderId: string }
  | { readonly kind: 'shared'; readonly orderOfSpan: ReadonlyMap<string, string> };

/** Tells whom traces work for; a trace that names no order is not in the answer. Ids are lower-case hexadecimal. */
export async function ordersInTraces(store: StoreClient, traces: readonly string[]): Promise<Map<string, TraceOrders>> {
  if (traces.length === 0) return new Map();
  const rows = await store.query(
    `SELECT ${hexOf('trace_id')} AS trace, order_id, alias FROM order_traces
     WHERE trace_id IN ${TRACES} GROUP BY trace_id, order_id, alias SETTINGS ${QUICK}`,
    { traces },
    namedRow,
  );
  const owners = await aliasOwners(
    store,
    rows.map(({ alias }) => alias),
  );
  const named = new Map<string, Set<string>>();
  for (const { trace, order_id: own, alias } of rows) {
    const orderId = own === '' ? owners.get(alias) : own;
    if (orderId === undefined) continue;
    const orders = named.get(trace) ?? new Set<string>();
    orders.add(orderId);
    named.set(trace, orders);
  }
  const shared = [...named].filter(([, orders]) => orders.size > 1).map(([trace]) => trace);
  const bySpan = await ordersOfSpans(store, shared);
  const answer = new Map<string, TraceOrders>();
  for (const [trace, orders] of named) {
    const [orderId] = orders;
    if (orders.size > 1) answer.set(trace, { kind: 'shared', orderOfSpan: bySpan.get(trace) ?? new Map() });
    else if (orderId !== undefined) answer.set(trace, { kind: 'one', orderId });
  }
  return answer;
}

/** The order that each span of each trace works for; see `spanOwners`. */
async function ordersOfSpans(store: StoreClient, traces: readonly string[]): Promise<Map<string, Map<string, string>>> {
  if (traces.length === 0) return new Map();
  const rows = await store.query(
    `SELECT ${hexOf('trace_id')} AS trace, ${hexOf('span_id')} AS span, ${hexOf('parent_span_id')} AS parent, kind, service,
       order_id, alias
     FROM spans WHERE trace_id IN ${TRACES}
     ORDER BY trace_id, start, span_id, kind LIMIT 1 BY trace_id, span_id, kind LIMIT ${MAX_SPANS}`,
    { traces },
    spanRow,
  );
  const owners = await spanOwners(
    store,
    rows.map((row) => ({
      span: { traceId: row.trace, ...placeOf(row) },
      order: row.order_id,
      alias: row.alias,
    })),
  );
  const byTrace = new Map(traces.map((trace) => [trace, new Map<string, string>()]));
  for (const [index, { trace, span }] of rows.entries()) {
    const orderId = owners[index]?.orderId ?? null;
    if (orderId !== null) byTrace.get(trace)?.set(span, orderId);
  }
  return byTrace;
}
