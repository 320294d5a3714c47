import { z } from 'zod';
import type { StoreClient } from '../store/client.ts';

/** Slot of the row that is about no orders. */
const NO_FOLD = 255;
/** Longest time without a row in which the place moves, in milliseconds. */
const SAVE_AFTER_MS = 10_000;

/**
 * How far the projector got and which orders it is writing, kept in the store.
 *
 * Orders stand there before the first insert of their fold, so that a crash between the visits of an order and its row cannot go unnoticed.
 * The place (the last segment up to which everything is folded) comes with the orders of the next fold: an insert of its own would cost as
 * much as one that writes orders, and a crash before only repeats a round, which changes nothing.
 */
export class Progress {
  readonly #store: StoreClient;
  readonly #now: () => number;
  readonly #used = new Set<number>();
  #revision = 0n;
  #segment = 0;
  #saved = 0;
  #savedAt = 0;

  constructor(options: { store: StoreClient; now: () => number }) {
    this.#store = options.store;
    this.#now = options.now;
  }

  /** Reads what the last process left; resolves to the orders that it was writing when it ended, none after an orderly stop. */
  async start(): Promise<string[]> {
    const slots = await this.#store.query(
      'SELECT argMax(order_ids, revision) AS orders, max(segment) AS last FROM projector_state GROUP BY slot',
      {},
      z.object({ orders: z.array(z.string()), last: z.coerce.number() }),
    );
    const [row] = await this.#store.query(
      'SELECT toString(greatest((SELECT max(revision) FROM orders), (SELECT max(revision) FROM projector_state))) AS last',
      {},
      z.object({ last: z.string() }),
    );
    this.#revision = BigInt(row?.last ?? 0);
    this.#segment = slots.reduce((segment, { last }) => Math.max(segment, last), 0);
    this.#saved = this.#segment;
    return slots.flatMap(({ orders }) => orders);
  }

  /** The last segment up to which everything is folded; the store may know an earlier one. */
  get segment(): number {
    return this.#segment;
  }

  /** A number for what is written next, above all before. */
  nextRevision(): bigint {
    this.#revision += 1n;
    return this.#revision;
  }

  /** Tells the store that orders are about to be written, in place of those that the slot was about before. */
  async begin(slot: number, revision: bigint, orderIds: readonly string[]): Promise<void> {
    this.#used.add(slot);
    await this.#write([slot], revision, orderIds);
  }

  /** Takes note that everything up to a segment is folded. */
  async foldedUpTo(segment: number): Promise<void> {
    this.#segment = Math.max(this.#segment, segment);
    // Folds that change nothing write nothing.
    if (this.#segment > this.#saved && this.#now() - this.#savedAt >= SAVE_AFTER_MS) {
      await this.#write([NO_FOLD], this.nextRevision(), []);
    }
  }

  /** Tells the store that nothing is being written any more. */
  async end(): Promise<void> {
    if (this.#used.size > 0 || this.#segment > this.#saved) {
      await this.#write([...this.#used, NO_FOLD], this.nextRevision(), []);
    }
    this.#used.clear();
  }

  async #write(slots: readonly number[], revision: bigint, orderIds: readonly string[]): Promise<void> {
    const segment = this.#segment;
    const rows = slots.map((slot) => ({
      slot,
      revision: String(revision),
      order_ids: orderIds,
      segment: String(segment),
    }));
    await this.#store.insertRows('projector_state', rows);
    this.#saved = segment;
    this.#savedAt = this.#now();
  }
}
