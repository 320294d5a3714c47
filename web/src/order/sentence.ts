import type { Failure, Lifecycle, Order } from '../../../src/api/contract/index.ts';
import { epochMs } from '../format/time.ts';

/** What the first line needs to know about an order. */
export type SentenceOrder = Pick<
  Order,
  'status' | 'since' | 'current' | 'openedAt' | 'closedAt' | 'deviations' | 'failures' | 'failuresLeftOut'
>;

/** What the first line of the order page says; the texts are chosen by the component. */
export interface OrderFacts {
  readonly kind: 'waiting' | 'closed' | 'unknown';
  readonly status: string | null;
  /** Where other regions wait meanwhile. */
  readonly also: readonly string[];
  /** How long the order has been in its status; ms. 0 when no status is known. */
  readonly ageMs: number;
  readonly targetMs: number | null;
  /** Time past the target while waiting; ms. */
  readonly overMs: number;
  /** From opening to closing; ms. 0 unless closed. */
  readonly lengthMs: number;
  /** The latest failure, when the order has not moved on since: the last work for it failed. */
  readonly lastFailed: Failure | undefined;
  /** Failures that the order left behind, and whether it took longer than the recovery time; undefined when none. */
  readonly leftBehind: { readonly count: number; readonly how: 'overcome' | 'recovered' } | undefined;
  readonly deviations: number;
}

function leftBehind(order: SentenceOrder): OrderFacts['leftBehind'] {
  const count = order.failures.length + order.failuresLeftOut;
  if (count === 0) return undefined;
  return { count, how: order.failures.some(({ outcome }) => outcome === 'recovered') ? 'recovered' : 'overcome' };
}

function alsoWaiting({ status, current }: SentenceOrder, lifecycle: Lifecycle | undefined): string[] {
  const isFinal = (id: string): boolean => lifecycle?.statuses.some((each) => each.id === id && each.final) ?? false;
  return current.map((each) => each.status).filter((each) => each !== status && !isFinal(each));
}

/** Reads out of an order what its first line says, as of `nowMs` (ms since the epoch). */
export function orderFacts(order: SentenceOrder, lifecycle: Lifecycle | undefined, nowMs: number): OrderFacts {
  const definition = lifecycle?.statuses.find((status) => status.id === order.status);
  const last = order.failures.at(-1);
  const lastFailed = last?.outcome === 'pending' || last?.outcome === 'failed' ? last : undefined;
  const ageMs = order.since === null ? 0 : Math.max(0, nowMs - epochMs(order.since));
  const targetMs = definition?.targetMs ?? null;
  const opened = order.openedAt === null ? undefined : epochMs(order.openedAt);
  const closed = order.closedAt === null ? undefined : epochMs(order.closedAt);
  return {
    kind: order.status === null ? 'unknown' : closed === undefined ? 'waiting' : 'closed',
    status: order.status,
    also: closed === undefined ? alsoWaiting(order, lifecycle) : [],
    ageMs,
    targetMs,
    overMs: targetMs === null ? 0 : Math.max(0, ageMs - targetMs),
    lengthMs: closed === undefined || opened === undefined ? 0 : closed - opened,
    lastFailed,
    leftBehind: lastFailed === undefined ? leftBehind(order) : undefined,
    deviations: order.deviations.length,
  };
}
