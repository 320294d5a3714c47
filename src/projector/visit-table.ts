import { z } from 'zod';
import type { StoreClient } from '../store/client.ts';
import { ORDERS } from '../store/order-set.ts';
import { COLUMNS, textOf, type VisitRow } from './visit-rows.ts';

/** Rows of `visits` of one order, each with what its `net` adds up to. */
type NetRows = Map<string, { readonly row: VisitRow; net: number }>;

const heldRow = z.object({
  order_id: z.string(),
  // The store's own rows, written here; looking at each value would cost more than the rest of the round.
  held: z.custom<(readonly [row: VisitRow, net: number])[]>((value) => Array.isArray(value)),
});

/**
 * Keeps table `visits` in step with folded orders.
 *
 * What an order changes is always the difference to what the table itself holds, never to what somebody remembers: a crash between any
 * two inserts, or a round that is repeated, therefore ends in the same rows.
 */
export class VisitTable {
  readonly #store: StoreClient;

  constructor(store: StoreClient) {
    this.#store = store;
  }

  /** Brings the rows of the orders to what is wanted, in one insert; an order that is so already adds nothing. Resolves to the rows written. */
  async replace(wanted: ReadonlyMap<string, readonly VisitRow[]>): Promise<number> {
    if (wanted.size === 0) return 0;
    const changes = await this.#held([...wanted.keys()]);
    for (const [orderId, rows] of wanted) {
      const held = changes.get(orderId) ?? new Map<string, { row: VisitRow; net: number }>();
      for (const each of held.values()) each.net = -each.net;
      for (const row of rows) add(held, row, 1);
      changes.set(orderId, held);
    }
    const rows = [...changes].flatMap(([orderId, changed]) =>
      [...changed.values()]
        .filter(({ net }) => net !== 0)
        .map(({ row, net }) => JSON.stringify([orderId, net, ...row])),
    );
    await this.#store.insertCompact('visits', ['order_id', 'net', ...COLUMNS], rows);
    return rows.length;
  }

  async #held(orderIds: readonly string[]): Promise<Map<string, NetRows>> {
    const found = await this.#store.query(
      `SELECT order_id, groupArray(((${COLUMNS.join(', ')}), net)) AS held FROM visits
       WHERE order_id IN ${ORDERS} GROUP BY order_id`,
      { orders: JSON.stringify(orderIds) },
      heldRow,
    );
    return new Map(
      found.map(({ order_id: orderId, held }) => {
        const rows: NetRows = new Map();
        for (const [row, net] of held) add(rows, row, net);
        return [orderId, rows];
      }),
    );
  }
}

function add(rows: NetRows, row: VisitRow, net: number): void {
  const text = textOf(row);
  const known = rows.get(text);
  if (known === undefined) rows.set(text, { row, net });
  else known.net += net;
}
