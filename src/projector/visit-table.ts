import { z } from 'zod';
import type { StoreClient } from '../store/client.ts';
import { ORDERS } from '../store/order-set.ts';
import { COLUMNS, textOf, type VisitRow } from './visit-rows.ts';

/** Rows of `visits` of one order, as text, each with what its `net` adds up to. */
type NetRows = Map<string, number>;

const heldRow = z.object({
  order_id: z.string(),
  // The store's own rows, written here; looking at each value would cost more than the rest of the round.
  held: z.custom<(readonly [row: VisitRow, net: number])[]>((value) => Array.isArray(value)),
});

/**
 * Keeps table `visits` in step with folded orders.
 *
 * What an order changes is the difference to what the table itself holds: a crash between any two inserts, or a round that is repeated,
 * therefore ends in the same rows. Who knows for certain what it holds may say so and spare the question.
 */
export class VisitTable {
  readonly #store: StoreClient;

  constructor(store: StoreClient) {
    this.#store = store;
  }

  /**
   * Brings the rows of the orders to what is wanted, in one insert; an order that is so already adds nothing. Resolves to the rows written.
   *
   * `held` is what the table holds of an order, where that is certain; where it is undefined the table is asked.
   */
  async replace(
    orders: ReadonlyMap<
      string,
      { readonly wanted: readonly VisitRow[]; readonly held: readonly VisitRow[] | undefined }
    >,
  ): Promise<number> {
    const asked = await this.#held(
      [...orders].filter(([, { held }]) => held === undefined).map(([orderId]) => orderId),
    );
    const rows: string[] = [];
    for (const [orderId, { wanted, held = [] }] of orders) {
      const changes: NetRows = new Map();
      for (const row of held) add(changes, textOf(row), -1);
      for (const [text, net] of asked.get(orderId) ?? []) add(changes, text, -net);
      for (const row of wanted) add(changes, textOf(row), 1);
      const id = JSON.stringify(orderId);
      for (const [text, net] of changes) {
        if (net !== 0) rows.push(`[${id},${net},${text.slice(1)}`);
      }
    }
    await this.#store.insertCompact('visits', ['order_id', 'net', ...COLUMNS], rows);
    return rows.length;
  }

  async #held(orderIds: readonly string[]): Promise<Map<string, NetRows>> {
    if (orderIds.length === 0) return new Map();
    const found = await this.#store.query(
      `SELECT order_id, groupArray(((${COLUMNS.join(', ')}), net)) AS held FROM visits
       WHERE order_id IN ${ORDERS} GROUP BY order_id`,
      { orders: JSON.stringify(orderIds) },
      heldRow,
    );
    return new Map(
      found.map(({ order_id: orderId, held }) => {
        const rows: NetRows = new Map();
        for (const [row, net] of held) add(rows, textOf(row), net);
        return [orderId, rows];
      }),
    );
  }
}

function add(rows: NetRows, text: string, net: number): void {
  rows.set(text, (rows.get(text) ?? 0) + net);
}
