import { z } from 'zod';
import type { DeviationKind, EvidenceKind } from '../model/order.ts';
import { formatRfc3339 } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { MAX_TRACES_PER_ORDER, tracesOfOrders } from './orders.ts';
import { nanoOrNullField, nanos, nanosOrNull } from './time-sql.ts';
import { summarizeTraces, type TraceSummary } from './trace-summaries.ts';

const nanoText = z.string();

const row = z.object({
  order_id: z.string(),
  lifecycle_name: z.string(),
  lifecycle_version: z.string(),
  status: z.string(),
  since_text: nanoOrNullField,
  opened_text: nanoOrNullField,
  closed_text: nanoOrNullField,
  aliases: z.array(z.string()),
  visit_statuses: z.array(z.string()),
  visit_systems: z.array(z.string()),
  entered: z.array(nanoText),
  left_text: z.array(nanoText.nullable()),
  visit_evidence: z.array(z.string()),
  deviation_kinds: z.array(z.string()),
  deviation_statuses: z.array(z.string()),
  deviation_from: z.array(z.string()),
  deviation_skipped: z.array(z.array(z.string())),
  deviated: z.array(nanoText),
  deviation_visits: z.array(z.number()),
});

const evidenceJson = z.array(
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

/** Everything about one order; times are RFC 3339. */
export type OrderDetail = ReturnType<typeof toDetail>;

/** Finds an order by its canonical id; undefined when nothing is known of it. */
export async function findOrder(store: StoreClient, orderId: string): Promise<OrderDetail | undefined> {
  const [found] = await store.query(
    `SELECT order_id, lifecycle_name, lifecycle_version, status, ${nanosOrNull('since')} AS since_text,
       ${nanosOrNull('opened_at')} AS opened_text, ${nanosOrNull('closed_at')} AS closed_text, aliases,
       visit_statuses, visit_systems, arrayMap(at -> ${nanos('at')}, visit_entered_at) AS entered,
       arrayMap(at -> ${nanosOrNull('at')}, visit_left_at) AS left_text, visit_evidence,
       deviation_kinds, deviation_statuses, deviation_from, deviation_skipped,
       arrayMap(at -> ${nanos('at')}, deviation_at) AS deviated, deviation_visits
     FROM orders FINAL WHERE order_id = {orderId:String}`,
    { orderId },
    row,
  );
  if (found === undefined) return undefined;
  const traces = (await tracesOfOrders(store, [{ orderId, aliases: found.aliases }])).get(orderId) ?? [];
  const summaries = await summarizeTraces(store, traces.slice(0, MAX_TRACES_PER_ORDER));
  summaries.sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));
  return toDetail(found, summaries, traces.length >= MAX_TRACES_PER_ORDER);
}

function toDetail(found: Row, traces: TraceSummary[], tracesTruncated: boolean) {
  return {
    orderId: found.order_id,
    aliases: found.aliases.map((alias) => {
      const equals = alias.indexOf('=');
      return { name: alias.slice(0, equals), value: alias.slice(equals + 1) };
    }),
    lifecycle: { name: found.lifecycle_name, version: found.lifecycle_version },
    status: found.status === '' ? null : found.status,
    since: found.since_text,
    openedAt: found.opened_text,
    closedAt: found.closed_text,
    visits: found.visit_statuses.map((status, index) => toVisit(found, status, index)),
    deviations: found.deviation_kinds.map((kind, index) => ({
      kind: kind as DeviationKind,
      status: found.deviation_statuses[index] ?? '',
      fromStatus: found.deviation_from[index] || null,
      skipped: found.deviation_skipped[index] ?? [],
      at: formatRfc3339(BigInt(found.deviated[index] ?? '0')),
      visitIndex: found.deviation_visits[index] ?? 0,
    })),
    traces,
    tracesTruncated,
  };
}

function toVisit(found: Row, status: string, index: number) {
  const entered = BigInt(found.entered[index] ?? '0');
  const leftText = found.left_text[index] ?? null;
  const left = leftText === null ? null : BigInt(leftText);
  return {
    status,
    system: found.visit_systems[index] || null,
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
