import { z } from 'zod';
import { failureOutcome } from '../lifecycle/failures/outcome.ts';
import { parseAlias } from '../model/alias-text.ts';
import type { DeviationKind, EvidenceKind } from '../model/order.ts';
import { type DurationNano, formatRfc3339, nanoToMs, type UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { MAX_TRACES_PER_ORDER, tracesOfOrders } from '../store/order-traces.ts';
import { nanoField, nanoOrNullField, nanos, nanosOrNull } from './time-sql.ts';
import { summarizeTraces, type TraceSummary } from './trace-summaries.ts';

const nanoText = z.string();

/** The columns that hold where the regions of an order are now; CURRENT selects them. */
export const currentColumns = {
  current_regions: z.array(z.string()),
  current_statuses: z.array(z.string()),
  current_times: z.array(nanoField),
};

/** SQL that selects `currentColumns`. */
export const CURRENT = `current_regions, current_statuses, arrayMap(at -> ${nanos('at')}, current_since) AS current_times`;

const row = z.object({
  order_id: z.string(),
  lifecycle_name: z.string(),
  lifecycle_version: z.string(),
  status: z.string(),
  since_text: nanoOrNullField,
  opened_text: nanoOrNullField,
  closed_text: nanoOrNullField,
  ...currentColumns,
  aliases: z.array(z.string()),
  attribute_names: z.array(z.string()),
  attribute_values: z.array(z.string()),
  visit_statuses: z.array(z.string()),
  visit_systems: z.array(z.string()),
  visit_regions: z.array(z.string()),
  visit_from: z.array(z.string()),
  entered: z.array(nanoText),
  left_text: z.array(nanoText.nullable()),
  visit_evidence: z.array(z.string()),
  deviation_kinds: z.array(z.string()),
  deviation_statuses: z.array(z.string()),
  deviation_from: z.array(z.string()),
  deviation_skipped: z.array(z.array(z.string())),
  deviation_other: z.array(z.string()),
  deviated: z.array(nanoText),
  deviation_visits: z.array(z.number()),
  anomaly_kinds: z.array(z.enum(['future', 'inverted'])),
  anomaly_visits: z.array(z.number()),
  anomaly_skews: z.array(nanoText),
  anomaly_sources: z.array(z.string()),
  failed: z.array(nanoText),
  failure_classes: z.array(z.enum(['timeout', 'api_error', 'other'])),
  failure_services: z.array(z.string()),
  failure_operations: z.array(z.string()),
  failure_statuses: z.array(z.string()),
  moved_on: z.array(nanoText.nullable()),
  failure_traces: z.array(z.string()),
  failure_spans: z.array(z.string()),
  failures_left_out: z.number(),
});

/** The evidence of a visit as `orders` keeps it. */
export const evidenceJson = z.array(
  z.object({
    kind: z.string(),
    id: z.string(),
    source: z.string(),
    occurredAt: z.string(),
    observedAt: z.string(),
    traceId: z.string().nullable(),
    spanId: z.string().nullable(),
  }),
);

type Row = z.infer<typeof row>;

/** The columns that hold the visits of an order. */
type VisitColumns = Pick<
  Row,
  'visit_systems' | 'visit_regions' | 'visit_from' | 'entered' | 'left_text' | 'visit_evidence'
>;

/** How failures are judged. */
export interface OutcomeRules {
  readonly now: UnixNano;
  readonly recoveryTime: DurationNano;
}

/** Everything about one order; times are RFC 3339. */
export type OrderDetail = ReturnType<typeof toDetail>;

/** Finds an order by its canonical id; undefined when nothing is known of it. */
export async function findOrder(
  store: StoreClient,
  orderId: string,
  outcomes: OutcomeRules,
): Promise<OrderDetail | undefined> {
  const [found] = await store.query(
    `SELECT order_id, lifecycle_name, lifecycle_version, status, ${nanosOrNull('since')} AS since_text,
       ${nanosOrNull('opened_at')} AS opened_text, ${nanosOrNull('closed_at')} AS closed_text, ${CURRENT}, aliases, attribute_names, attribute_values,
       visit_statuses, visit_systems, visit_regions, visit_from, arrayMap(at -> ${nanos('at')}, visit_entered_at) AS entered,
       arrayMap(at -> ${nanosOrNull('at')}, visit_left_at) AS left_text, visit_evidence,
       deviation_kinds, deviation_statuses, deviation_from, deviation_skipped, deviation_other,
       arrayMap(at -> ${nanos('at')}, deviation_at) AS deviated, deviation_visits,
       anomaly_kinds, anomaly_visits, arrayMap(skew -> toString(skew), anomaly_skew_nano) AS anomaly_skews, anomaly_sources,
       arrayMap(at -> ${nanos('at')}, failure_at) AS failed, failure_classes, failure_services, failure_operations, failure_statuses,
       arrayMap(at -> ${nanosOrNull('at')}, failure_moved_on_at) AS moved_on, failure_traces, failure_spans, failures_left_out
     FROM orders WHERE order_id = {orderId:String} ORDER BY revision DESC LIMIT 1`,
    { orderId },
    row,
  );
  if (found === undefined) return undefined;
  const traces = (await tracesOfOrders(store, [{ orderId, aliases: found.aliases }])).get(orderId) ?? [];
  const summaries = await summarizeTraces(store, traces.slice(0, MAX_TRACES_PER_ORDER));
  summaries.sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));
  return toDetail(found, { traces: summaries, tracesTruncated: traces.length >= MAX_TRACES_PER_ORDER, outcomes });
}

