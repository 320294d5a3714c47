import { z } from 'zod';
import type { StoreClient } from './client.ts';
import { TRACES } from './trace-set.ts';

const row = z.object({ trace: z.string(), owner: z.string() });

/** The order of each trace (32 hex digits) that did work for exactly one, as its spans named it; the others are not in the answer. */
export async function traceOwners(store: StoreClient, traces: readonly string[]): Promise<Map<string, string>> {
  if (traces.length === 0) return new Map();
  const rows = await store.query(
    `SELECT lower(hex(trace_id)) AS trace, max(order_id) AS owner FROM order_traces
     WHERE order_id != '' AND trace_id IN ${TRACES} GROUP BY trace_id HAVING uniqExact(order_id) = 1`,
    { traces },
    row,
  );
  return new Map(rows.map(({ trace, owner }) => [trace, owner]));
}
