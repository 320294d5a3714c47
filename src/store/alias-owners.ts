import { z } from 'zod';
import type { StoreClient } from './client.ts';

const row = z.object({ alias: z.string(), owner: z.string() });

/**
 * The order that each alias (`name=value`) belongs to: the earliest binding wins, then the smaller order id.
 * Repeated and empty texts are passed over; an alias that nothing bound is not in the answer.
 */
export async function aliasOwners(store: StoreClient, aliases: Iterable<string>): Promise<Map<string, string>> {
  const asked = [...new Set(aliases)].filter((alias) => alias !== '');
  if (asked.length === 0) return new Map();
  const rows = await store.query(
    `SELECT alias, argMin(order_id, (bound_at, order_id)) AS owner FROM order_aliases
     WHERE alias IN {aliases:Array(String)} GROUP BY alias`,
    { aliases: asked },
    row,
  );
  return new Map(rows.map(({ alias, owner }) => [alias, owner]));
}