interface DetailParts {
  readonly traces: TraceSummary[];
  readonly tracesTruncated: boolean;
  readonly outcomes: OutcomeRules;
}

function toDetail(found: Row, { traces, tracesTruncated, outcomes }: DetailParts) {
  return {
    orderId: found.order_id,
    aliases: found.aliases.map(parseAlias),
    attributes: found.attribute_names.map((name, index) => ({ name, value: found.attribute_values[index] ?? '' })),
    lifecycle: { name: found.lifecycle_name, version: found.lifecycle_version },
    status: found.status === '' ? null : found.status,
    since: found.since_text,
    openedAt: found.opened_text,
    closedAt: found.closed_text,
    current: currentOf(found),
    visits: found.visit_statuses.map((status, index) => toVisit(found, status, index)),
    deviations: found.deviation_kinds.map((kind, index) => ({
      kind: kind as DeviationKind,
      status: found.deviation_statuses[index] ?? '',
      fromStatus: found.deviation_from[index] || null,
      skipped: found.deviation_skipped[index] ?? [],
      otherStatus: found.deviation_other[index] || null,
      at: formatRfc3339(BigInt(found.deviated[index] ?? '0')),
      visitIndex: found.deviation_visits[index] ?? 0,
    })),
    clockAnomalies: found.anomaly_kinds.map((kind, index) => ({
      kind,
      visitIndex: found.anomaly_visits[index] ?? 0,
      skewMs: nanoToMs(BigInt(found.anomaly_skews[index] ?? '0')),
      source: found.anomaly_sources[index] ?? '',
    })),
    failures: found.failed.map((at, index) => toFailure(found, BigInt(at), index, outcomes)),
    failuresLeftOut: found.failures_left_out,
    traces,
    tracesTruncated,
  };
}

/** Where each region of a row is now. */
export function currentOf(found: Pick<Row, keyof typeof currentColumns>) {
  return found.current_statuses.map((status, index) => ({
    region: found.current_regions[index] || null,
    status,
    since: found.current_times[index] ?? '',
  }));
}

function toFailure(found: Row, at: bigint, index: number, outcomes: OutcomeRules) {
  const movedOnText = found.moved_on[index] ?? null;
  const movedOnAt = movedOnText === null ? null : BigInt(movedOnText);
  return {
    at: formatRfc3339(at),
    class: found.failure_classes[index] ?? ('other' as const),
    service: found.failure_services[index] ?? '',
    operation: found.failure_operations[index] ?? '',
    status: found.failure_statuses[index] || null,
    movedOnAt: movedOnAt === null ? null : formatRfc3339(movedOnAt),
    outcome: failureOutcome({ at, movedOnAt }, outcomes),
    traceId: found.failure_traces[index] ?? '',
    spanId: found.failure_spans[index] ?? '',
  };
}

/** Shapes the visits of a row; times are RFC 3339. */
export function toVisit(found: VisitColumns, status: string, index: number) {
  const entered = BigInt(found.entered[index] ?? '0');
  const leftText = found.left_text[index] ?? null;
  const left = leftText === null ? null : BigInt(leftText);
  return {
    status,
    system: found.visit_systems[index] || null,
    region: found.visit_regions[index] || null,
    from: found.visit_from[index] || null,
    enteredAt: formatRfc3339(entered),
    leftAt: left === null ? null : formatRfc3339(left),
    dwellMs: left === null ? null : Number(left - entered) / 1e6,
    evidence: evidenceJson.parse(JSON.parse(found.visit_evidence[index] ?? '[]')).map((piece) => ({
      ...piece,
      kind: piece.kind as EvidenceKind,
      occurredAt: formatRfc3339(BigInt(piece.occurredAt)),
      observedAt: formatRfc3339(BigInt(piece.observedAt)),
    })),
  };
}
