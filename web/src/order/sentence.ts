import type { Lifecycle, Order, OrderTrace } from '../../../src/api/contract/index.ts';
import { epochMs } from '../format/time.ts';

/** What the first line needs to know about an order. */
export type SentenceOrder = Pick<Order, 'status' | 'since' | 'openedAt' | 'closedAt' | 'deviations' | 'traces'>;

/** What the first line of the order page says; the texts are chosen by the component. */
export interface OrderFacts {
  readonly kind: 'waiting' | 'closed' | 'unknown';
  readonly status: string | null;
  /** How long the order has been in its status; ms. 0 when no status is known. */
  readonly ageMs: number;
  readonly targetMs: number | null;
  /** Time past the target while waiting; ms. */
  readonly overMs: number;
  /** From opening to closing; ms. 0 unless closed. */
  readonly lengthMs: number;
  /** The newest trace, when it has errors: the last work for the order failed. */
  readonly lastFailed: OrderTrace | undefined;
  readonly failedTraces: number;
  readonly deviations: number;
}

/** The newest trace of an order by its start; undefined when it has none. */
export function newestTrace(traces: readonly OrderTrace[]): OrderTrace | undefined {
  return traces.reduce<OrderTrace | undefined>(
    (newest, trace) => (newest === undefined || epochMs(trace.startedAt) > epochMs(newest.startedAt) ? trace : newest),
    undefined,
  );
}

/** Reads out of an order what its first line says, as of `nowMs` (ms since the epoch). */
export function orderFacts(order: SentenceOrder, lifecycle: Lifecycle | undefined, nowMs: number): OrderFacts {
  const definition = lifecycle?.statuses.find((status) => status.id === order.status);
  const newest = newestTrace(order.traces);
  const ageMs = order.since === null ? 0 : Math.max(0, nowMs - epochMs(order.since));
  const targetMs = definition?.targetMs ?? null;
  const opened = order.openedAt === null ? undefined : epochMs(order.openedAt);
  const closed = order.closedAt === null ? undefined : epochMs(order.closedAt);
  return {
    kind: order.status === null ? 'unknown' : closed === undefined ? 'waiting' : 'closed',
    status: order.status,
    ageMs,
    targetMs,
    overMs: targetMs === null ? 0 : Math.max(0, ageMs - targetMs),
    lengthMs: closed === undefined || opened === undefined ? 0 : closed - opened,
    lastFailed: newest !== undefined && newest.errorCount > 0 ? newest : undefined,
    failedTraces: order.traces.filter((trace) => trace.errorCount > 0).length,
    deviations: order.deviations.length,
  };
}
