import { z } from 'zod';
import { placeWork } from '../lifecycle/dwell/breakdown.ts';
import { WaybillError } from '../model/errors.ts';
import { msToNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { ORDERS } from '../store/order-set.ts';
import { type OrderState, readOrderStates } from '../store/order-state.ts';
import { readOrderWork } from '../store/order-work.ts';
import { toDateTime64 } from '../store/time.ts';
import {
  BREAKDOWN_COLUMNS,
  type BreakdownRow,
  breakdownRow,
  changedRows,
  type EndedVisit,
  toBreakdownRows,
  toInsert,
} from './breakdown-rows.ts';
import { Settling } from './settling.ts';

/** Orders whose spans are read together. */
const ORDERS_PER_BATCH = 200;
/** Most spans that are read together, the bound of memory; a batch that has more is halved, an order that has more is left out. */
const SPANS_PER_BATCH = 50_000;
/** How far back a start looks for orders without breakdowns, and how many it takes, the newest. */
const CATCH_UP_MS = 7 * 86_400_000;
const CATCH_UP_ORDERS = 20_000;
const RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

/** Counters and gauges of the breakdowns. */
export interface BreakdownStats {
  /** Orders that wait for their turn. */
  readonly waiting: number;
  /** Orders whose breakdowns were computed. */
  readonly computedOrders: number;
  /** Orders left out because too many waited. They have no breakdown until something new is heard of them. */
  readonly letGo: number;
  /** Orders left out because they have too many spans. */
  readonly tooLarge: number;
  /** Orders left out because computing them failed in a way that trying again does not help. */
  readonly givenUp: number;
  /** Batches that failed. */
  readonly failures: number;
}

/**
 * Computes in the background what the visits that ended consist of, for the figures of the statuses.
 *
 * It is told of orders that were folded again, waits until their spans have come, and works in small batches with a pause after each
 * that is as long as the batch took: never more than half of one connection. What it could not take is counted, and visible as coverage.
 * Orders without traces and messages have no breakdowns.
 */
export class Breakdowns {
  readonly #store: StoreClient;
  readonly #settling = new Settling();
  readonly #now: () => number;
  readonly #onError: (error: unknown) => void;
  #computedOrders = 0;
  #tooLarge = 0;
  #givenUp = 0;
  #failures = 0;
  #stopped = true;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(options: { store: StoreClient; now?: () => number; onError?: (error: unknown) => void }) {
    this.#store = options.store;
    this.#now = options.now ?? Date.now;
    this.#onError = options.onError ?? (() => undefined);
  }

  /** Begins, with recent orders that have no breakdowns yet: the last process may have stopped before it came to them. */
  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#running = this.#run();
  }

  /** Tells that orders were folded again. */
  notify(orderIds: readonly string[]): void {
    if (this.#stopped) return;
    this.#settling.add(orderIds, this.#now());
    this.#wake?.();
  }

  /** Finishes the batch under way; what waits is found again at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#running;
  }

  stats(): BreakdownStats {
    return {
      waiting: this.#settling.size,
      computedOrders: this.#computedOrders,
      letGo: this.#settling.letGo,
      tooLarge: this.#tooLarge,
      givenUp: this.#givenUp,
      failures: this.#failures,
    };
  }

  async #run(): Promise<void> {
    let caughtUp = false;
    let batch: string[] = [];
    let retryMs = RETRY_MS;
    while (!this.#stopped) {
      try {
        const startedAt = performance.now();
        if (!caughtUp) this.#settling.add(await this.#ordersWithout(), this.#now());
        caughtUp = true;
        if (batch.length === 0) batch = this.#settling.takeDue(this.#now(), ORDERS_PER_BATCH);
        const isIdle = batch.length === 0;
        await this.#compute(batch);
        batch = [];
        retryMs = RETRY_MS;
        await this.#pause(isIdle ? this.#settling.msUntilDue(this.#now()) : performance.now() - startedAt);
      } catch (error) {
        this.#failures += 1;
        this.#onError(error);
        if (!(error instanceof WaybillError && error.retryable)) {
          // It would fail again, and nothing else would ever have its turn.
          caughtUp = true;
          this.#givenUp += batch.length;
          batch = [];
        }
        await this.#pause(retryMs);
        retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
      }
    }
  }

  /** Waits until a stop, at most `ms`; where that is not known, until something is told. */
  #pause(ms: number | undefined): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        if (ms !== undefined && !this.#stopped) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Recent orders with traces whose last ended visit has no breakdown. */
  async #ordersWithout(): Promise<string[]> {
    const rows = await this.#store.query(
      `SELECT order_id FROM (
         SELECT order_id, assumeNotNull(left_at) AS last_left FROM orders FINAL WHERE left_at >= {from:DateTime64(9, 'UTC')}
       )
       WHERE order_id IN (SELECT order_id FROM order_traces WHERE order_id != '' AND observed_at >= {from:DateTime64(9, 'UTC')})
         AND (order_id, last_left) NOT IN (
           SELECT order_id, left_at FROM visit_breakdowns WHERE left_at >= {from:DateTime64(9, 'UTC')} AND is_deleted = 0
         )
       ORDER BY last_left DESC LIMIT ${CATCH_UP_ORDERS}`,
      { from: toDateTime64(msToNano(this.#now() - CATCH_UP_MS)) },
      z.object({ order_id: z.string() }),
    );
    return rows.map((row) => row.order_id);
  }

  async #compute(orderIds: readonly string[]): Promise<void> {
    if (orderIds.length === 0) return;
    const orders = [...(await readOrderStates(this.#store, await this.#withWork(orderIds))).values()];
    await this.#computeAll(orders.filter((order) => endedVisits(order).length > 0));
  }

  /** Those of the orders that may have spans or messages. Most of an imported log have none, and to read their states costs more than to ask. */
  async #withWork(orderIds: readonly string[]): Promise<string[]> {
    const rows = await this.#store.query(
      `SELECT DISTINCT order_id FROM (
         SELECT order_id FROM order_traces WHERE order_id IN ${ORDERS}
         UNION ALL SELECT order_id FROM order_aliases WHERE order_id IN ${ORDERS}
         UNION ALL SELECT order_id FROM queue_messages WHERE order_id IN ${ORDERS}
       )`,
      { orders: JSON.stringify(orderIds) },
      z.object({ order_id: z.string() }),
    );
    return rows.map((row) => row.order_id);
  }

  async #computeAll(orders: readonly OrderState[]): Promise<void> {
    if (orders.length === 0) return;
    const computedAt = msToNano(this.#now());
    const { spansOf, waits, truncated } = await readOrderWork(this.#store, orders, {
      maxSpans: SPANS_PER_BATCH,
      now: computedAt,
    });
    if (truncated && orders.length === 1) {
      this.#tooLarge += 1;
      return;
    }
    if (truncated) {
      const half = Math.ceil(orders.length / 2);
      await this.#computeAll(orders.slice(0, half));
      await this.#computeAll(orders.slice(half));
      return;
    }
    const seen: string[] = [];
    const wanted: BreakdownRow[] = [];
    for (const order of orders) {
      const spans = spansOf(order.orderId);
      const waited = waits.get(order.orderId) ?? [];
      // Traces without spans: they have not come yet, or their retention is over.
      if (spans.length + waited.length === 0) continue;
      seen.push(order.orderId);
      wanted.push(...toBreakdownRows(order.orderId, endedVisits(order), placeWork(spans, waited)));
    }
    const rows = changedRows(wanted, await this.#known(seen));
    await this.#store.insertRows(
      'visit_breakdowns',
      rows.map((row) => toInsert(row, computedAt)),
    );
    this.#computedOrders += seen.length;
  }

  async #known(orderIds: readonly string[]): Promise<z.infer<typeof breakdownRow>[]> {
    if (orderIds.length === 0) return [];
    // FINAL would read far more than the few granules that the index names.
    return this.#store.query(
      `SELECT ${BREAKDOWN_COLUMNS} FROM visit_breakdowns WHERE order_id IN {orders:Array(String)}
       ORDER BY computed_at DESC, is_deleted LIMIT 1 BY order_id, status, left_at, entered_at`,
      { orders: orderIds },
      breakdownRow,
    );
  }
}

function endedVisits({ folded }: OrderState): EndedVisit[] {
  return folded.visits.flatMap(({ status, enteredAt, leftAt }) =>
    leftAt === null ? [] : [{ status, enteredAt, leftAt }],
  );
}
