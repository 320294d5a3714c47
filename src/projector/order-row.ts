import type { FoldedOrder, Visit } from '../model/order.ts';
import { msToNano, type UnixNano } from '../model/units.ts';
import { toDateTime64 } from '../store/time.ts';
import type { OrderMaterial } from './read-orders.ts';

/**
 * A row of table `orders` in JSON form.
 */
export type OrderRow = Readonly<Record<string, unknown>>;

/** Shapes a folded order as the row that replaces the one before it. */
export function toOrderRow(order: {
  orderId: string;
  revision: number;
  known: OrderMaterial;
  folded: FoldedOrder;
  now: number;
}): OrderRow {
  const { folded, known } = order;
  const { visits, deviations } = folded;
  const firstObservedAtMs = Number.isFinite(known.firstObservedAtMs) ? known.firstObservedAtMs : order.now;
  return {
    order_id: order.orderId,
    revision: String(order.revision),
    lifecycle_name: folded.lifecycle.name,
    lifecycle_version: folded.lifecycle.version,
    status: folded.status ?? '',
    since: timeOrNull(folded.since),
    opened_at: timeOrNull(folded.openedAt),
    closed_at: timeOrNull(folded.closedAt),
    aliases: known.aliases,
    visit_statuses: visits.map(({ status }) => status),
    visit_systems: visits.map(({ system }) => system ?? ''),
    visit_entered_at: visits.map(({ enteredAt }) => toDateTime64(enteredAt)),
    visit_left_at: visits.map(({ leftAt }) => timeOrNull(leftAt)),
    visit_evidence: visits.map(evidenceJson),
    deviation_kinds: deviations.map(({ kind }) => kind),
    deviation_statuses: deviations.map(({ status }) => status),
    deviation_from: deviations.map(({ fromStatus }) => fromStatus ?? ''),
    deviation_skipped: deviations.map(({ skipped }) => skipped),
    deviation_at: deviations.map(({ at }) => toDateTime64(at)),
    deviation_visits: deviations.map(({ visitIndex }) => visitIndex),
    first_observed_at: toDateTime64(msToNano(firstObservedAtMs)),
  };
}

/** Evidence as it is read back by the order query: nanoseconds as decimal text. */
function evidenceJson(visit: Visit): string {
  return JSON.stringify(
    visit.evidence.map((piece) => ({
      kind: piece.evidenceKind,
      id: piece.evidenceId,
      source: piece.source,
      occurredAt: String(piece.occurredAt),
      observedAt: String(piece.observedAt),
      traceId: piece.traceId,
      spanId: piece.spanId,
    })),
  );
}

function timeOrNull(at: UnixNano | null): string | null {
  return at === null ? null : toDateTime64(at);
}
