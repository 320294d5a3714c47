import { NO_SPAN, NO_TRACE } from '../../../model/no-id.ts';
import type { DurationNano, UnixNano } from '../../../model/units.ts';
import type { StoreClient } from '../../../store/client.ts';
import { encodeOrderState, failureText, type OrderState, type PlacedFailure } from '../../../store/order-state.ts';
import { toDateTime64 } from '../../../store/time.ts';

export const SECOND: DurationNano = 1_000_000_000n;
/** When the orders of the tests begin: 2026-03-02T09:00:00Z. */
export const T0 = 1_772_442_000n * SECOND;

/** Status, entry and exit, the status before it in its region; times are nanoseconds after the start. */
export type TestVisit = readonly [
  status: string,
  entered: DurationNano,
  left: DurationNano | null,
  from?: string | undefined,
];
/** Class, service, time, and when the order moved on. */
export type TestFailure = readonly [
  PlacedFailure['failureClass'],
  service: string,
  at: DurationNano,
  movedOn: DurationNano | null,
];

/** An order as tests tell it; what they leave open is filled in. */
export interface TestOrder {
  readonly orderId: string;
  readonly visits: readonly TestVisit[];
  readonly lifecycle?: string;
  readonly closed?: DurationNano;
  readonly aliases?: readonly string[];
  readonly deviations?: OrderState['folded']['deviations'][number]['kind'][];
  readonly failures?: readonly TestFailure[];
  /** Indices of visits whose times cannot be right. */
  readonly anomalies?: readonly number[];
  readonly current?: readonly string[];
  readonly revision?: number;
  readonly start?: UnixNano;
}

/** Writes orders as the projector does: their rows, and the rows of their visits. */
export async function insertOrders(store: StoreClient, orders: readonly TestOrder[]): Promise<void> {
  await store.insertRows('orders', orders.map(orderRow));
  await store.insertRows('visits', orders.flatMap(visitRows));
}

/** Takes the rows of an order's visits back, as a fold does before it writes others. */
export function takeBackVisits(store: StoreClient, order: TestOrder): Promise<void> {
  return store.insertRows(
    'visits',
    visitRows(order).map((row) => ({ ...row, net: -1 })),
  );
}

function timeOrNull(at: UnixNano | null): string | null {
  return at === null ? null : toDateTime64(at);
}

function orderRow(order: TestOrder): Record<string, unknown> {
  const state = stateOf(order);
  const { folded } = state;
  return {
    order_id: order.orderId,
    revision: order.revision ?? 1,
    state: encodeOrderState(state),
    lifecycle_name: folded.lifecycle.name,
    status: folded.status ?? '',
    opened_at: timeOrNull(folded.openedAt),
    closed_at: timeOrNull(folded.closedAt),
    left_at: timeOrNull(folded.visits.findLast(({ leftAt }) => leftAt !== null)?.leftAt ?? null),
    current_statuses: folded.current.map(({ status }) => status),
    aliases: state.aliases,
    visit_statuses: folded.visits.map(({ status }) => status),
    deviation_kinds: folded.deviations.map(({ kind }) => kind),
    anomaly_statuses: folded.clockAnomalies.map(({ visitIndex }) => folded.visits[visitIndex]?.status ?? ''),
    failures: state.failures.map(failureText),
    first_observed_at: toDateTime64(order.start ?? T0),
  };
}

function times(entered: UnixNano | null, left: UnixNano | null): Record<string, string> {
  return { entered_nano: String(entered ?? 0n), left_nano: String(left ?? 0n) };
}

function visitRows(order: TestOrder): Record<string, unknown>[] {
  const { folded } = stateOf(order);
  const common = { order_id: order.orderId, lifecycle: folded.lifecycle.name, net: 1 };
  return [
    ...folded.visits.map(({ status, from, enteredAt, leftAt }, visit) => ({
      ...common,
      visit,
      kind: leftAt === null ? 'open' : 'completed',
      status,
      previous: from ?? '',
      ...times(enteredAt, leftAt),
      open_nano: leftAt === null ? String(enteredAt) : '0',
    })),
    {
      ...common,
      // As projector/visit-rows.ts has it.
      visit: 65_535,
      kind: folded.openedAt === null ? 'unknown' : folded.closedAt === null ? 'active' : 'closed',
      status: folded.status ?? '',
      previous: '',
      ...times(folded.openedAt, folded.closedAt),
      open_nano: '0',
    },
  ];
}

function stateOf(order: TestOrder): OrderState {
  const { orderId, visits, closed, start = T0, deviations = [], failures = [], anomalies = [] } = order;
  const last = visits.at(-1);
  const first = visits[0];
  const current = order.current ?? (last === undefined ? [] : [last[0]]);
  return {
    orderId,
    digest: '',
    folded: {
      lifecycle: { name: order.lifecycle ?? 'jewelry-order', version: '1' },
      status: last?.[0] ?? null,
      since: last === undefined ? null : start + last[1],
      openedAt: first === undefined ? null : start + first[1],
      closedAt: closed === undefined ? null : start + closed,
      current: current.map((status) => ({ region: null, status, since: start })),
      visits: visits.map(([status, entered, left, from], index) => ({
        status,
        system: null,
        region: null,
        from: (from ?? visits[index - 1]?.[0] ?? '') || null,
        enteredAt: start + entered,
        leftAt: left === null ? null : start + left,
        dwell: left === null ? null : left - entered,
        evidence: [],
      })),
      deviations: deviations.map((kind) => {
        return { kind, status: '', fromStatus: null, skipped: [], otherStatus: null, at: start, visitIndex: 0 };
      }),
      clockAnomalies: anomalies.map((visitIndex) => {
        return { kind: 'future', visitIndex, skewNano: 5n * SECOND, source: 'store-api' };
      }),
    },
    aliases: order.aliases ?? [],
    attributes: new Map(),
    failures: failures.map(([failureClass, service, at, movedOn]) => ({
      at: start + at,
      failureClass,
      service,
      operation: 'op',
      status: 'A',
      movedOnAt: movedOn === null ? null : start + movedOn,
      traceId: NO_TRACE,
      spanId: NO_SPAN,
    })),
    failuresLeftOut: 0,
    firstObservedAtMs: Number(start / 1_000_000n),
  };
}
