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

  /** Writes changes, and brings further orders to the rows that are wanted of them, in one insert. Resolves to the rows written. */
  async write(changes: readonly string[], wanted: ReadonlyMap<string, readonly VisitRow[]>): Promise<number> {
    const held = await this.#held([...wanted.keys()]);
    const rows = [...changes];
    for (const [orderId, own] of wanted) rows.push(...difference(orderId, held.get(orderId) ?? new Map(), own));
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

/** What brings an order from the rows that the table holds for certain to those that are wanted, as rows to write. */
export function visitChanges(orderId: string, held: readonly VisitRow[], wanted: readonly VisitRow[]): string[] {
  const rows: NetRows = new Map();
  for (const row of held) add(rows, textOf(row), 1);
  return difference(orderId, rows, wanted);
}

function difference(orderId: string, held: NetRows, wanted: readonly VisitRow[]): string[] {
  for (const [text, net] of held) held.set(text, -net);
  for (const row of wanted) add(held, textOf(row), 1);
  const id = JSON.stringify(orderId);
  return [...held].filter(([, net]) => net !== 0).map(([text, net]) => `[${id},${net},${text.slice(1)}`);
}

function add(rows: NetRows, text: string, net: number): void {
  rows.set(text, (rows.get(text) ?? 0) + net);
}
