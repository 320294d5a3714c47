import type { Stuck } from '../../../src/api/contract/index.ts';

/** One stuck order. */
export type StuckOrder = Stuck['orders'][number];

/** The stuck orders of one status, the least probable first. */
export interface StuckColumn {
  readonly status: string;
  readonly orders: readonly StuckOrder[];
}

/** How far past its target an order is, as a share of the target; 0 without a target. */
function overShare({ ageMs, targetMs }: StuckOrder): number {
  return targetMs === null || targetMs <= 0 ? 0 : ageMs / targetMs;
}

/** The least probable first; where too little is known to say, after them, by how far they are past their target. */
function lessProbable(a: StuckOrder, b: StuckOrder): number {
  const [left, right] = [a.survival ?? Infinity, b.survival ?? Infinity];
  if (left !== right) return left < right ? -1 : 1;
  return overShare(b) - overShare(a) || b.ageMs - a.ageMs;
}

/**
 * Sorts stuck orders into columns: the statuses of the lifecycle in its order, also empty ones, so that the board
 * keeps its shape; then statuses it does not know. `statuses` are those an order can be stuck in.
 */
export function stuckColumns(orders: readonly StuckOrder[], statuses: readonly string[]): StuckColumn[] {
  const known = new Set(statuses);
  const strangers = [...new Set(orders.map((order) => order.status))].filter((status) => !known.has(status));
  return [...statuses, ...strangers.toSorted()].map((status) => ({
    status,
    orders: orders.filter((order) => order.status === status).toSorted(lessProbable),
  }));
}

/** How a share of visits is put into words: a rare one with "only", a tiny one as a bound. */
export type Rarity =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'fewer' | 'only' | 'share'; readonly share: number };

/** Below this a share is written as a bound: smaller ones are not known that well. */
const SMALLEST = 0.005;

/** Puts the share of visits that last at least this long into words; `improbable` is where rare begins. */
export function rarity(survival: number | null, improbable: number): Rarity {
  if (survival === null) return { kind: 'unknown' };
  if (survival < SMALLEST) return { kind: 'fewer', share: SMALLEST };
  return { kind: survival < improbable ? 'only' : 'share', share: survival };
}
