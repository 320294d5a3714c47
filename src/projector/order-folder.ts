import { createHash, hash } from 'node:crypto';
import { z } from 'zod';
import type { Lifecycle } from '../lifecycle/definition.ts';
import { foldOrder } from '../lifecycle/fold.ts';
import type { Machine } from '../lifecycle/machine.ts';
import type { StoreClient } from '../store/client.ts';
import { ORDERS } from '../store/order-set.ts';
import { decodeOrderState, encodeOrderState, type OrderState } from '../store/order-state.ts';
import { FoldBatch } from './fold-batch.ts';
import { materialOf, readKnownRows } from './known-orders.ts';
import { toOrderState } from './order-row.ts';
import type { Progress } from './progress.ts';
import { emptyMaterial, type OrderMaterial, type OrderReader, type Segments } from './read-orders.ts';
import { type VisitRow, VisitRows } from './visit-rows.ts';
import { VisitTable } from './visit-table.ts';

/** An order that is ready to be folded. */
interface Ready {
  readonly material: OrderMaterial;
  /** Hash of the row that the store has; undefined where it has none. */
  readonly content: string | undefined;
  /** What the rows that `visits` holds for it were made of: undefined for a new order, `asked` where the table has to be asked. */
  readonly before: OrderState | undefined | 'asked';
}

/**
 * Folds orders and writes them, each in two inserts: its visits, then its row. An order that comes out as it was writes nothing.
 *
 * An order is folded from all facts in the store (`foldWhole`), or from its own row and what is new (`foldNews`): the row holds all the
 * facts of the fold before, so both come to the same, and the second reads one row in place of six tables. Where a crash or a failed
 * insert leaves it open whether visits and row agree, the order is in doubt, and the next fold reads everything.
 */
export class OrderFolder {
  readonly #store: StoreClient;
  readonly #machine: Machine;
  readonly #reader: OrderReader;
  readonly #visitRows: VisitRows;
  readonly #visits: VisitTable;
  readonly #progress: Progress;
  readonly #now: () => number;
  readonly #doubtful = new Set<string>();
  /** Hash of the lifecycle's definition. */
  readonly digest: string;

  constructor(options: {
    store: StoreClient;
    machine: Machine;
    reader: OrderReader;
    progress: Progress;
    now: () => number;
  }) {
    this.#store = options.store;
    this.#machine = options.machine;
    this.#reader = options.reader;
    this.#now = options.now;
    this.#visits = new VisitTable(options.store);
    this.#progress = options.progress;
    this.#visitRows = new VisitRows(options.machine.lifecycle, (status) => options.machine.isFinal(status));
    this.digest = lifecycleDigest(options.machine.lifecycle);
  }

  /** Resolves to the orders that the last process left in doubt; they MUST be folded before others are. */
  async start(): Promise<string[]> {
    const left = await this.#progress.start();
    for (const orderId of left) this.#doubtful.add(orderId);
    return left;
  }

  /** Tells the next process that nothing is in doubt, where that is so. */
  async stop(): Promise<void> {
    if (this.#doubtful.size === 0) await this.#progress.end();
  }

  /** Folds orders from all facts in the store. */
  async foldWhole(orderIds: readonly string[], slot: number): Promise<void> {
    if (orderIds.length === 0) return;
    const [materials, contents] = await Promise.all([this.#reader.read(orderIds), this.#contentsOf(orderIds)]);
    const open = (orderId: string): Ready | undefined => {
      const material = materials.get(orderId);
      return material && { material, content: contents.get(orderId), before: 'asked' };
    };
    await this.#write(orderIds, open, slot);
    for (const orderId of orderIds) this.#doubtful.delete(orderId);
  }

  /**
   * Folds orders of which nothing is new but facts and attributes that name them by their id.
   *
   * @param firstNamed by order: the first time that one of its traces was observed in the segments, milliseconds; else infinite
   */
  async foldNews(firstNamed: ReadonlyMap<string, number>, segments: Segments, slot: number): Promise<void> {
    const orderIds = [...firstNamed.keys()];
    if (orderIds.length === 0) return;
    const [known, news] = await Promise.all([
      readKnownRows(this.#store, orderIds),
      this.#reader.news(orderIds, segments),
    ]);
    const whole: string[] = [];
    const open = (orderId: string): Ready | undefined => {
      const row = known.get(orderId);
      const before = row === undefined ? undefined : decodeOrderState(row.state);
      if (!this.#canExtend(orderId, before)) {
        whole.push(orderId);
        return undefined;
      }
      const material = before === undefined ? emptyMaterial() : materialOf(before);
      material.firstObservedAtMs = Math.min(
        material.firstObservedAtMs,
        firstNamed.get(orderId) ?? material.firstObservedAtMs,
      );
      news(orderId, material);
      return { material, content: row?.content, before };
    };
    await this.#write(orderIds, open, slot);
    await this.foldWhole(whole, slot);
  }

  #canExtend(orderId: string, known: OrderState | undefined): boolean {
    if (this.#doubtful.has(orderId)) return false;
    // Failures are not kept as they were read: where there are some, their places are found anew.
    return known === undefined || (known.digest === this.digest && known.failures.length === 0);
  }

  /**
   * Visits are written before the order that they belong to: an order whose hash stands in the store has its visits there too.
   *
   * @param open makes an order ready, one at a time; undefined where it is not to be written
   */
  async #write(orderIds: readonly string[], open: (orderId: string) => Ready | undefined, slot: number): Promise<void> {
    const batch = new FoldBatch();
    const asked = new Map<string, readonly VisitRow[]>();
    const revision = this.#progress.nextRevision();
    for (const orderId of orderIds) {
      const ready = open(orderId);
      if (ready === undefined) continue;
      const { material, content: known, before } = ready;
      const folded = foldOrder(this.#machine, material.facts);
      const { digest } = this;
      const after = toOrderState({ orderId, machine: this.#machine, digest, material, folded, now: this.#now() });
      const text = encodeOrderState(after);
      const content = contentOf(text);
      if (known === content) continue;
      if (before === 'asked') asked.set(orderId, this.#visitRows.of(after));
      batch.add(
        { revision, content, text, state: after },
        before === 'asked' ? [] : this.#visitRows.changes(before, after),
      );
    }
    const { written, orders, visits } = batch.end();
    if (written.length === 0) return;
    await this.#progress.begin(slot, revision, written);
    try {
      await this.#visits.write(visits, asked);
      await this.#store.insertBlocks('orders', orders);
    } catch (error) {
      for (const orderId of written) this.#doubtful.add(orderId);
      throw error;
    }
  }

  /** Hashes of the orders as they stand in the store, as decimal text. */
  async #contentsOf(orderIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.#store.query(
      `SELECT order_id, toString(argMax(content, revision)) AS hash FROM orders
       WHERE order_id IN ${ORDERS} GROUP BY order_id`,
      { orders: JSON.stringify(orderIds) },
      z.object({ order_id: z.string(), hash: z.string() }),
    );
    return new Map(rows.map((row) => [row.order_id, row.hash]));
  }
}

/** 64 bits of a hash, as decimal text. */
function contentOf(text: string): string {
  return String(BigInt(`0x${hash('sha1', text).slice(0, 16)}`));
}

/** A hash of everything in a definition; labels and targets count too, since nothing tells which of them a reader relies on. */
function lifecycleDigest(lifecycle: Lifecycle): string {
  const text = JSON.stringify(lifecycle, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
