import { NO_TRACE } from '../model/no-id.ts';
import { aliasOwners } from './alias-owners.ts';
import type { StoreClient } from './client.ts';
import { traceOwners } from './trace-owners.ts';

/** How a row names its order; texts are empty and the trace is zeros where it does not. */
export interface NamingRow {
  readonly order_name: string;
  /** `name=value`. */
  readonly alias_name: string;
  /** 32 hex digits. */
  readonly trace_text: string;
}

/**
 * Tells the orders of rows: by themselves, else by their alias, else by the only order of their trace. Most name theirs, and nothing is read
 * for them.
 */
export async function rowOwners(
  store: StoreClient,
  rows: readonly NamingRow[],
): Promise<(row: NamingRow) => string | undefined> {
  const nameless = rows.filter((found) => found.order_name === '');
  const byAlias = await aliasOwners(
    store,
    nameless.map((found) => found.alias_name),
  );
  const traces = nameless.filter((found) => !byAlias.has(found.alias_name)).map((found) => found.trace_text);
  const byTrace = await traceOwners(
    store,
    [...new Set(traces)].filter((trace) => trace !== NO_TRACE),
  );
  return (found) => found.order_name || byAlias.get(found.alias_name) || byTrace.get(found.trace_text);
}
