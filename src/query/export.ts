import { z } from 'zod';
import { parseAlias } from '../model/alias-text.ts';
import type { StoreClient } from '../store/client.ts';
import { tracesOfOrders } from '../store/order-traces.ts';
import { toVisit } from './order.ts';
import { nanos, nanosOrNull } from './time-sql.ts';

const row = z.object({
  order_id: z.string(),
  aliases: z.array(z.string()),
  attribute_names: z.array(z.string()),
  attribute_values: z.array(z.string()),
  visit_statuses: z.array(z.string()),
  visit_systems: z.array(z.string()),
  visit_regions: z.array(z.string()),
  visit_from: z.array(z.string()),
  entered: z.array(z.string()),
  left_text: z.array(z.string().nullable()),
  visit_evidence: z.array(z.string()),
});

/** One page of whole orders by id, for exports; `next` is where the following page begins, null at the end. */
export async function exportOrders(
  store: StoreClient,
  page: { readonly after?: string | undefined; readonly limit: number },
) {
  const rows = await store.query(
    `SELECT order_id, aliases, attribute_names, attribute_values, visit_statuses, visit_systems,
       visit_regions, visit_from,
       arrayMap(at -> ${nanos('at')}, visit_entered_at) AS entered, arrayMap(at -> ${nanosOrNull('at')}, visit_left_at) AS left_text,
       visit_evidence
     FROM orders FINAL WHERE order_id > {after:String} ORDER BY order_id LIMIT {limit:UInt32}`,
    { after: page.after ?? '', limit: page.limit },
    row,
  );
  const traces = await tracesOfOrders(
    store,
    rows.map((found) => ({ orderId: found.order_id, aliases: found.aliases })),
  );
  return {
    orders: rows.map((found) => ({
      orderId: found.order_id,
      aliases: found.aliases.map(parseAlias),
      attributes: found.attribute_names.map((name, index) => ({ name, value: found.attribute_values[index] ?? '' })),
      visits: found.visit_statuses.map((status, index) => toVisit(found, status, index)),
      traces: traces.get(found.order_id) ?? [],
    })),
    next: rows.length < page.limit ? null : (rows.at(-1)?.order_id ?? null),
  };
}
