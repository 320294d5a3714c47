import { placeFailure } from '../lifecycle/failures/outcome.ts';
import type { Machine } from '../lifecycle/machine.ts';
import type { FoldedOrder, Visit } from '../model/order.ts';
import { msToNano, type UnixNano } from '../model/units.ts';
import { toDateTime64 } from '../store/time.ts';
import { attributeTimes, type KeptEvidence } from './known-orders.ts';
import type { OrderMaterial } from './read-orders.ts';

/**
 * A row of table `orders` in JSON form.
 */
export type OrderRow = Readonly<Record<string, unknown>>;

/** Most failures kept with an order, the latest ones; how many more there were is kept too. */
const MAX_FAILURES = 200;

/** Shapes a folded order as the row that replaces the one before it, but for its revision and the hash of its content. */
export function toOrderRow(order: {
  orderId: string;
  machine: Machine;
  /** Hash of the lifecycle's definition. */
  digest: string;
  known: OrderMaterial;
  folded: FoldedOrder;
  now: number;
}): OrderRow {
  const { folded, known } = order;
  const { current, visits, deviations, clockAnomalies } = folded;
  const attributes = attributesOf(known);
  const failures = known.failures.slice(-MAX_FAILURES);
  const places = failures.map(({ at }) => placeFailure(order.machine, visits, at));
  const firstObservedAtMs = Number.isFinite(known.firstObservedAtMs) ? known.firstObservedAtMs : order.now;
  return {
    order_id: order.orderId,
    lifecycle_name: folded.lifecycle.name,
    lifecycle_version: folded.lifecycle.version,
    lifecycle_digest: order.digest,
    status: folded.status ?? '',
    since: timeOrNull(folded.since),
    opened_at: timeOrNull(folded.openedAt),
    closed_at: timeOrNull(folded.closedAt),
    current_regions: current.map(({ region }) => region ?? ''),
    current_statuses: current.map(({ status }) => status),
    current_since: current.map(({ since }) => toDateTime64(since)),
    aliases: known.aliases,
    attribute_names: attributes.map(([name]) => name),
    attribute_values: attributes.map(([, value]) => value),
    attribute_times: attributeTimes(known.attributes),
    visit_statuses: visits.map(({ status }) => status),
    visit_systems: visits.map(({ system }) => system ?? ''),
    visit_regions: visits.map(({ region }) => region ?? ''),
    visit_from: visits.map(({ from }) => from ?? ''),
    visit_entered_at: visits.map(({ enteredAt }) => toDateTime64(enteredAt)),
    visit_left_at: visits.map(({ leftAt }) => timeOrNull(leftAt)),
    visit_evidence: visits.map(evidenceJson),
    deviation_kinds: deviations.map(({ kind }) => kind),
    deviation_statuses: deviations.map(({ status }) => status),
    deviation_from: deviations.map(({ fromStatus }) => fromStatus ?? ''),
    deviation_skipped: deviations.map(({ skipped }) => skipped),
    deviation_other: deviations.map(({ otherStatus }) => otherStatus ?? ''),
    deviation_at: deviations.map(({ at }) => toDateTime64(at)),
    deviation_visits: deviations.map(({ visitIndex }) => visitIndex),
    anomaly_kinds: clockAnomalies.map(({ kind }) => kind),
    anomaly_visits: clockAnomalies.map(({ visitIndex }) => visitIndex),
    anomaly_skew_nano: clockAnomalies.map(({ skewNano }) => String(skewNano)),
    anomaly_sources: clockAnomalies.map(({ source }) => source),
    failure_at: failures.map(({ at }) => toDateTime64(at)),
    failure_classes: failures.map(({ failureClass }) => failureClass),
    failure_services: failures.map(({ service }) => service),
    failure_operations: failures.map(({ operation }) => operation),
    failure_statuses: places.map(({ status }) => status ?? ''),
    failure_moved_on_at: places.map(({ movedOnAt }) => timeOrNull(movedOnAt)),
    failure_traces: failures.map(({ traceId }) => traceId),
    failure_spans: failures.map(({ spanId }) => spanId),
    failures_left_out: known.failures.length - failures.length,
    first_observed_at: toDateTime64(msToNano(firstObservedAtMs)),
  };
}

/** What describes an order, by name, each name once. */
export function attributesOf({ attributes }: OrderMaterial): (readonly [name: string, value: string])[] {
  return [...attributes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { value }]) => [name, value] as const);
}

/** Evidence as it is read back by the order query and by the next fold. */
function evidenceJson(visit: Visit): string {
  return JSON.stringify(
    visit.evidence.map(
      (piece): KeptEvidence => ({
        kind: piece.evidenceKind,
        id: piece.evidenceId,
        source: piece.source,
        sourceVersion: piece.sourceVersion,
        occurredAt: String(piece.occurredAt),
        observedAt: String(piece.observedAt),
        sequence: piece.sequence,
        traceId: piece.traceId,
        spanId: piece.spanId,
      }),
    ),
  );
}

function timeOrNull(at: UnixNano | null): string | null {
  return at === null ? null : toDateTime64(at);
}
