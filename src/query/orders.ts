import { z } from 'zod';
import type { StoreClient } from '../store/client.ts';
import { readOrderStates } from '../store/order-state.ts';
import { tracesOfOrders } from '../store/order-traces.ts';
import { timeText, toCurrent } from './order.ts';
import { summarizeTraces } from './trace-summaries.ts';

/** What `listOrders` filters by; undefined fields do not filter. */
export interface OrderFilter {
  readonly status?: string | undefined;
  /** Substring of the id or an alias, case-insensitive. */
  readonly text?: string | undefined;
  readonly deviating?: boolean | undefined;
  readonly open?: boolean | undefined;
  readonly limit: number;
  /** Continue behind this order. */
  readonly after?: OrderPlace | undefined;
}

/** Where an order stands in the list: newest opened first, then by id. */
export interface OrderPlace {
  /** Milliseconds since the epoch. */
  readonly openedMs: string;
  readonly orderId: string;
}

const placeRow = z.object({ order_id: z.string(), place: z.string() });

/** An order of the list. */
export interface ListedOrder {
  readonly orderId: string;
  readonly status: string | null;
  readonly since: string | null;
  readonly openedAt: string | null;
  readonly closedAt: string | null;
  /** Where its regions are now; one without regions. */
  readonly current: ReturnType<typeof toCurrent>[];
  readonly visitCount: number;
  readonly deviationCount: number;
  readonly traceCount: number;
  readonly errorCount: number;
  readonly place: OrderPlace;
}

const PLACE = 'toUnixTimestamp64Milli(coalesce(toDateTime64(opened_at, 3), first_observed_at))';

/** One page of orders, newest opened first. */
export async function listOrders(store: StoreClient, filter: OrderFilter): Promise<ListedOrder[]> {
  const conditions: string[] = [];
  const parameters: Record<string, unknown> = { limit: filter.limit };
  const where = (condition: string, values: Record<string, unknown> = {}): void => {
    conditions.push(condition);
    Object.assign(parameters, values);
  };
  if (filter.status !== undefined) where('has(current_statuses, {status:String})', { status: filter.status });
  if (filter.text !== undefined) {
    where(
      `(positionCaseInsensitiveUTF8(order_id, {text:String}) > 0
        OR arrayExists(alias -> positionCaseInsensitiveUTF8(alias, {text:String}) > 0, aliases))`,
      { text: filter.text },
    );
  }
  if (filter.deviating !== undefined) where(filter.deviating ? 'notEmpty(deviation_kinds)' : 'empty(deviation_kinds)');
  if (filter.open !== undefined) where(filter.open ? 'isNull(closed_at)' : 'isNotNull(closed_at)');
  if (filter.after !== undefined) {
    where(`(${PLACE}, order_id) < ({afterMs:Int64}, {afterId:String})`, {
      afterMs: filter.after.openedMs,
      afterId: filter.after.orderId,
    });
  }
  const rows = await store.query(
    `SELECT order_id, toString(${PLACE}) AS place
     FROM orders FINAL ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
     ORDER BY ${PLACE} DESC, order_id DESC LIMIT {limit:UInt32}`,
    parameters,
    placeRow,
  );
  const states = await readOrderStates(
    store,
    rows.map((row) => row.order_id),
  );
  const traces = await tracesOfOrders(store, [...states.values()]);
  const summaries = await summarizeTraces(store, [...new Set([...traces.values()].flat())]);
  const errorsOf = new Map(summaries.map((summary) => [summary.traceId, summary.errorCount]));
  return rows.flatMap(({ order_id: orderId, place }) => {
    const folded = states.get(orderId)?.folded;
    if (folded === undefined) return [];
    const own = traces.get(orderId) ?? [];
    return {
      orderId,
      status: folded.status,
      since: timeText(folded.since),
      openedAt: timeText(folded.openedAt),
      closedAt: timeText(folded.closedAt),
      current: folded.current.map(toCurrent),
      visitCount: folded.visits.length,
      deviationCount: folded.deviations.length,
      traceCount: own.length,
      errorCount: own.reduce((sum, trace) => sum + (errorsOf.get(trace) ?? 0), 0),
      place: { openedMs: place, orderId },
    };
  });
}
