import { z } from 'zod';
import { NO_TRACE } from '../model/no-id.ts';
import { aliasOwners } from '../store/alias-owners.ts';
import type { StoreClient } from '../store/client.ts';
import { hexOf } from './time-sql.ts';
import { summarizeTraces } from './trace-summaries.ts';

const MAX_ORDERS = 15;
const MAX_HITS = 20;

const orderRow = z.object({ order_id: z.string(), status: z.string(), aliases: z.array(z.string()) });

/** What a text from the search box may mean. */
export type SearchHit =
  | {
      readonly kind: 'order';
      readonly orderId: string;
      readonly status: string | null;
      readonly matched: string;
      readonly matchedBy: 'id' | 'alias' | 'message';
    }
  | { readonly kind: 'trace'; readonly traceId: string; readonly rootService: string; readonly rootName: string };

/** Messages of one id that are looked at; ids are unique, and a careless publisher's are not. */
const MAX_MESSAGES = 200;

/** Finds orders by id or alias (exact first, then substrings), a trace by its id, and what a message was sent for by its id. */
export async function search(store: StoreClient, text: string): Promise<SearchHit[]> {
  const wanted = text.trim();
  const hits: SearchHit[] = [];
  if (/^[0-9a-fA-F]{32}$/.test(wanted)) {
    for (const trace of await summarizeTraces(store, [wanted.toLowerCase()])) {
      hits.push({ kind: 'trace', traceId: trace.traceId, rootService: trace.rootService, rootName: trace.rootName });
    }
  }
  hits.push(...(await byMessage(store, wanted)));
  const rows = await store.query(
    `SELECT order_id, status, aliases FROM orders FINAL
     WHERE positionCaseInsensitiveUTF8(order_id, {text:String}) > 0
        OR arrayExists(alias -> positionCaseInsensitiveUTF8(alias, {text:String}) > 0, aliases)
     ORDER BY order_id = {text:String} DESC, length(order_id), order_id LIMIT ${MAX_ORDERS}`,
    { text: wanted },
    orderRow,
  );
  const listed = new Set(hits.flatMap((hit) => (hit.kind === 'order' ? [hit.orderId] : [])));
  for (const row of rows.filter(({ order_id: orderId }) => !listed.has(orderId))) {
    const alias = row.aliases.find((known) => known.toLowerCase().includes(wanted.toLowerCase()));
    const isId = row.order_id.toLowerCase().includes(wanted.toLowerCase()) || alias === undefined;
    const matched = isId ? row.order_id : alias;
    const matchedBy = isId ? 'id' : 'alias';
    hits.push({
      kind: 'order',
      orderId: row.order_id,
      status: row.status === '' ? null : row.status,
      matched,
      matchedBy,
    });
  }
  return hits.slice(0, MAX_HITS);
}

/** The orders of messages with this id, at a broker or in a dead-letter queue; of those that belong to none the traces. */
async function byMessage(store: StoreClient, id: string): Promise<SearchHit[]> {
  if (id === '') return [];
  const found = await store.query(
    `SELECT DISTINCT order_id, alias, ${hexOf('trace_id')} AS trace FROM (
       SELECT order_id, alias, trace_id FROM queue_messages WHERE message_id = {id:String}
       UNION ALL SELECT order_id, alias, trace_id FROM dead_letters WHERE message_id = {id:String}
     ) LIMIT ${MAX_MESSAGES}`,
    { id },
    z.object({ order_id: z.string(), alias: z.string(), trace: z.string() }),
  );
  if (found.length === 0) return [];
  const owners = await aliasOwners(
    store,
    found.map(({ alias }) => alias),
  );
  const named = found.map((each) => ({ ...each, order: each.order_id || owners.get(each.alias) || '' }));
  const orders = [...new Set(named.map(({ order }) => order))].filter((order) => order !== '').slice(0, MAX_ORDERS);
  const rows = await store.query(
    'SELECT order_id, status, aliases FROM orders FINAL WHERE order_id IN {orders:Array(String)}',
    { orders },
    orderRow,
  );
  const statusOf = new Map(rows.map((row) => [row.order_id, row.status || null]));
  const traced = new Set(named.filter(({ order }) => order !== '').map(({ trace }) => trace));
  const traces = named.filter(({ order, trace }) => order === '' && !traced.has(trace)).map(({ trace }) => trace);
  return [
    ...orders.map((orderId) => ({
      kind: 'order' as const,
      orderId,
      status: statusOf.get(orderId) ?? null,
      matched: id,
      matchedBy: 'message' as const,
    })),
    ...(
      await summarizeTraces(store, [...new Set(traces)].filter((trace) => trace !== NO_TRACE).slice(0, MAX_ORDERS))
    ).map(({ traceId, rootService, rootName }) => ({ kind: 'trace' as const, traceId, rootService, rootName })),
  ];
}
