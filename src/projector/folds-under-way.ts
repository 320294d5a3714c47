import { z } from 'zod';
import type { StoreClient } from '../store/client.ts';

/**
 * The orders that the last process was writing when it ended. Kept in the store before the first insert of a fold, so that a crash
 * between the visits of an order and its row cannot go unnoticed.
 */
export class FoldsUnderWay {
  readonly #store: StoreClient;
  readonly #used = new Set<number>();

  constructor(store: StoreClient) {
    this.#store = store;
  }

  /** Orders whose rows may disagree; empty after an orderly stop. */
  async left(): Promise<string[]> {
    const rows = await this.#store.query(
      'SELECT argMax(order_ids, revision) AS orders FROM folds_under_way GROUP BY slot',
      {},
      z.object({ orders: z.array(z.string()) }),
    );
    return rows.flatMap(({ orders }) => orders);
  }

  /** Tells that orders are about to be written, in place of those that the slot was about before. */
  async begin(slot: number, revision: bigint, orderIds: readonly string[]): Promise<void> {
    this.#used.add(slot);
    await this.#write([{ slot, revision: String(revision), order_ids: orderIds }]);
  }

  /** Tells that nothing is being written any more. */
  async end(revision: bigint): Promise<void> {
    if (this.#used.size > 0) {
      await this.#write([...this.#used].map((slot) => ({ slot, revision: String(revision), order_ids: [] })));
    }
    this.#used.clear();
  }

  #write(rows: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    return this.#store.insertRows('folds_under_way', rows);
  }
}
