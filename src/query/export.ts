import { parseAlias } from '../model/alias-text.ts';
import type { StoreClient } from '../store/client.ts';
import { readOrderPage } from '../store/order-state.ts';
import { tracesOfOrders } from '../store/order-traces.ts';
import { toVisit } from './order.ts';

/** One page of whole orders by id, for exports; `next` is where the following page begins, null at the end. */
export async function exportOrders(
  store: StoreClient,
  page: { readonly after?: string | undefined; readonly limit: number },
) {
  const states = await readOrderPage(store, { after: page.after ?? '', limit: page.limit });
  const traces = await tracesOfOrders(store, states);
  return {
    orders: states.map(({ orderId, aliases, attributes, folded }) => ({
      orderId,
      aliases: aliases.map(parseAlias),
      attributes: [...attributes].map(([name, { value }]) => ({ name, value })),
      visits: folded.visits.map(toVisit),
      traces: traces.get(orderId) ?? [],
    })),
    next: states.length < page.limit ? null : (states.at(-1)?.orderId ?? null),
  };
}
