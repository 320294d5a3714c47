import { z } from 'zod';
import type { StoreClient } from '../store/client.ts';
import { summarizeTraces } from './trace-summaries.ts';

const MAX_ORDERS = 15;

const orderRow = z.object({ order_id: z.string(), status: z.string(), aliases: z.array(z.string()) });

/** What a text from the search box may mean. */
export type SearchHit =
  | { readonly kind: 'order'; readonly orderId: string; readonly status: string | null; readonly matched: string }
  | { readonly kind: 'trace'; readonly traceId: string; readonly rootService: string; readonly rootName: string };

/** Finds orders by id or alias (exact first, then substrings) and a trace by its id. */
export async function search(store: StoreClient, text: string): Promise<SearchHit[]> {
  const wanted = text.trim();
  const hits: SearchHit[] = [];
  if (/^[0-9a-fA-F]{32}$/.test(wanted)) {
    for (const trace of await summarizeTraces(store, [wanted.toLowerCase()])) {
      hits.push({ kind: 'trace', traceId: trace.traceId, rootService: trace.rootService, rootName: trace.rootName });
    }
  }
  const rows = await store.query(
    `SELECT order_id, status, aliases FROM orders FINAL
     WHERE positionCaseInsensitiveUTF8(order_id, {text:String}) > 0
        OR arrayExists(alias -> positionCaseInsensitiveUTF8(alias, {text:String}) > 0, aliases)
     ORDER BY order_id = {text:String} DESC, length(order_id), order_id LIMIT ${MAX_ORDERS}`,
    { text: wanted },
    orderRow,
  );
  for (const row of rows) {
    const alias = row.aliases.find((known) => known.toLowerCase().includes(wanted.toLowerCase()));
    const matched = row.order_id.toLowerCase().includes(wanted.toLowerCase()) ? row.order_id : (alias ?? row.order_id);
    hits.push({ kind: 'order', orderId: row.order_id, status: row.status === '' ? null : row.status, matched });
  }
  return hits;
}
