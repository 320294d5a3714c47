import { z } from 'zod';
import type { StoreClient } from '../store/client.ts';
import { ORDERS } from '../store/order-set.ts';
import {
  encodeVisits,
  rowOfTuple,
  textOf,
  VISIT_TUPLE,
  type VisitChange,
  type VisitRow,
  type VisitTuple,
} from './visit-rows.ts';

/** Rows of `visits` of one order by their text, each with what its `net` adds up to. */
type NetRows = Map<string, { readonly row: VisitRow; net: number }>;

const heldRow = z.object({
  order_id: z.string(),
  // The store's own rows, written here; looking at each value would cost more than the rest of the round.
  held: z.custom<(readonly [row: VisitTuple, net: number])[]>((value) => Array.isArray(value)),
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
   * Writes changes, and brings further orders to the rows that are wanted of them, in one insert.
   *
   * @param blocks of changes, from `encodeVisits`
   */
  async write(blocks: readonly Uint8Array[], wanted: ReadonlyMap<string, readonly VisitRow[]>): Promise<void> {
    const held = await this.#held([...wanted.keys()]);
    const changes = [...wanted].flatMap(([orderId, own]) => difference(orderId, held.get(orderId) ?? new Map(), own));
    const all = changes.length === 0 ? blocks : [...blocks, encodeVisits(changes)];
    await this.#store.insertBlocks('visits', all);
  }

  async #held(orderIds: readonly string[]): Promise<Map<string, NetRows>> {
    if (orderIds.length === 0) return new Map();
    const found = await this.#store.query(
      `SELECT order_id, groupArray((${VISIT_TUPLE}, net)) AS held FROM visits
       WHERE order_id IN ${ORDERS} GROUP BY order_id`,
      { orders: JSON.stringify(orderIds) },
      heldRow,
    );
    return new Map(
      found.map(({ order_id: orderId, held }) => {
        const rows: NetRows = new Map();
        for (const [row, net] of held) add(rows, rowOfTuple(row), net);
        return [orderId, rows];
      }),
    );
  }
}

/** What brings an order from the rows that the table holds to those that are wanted. */
function difference(orderId: string, held: NetRows, wanted: readonly VisitRow[]): VisitChange[] {
  for (const each of held.values()) each.net = -each.net;
  for (const row of wanted) add(held, row, 1);
  return [...held.values()].filter(({ net }) => net !== 0).map(({ row, net }) => ({ orderId, row, net }));
}

function add(rows: NetRows, row: VisitRow, net: number): void {
  const text = textOf(row);
  const known = rows.get(text);
  if (known === undefined) rows.set(text, { row, net });
  else known.net += net;
}
