import { z } from 'zod';
import type { StoreClient } from './client.ts';

const row = z.object({ order_id: z.string(), alias: z.string(), trace: z.string() });

/** An order as the store knows it: its canonical id, and the aliases (`name=value`) that belong to it. */
export interface NamedOrder {
  readonly orderId: string;
  readonly aliases: readonly string[];
}

/** Most traces that are counted or listed per order. */
export const MAX_TRACES_PER_ORDER = 1000;

/** The newest traces of each order, by canonical id and by its aliases; at most MAX_TRACES_PER_ORDER each. */
export async function tracesOfOrders(
  store: StoreClient,
  orders: readonly NamedOrder[],
): Promise<Map<string, string[]>> {
  if (orders.length === 0) return new Map();
  const ownerOfAlias = new Map(orders.flatMap(({ orderId, aliases }) => aliases.map((alias) => [alias, orderId])));
  // A plain IN finds its granules faster than an OR, and many orders have no aliases.
  const byAlias =
    ownerOfAlias.size === 0 ? '' : "OR (order_id = '' AND alias != '' AND alias IN {aliases:Array(String)})";
  const rows = await store.query(
    `SELECT order_id, alias, lower(hex(trace_id)) AS trace FROM order_traces
     WHERE order_id IN {orders:Array(String)} ${byAlias}
     GROUP BY order_id, alias, trace_id ORDER BY min(observed_at) DESC, trace_id LIMIT ${MAX_TRACES_PER_ORDER} BY order_id, alias`,
    { orders: orders.map(({ orderId }) => orderId), aliases: [...ownerOfAlias.keys()] },
    row,
  );
  const traces = new Map<string, Set<string>>();
  for (const { order_id: named, alias, trace } of rows) {
    const orderId = named === '' ? ownerOfAlias.get(alias) : named;
    if (orderId === undefined) continue;
    const own = traces.get(orderId) ?? new Set<string>();
    own.add(trace);
    traces.set(orderId, own);
  }
  return new Map([...traces].map(([orderId, own]) => [orderId, [...own]]));
}
