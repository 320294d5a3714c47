import type { StatusFact } from '../model/order.ts';
import type { StoreClient } from '../store/client.ts';
import { ORDERS } from '../store/order-set.ts';
import type { OrderState } from '../store/order-state.ts';
import type { OrderMaterial } from './read-orders.ts';

/** The row of an order, not yet taken apart: thousands are read at a time, and as objects they would all be alive at once. */
export interface KnownRow {
  readonly revision: bigint;
  /** Hash of the state. */
  readonly content: string;
  /** As `encodeOrderState` wrote it. */
  readonly state: string;
}

/**
 * Reads the rows of orders. Without FINAL, which would merge every part for a few rows: of the rows that merges have not brought
 * together yet the one with the highest revision counts.
 *
 * Orders that have no row are missing from the answer.
 */
export async function readKnownRows(store: StoreClient, orderIds: readonly string[]): Promise<Map<string, KnownRow>> {
  // An id as JSON and a state have neither tabs nor line feeds.
  const rows = await store.queryCells(
    `SELECT toJSONString(order_id), revision, content, state FROM orders WHERE order_id IN ${ORDERS}`,
    { orders: JSON.stringify(orderIds) },
  );
  const latest = new Map<string, KnownRow>();
  for (const [id = '""', revisionText = '0', content = '', state = ''] of rows) {
    const orderId = String(JSON.parse(id));
    const revision = BigInt(revisionText);
    const other = latest.get(orderId);
    if (other === undefined || other.revision < revision) latest.set(orderId, { revision, content, state });
  }
  return latest;
}

/** What the last fold of an order was made of, but for failures, which are not kept as they were read. */
export function materialOf({ orderId, folded, aliases, attributes, firstObservedAtMs }: OrderState): OrderMaterial {
  const order = { kind: 'order', orderId } as const;
  const facts = folded.visits.flatMap(({ status, evidence }) =>
    // Which words named the order is not kept; the fold does not look at them.
    evidence.map((piece): StatusFact => ({ ...piece, order, status })),
  );
  return { facts, failures: [], aliases: [...aliases], attributes: new Map(attributes), firstObservedAtMs };
}
