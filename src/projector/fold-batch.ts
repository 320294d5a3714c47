import { encodeOrders, type OrderRow } from './order-row.ts';
import { encodeVisits, type VisitChange } from './visit-rows.ts';

/** Orders of a block. Folded orders are large, and thousands alive at a time would be copied again and again by the collector. */
const ORDERS_PER_BLOCK = 64;

/** What is written of the orders that are folded together: blocks, so that nothing else of them stays in memory. */
export class FoldBatch {
  readonly #written: string[] = [];
  readonly #orderBlocks: Uint8Array[] = [];
  readonly #visitBlocks: Uint8Array[] = [];
  #rows: OrderRow[] = [];
  #changes: VisitChange[] = [];

  /** Adds an order, with what changes in the rows of its visits. */
  add(row: OrderRow, changes: readonly VisitChange[]): void {
    this.#written.push(row.state.orderId);
    this.#rows.push(row);
    this.#changes.push(...changes);
    if (this.#rows.length >= ORDERS_PER_BLOCK) this.#encode();
  }

  /** The ids of the orders, and Native blocks of the tables `orders` and `visits`. */
  end(): { written: readonly string[]; orders: readonly Uint8Array[]; visits: Uint8Array[] } {
    this.#encode();
    return { written: this.#written, orders: this.#orderBlocks, visits: this.#visitBlocks };
  }

  #encode(): void {
    if (this.#rows.length > 0) this.#orderBlocks.push(encodeOrders(this.#rows));
    if (this.#changes.length > 0) this.#visitBlocks.push(encodeVisits(this.#changes));
    this.#rows = [];
    this.#changes = [];
  }
}
