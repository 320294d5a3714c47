import { placeFailure } from '../lifecycle/failures/outcome.ts';
import type { Machine } from '../lifecycle/machine.ts';
import type { FoldedOrder } from '../model/order.ts';
import type { UnixNano } from '../model/units.ts';
import { failureText, type OrderState } from '../store/order-state.ts';
import { encodeRowBlock } from '../wire/native/row-columns.ts';
import type { OrderMaterial } from './read-orders.ts';

/** Most failures kept with an order, the latest ones; how many more there were is kept too. */
const MAX_FAILURES = 200;

/** Brings together what is kept of an order that was folded. */
export function toOrderState(order: {
  readonly orderId: string;
  readonly machine: Machine;
  /** Hash of the lifecycle's definition. */
  readonly digest: string;
  readonly material: OrderMaterial;
  readonly folded: FoldedOrder;
  /** Milliseconds since the epoch. */
  readonly now: number;
}): OrderState {
  const { orderId, machine, digest, material, folded, now } = order;
  const failures = material.failures.slice(-MAX_FAILURES);
  return {
    orderId,
    digest,
    folded,
    aliases: material.aliases,
    attributes: new Map([...material.attributes].sort(([a], [b]) => (a < b ? -1 : 1))),
    failures: failures.map((failure) => ({ ...failure, ...placeFailure(machine, folded.visits, failure.at) })),
    failuresLeftOut: material.failures.length - failures.length,
    firstObservedAtMs: Number.isFinite(material.firstObservedAtMs) ? material.firstObservedAtMs : now,
  };
}

/** An order that is written. */
export interface OrderRow {
  readonly revision: bigint;
  /** Hash of the state, as decimal text. */
  readonly content: string;
  /** The state as `encodeOrderState` writes it. */
  readonly text: string;
  readonly state: OrderState;
}

/** Encodes rows of `orders`: the state, and what lists and figures filter and count by. */
export function encodeOrders(orders: readonly OrderRow[]): Uint8Array {
  return encodeRowBlock(orders, (rows) => [
    rows.text('order_id', ({ state }) => state.orderId),
    rows.bigUint64('revision', ({ revision }) => revision),
    rows.bigUint64('content', ({ content }) => BigInt(content)),
    rows.text('state', ({ text }) => text),
    rows.word('lifecycle_name', ({ state }) => state.folded.lifecycle.name),
    rows.word('lifecycle_digest', ({ state }) => state.digest),
    rows.word('status', ({ state }) => state.folded.status ?? ''),
    rows.nanoTimeOrNull('opened_at', ({ state }) => state.folded.openedAt),
    rows.nanoTimeOrNull('closed_at', ({ state }) => state.folded.closedAt),
    rows.nanoTimeOrNull('left_at', ({ state }) => lastExit(state.folded)),
    rows.words('current_statuses', ({ state }) => state.folded.current.map(({ status }) => status)),
    rows.texts('aliases', ({ state }) => state.aliases),
    rows.words('attributes', ({ state }) => describe(state)),
    rows.words('visit_statuses', ({ state }) => state.folded.visits.map(({ status }) => status)),
    rows.words('deviation_kinds', ({ state }) => state.folded.deviations.map(({ kind }) => kind)),
    rows.words('anomaly_statuses', ({ state: { folded } }) =>
      folded.clockAnomalies.map(({ visitIndex }) => folded.visits[visitIndex]?.status ?? ''),
    ),
    rows.texts('failures', ({ state }) => state.failures.map(failureText)),
    rows.milliTime('first_observed_at', ({ state }) => state.firstObservedAtMs),
  ]);
}

/** What describes an order, as `name=value`, each name once. */
export function describe({ attributes }: Pick<OrderState, 'attributes'>): string[] {
  return [...attributes].map(([name, { value }]) => `${name}=${value}`);
}

function lastExit({ visits }: FoldedOrder): UnixNano | null {
  return visits.reduce<UnixNano | null>((last, { leftAt }) => {
    return leftAt !== null && (last === null || leftAt > last) ? leftAt : last;
  }, null);
}
