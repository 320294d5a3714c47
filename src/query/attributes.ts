import { z } from 'zod';
import type { StoreClient } from '../store/client.ts';

/** Most names that are listed; the ones with the most orders. */
export const MAX_ATTRIBUTE_NAMES = 50;
/** Most values that are listed of a name; the most frequent ones. */
export const MAX_ATTRIBUTE_VALUES = 50;

const row = z.object({ name: z.string(), value: z.string(), orders: z.coerce.number(), all_values: z.coerce.number() });

/** A name by which orders are described, with the values it takes. */
export interface KnownAttribute {
  readonly name: string;
  /** Most frequent first. */
  readonly values: { readonly value: string; readonly orders: number }[];
  /** Values that are not listed. */
  readonly valuesLeftOut: number;
}

/** What describes orders, so that figures can be split by it: each order counts with the value it has now. */
export async function knownAttributes(store: StoreClient): Promise<KnownAttribute[]> {
  const rows = await store.query(
    `SELECT name, value, orders, count() OVER (PARTITION BY name) AS all_values
     FROM (
       SELECT substring(attribute, 1, position(attribute, '=') - 1) AS name, substring(attribute, position(attribute, '=') + 1) AS value, orders
       FROM (SELECT toString(described) AS attribute, count() AS orders FROM orders FINAL ARRAY JOIN attributes AS described GROUP BY described)
     )
     ORDER BY sum(orders) OVER (PARTITION BY name) DESC, name, orders DESC, value
     LIMIT ${MAX_ATTRIBUTE_VALUES} BY name
     LIMIT ${MAX_ATTRIBUTE_NAMES * MAX_ATTRIBUTE_VALUES}`,
    {},
    row,
  );
  return [...Map.groupBy(rows, ({ name }) => name)].slice(0, MAX_ATTRIBUTE_NAMES).map(([name, known]) => ({
    name,
    values: known.map(({ value, orders }) => ({ value, orders })),
    valuesLeftOut: (known[0]?.all_values ?? known.length) - known.length,
  }));
}
