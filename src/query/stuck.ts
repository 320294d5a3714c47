import { z } from 'zod';
import { type SurvivalCurve, survivalAt } from '../lifecycle/dwell/kaplan-meier.ts';
import type { FailureClass } from '../lifecycle/failures/classify.ts';
import type { EvidenceKind } from '../model/order.ts';
import { formatRfc3339, type UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { evidenceJson } from './order.ts';
import { nanoField, nanos } from './time-sql.ts';

const candidateRow = z.object({
  order_id: z.string(),
  status_name: z.string(),
  since_nano: z.string(),
  age_ms: z.number(),
});

const detailRow = z.object({
  order_id: z.string(),
  deviations: z.coerce.number(),
  evidence: z.array(z.string()),
  failure: z
    .tuple([z.string(), z.enum(['timeout', 'api_error', 'other']), z.string(), z.string(), z.string(), z.string()])
    .nullable(),
});

/** An order that waits longer than it should. */
export interface StuckOrder {
  readonly orderId: string;
  readonly status: string;
  /** RFC 3339. */
  readonly since: string;
  readonly ageMs: number;
  readonly targetMs: number | null;
  readonly overTarget: boolean;
  /** Share of visits to the status that last at least this long, by the survival curve; null where too little is known. */
  readonly survival: number | null;
  readonly deviationCount: number;
  readonly lastFailure: {
    readonly at: string;
    readonly failureClass: FailureClass;
    readonly service: string;
    readonly operation: string;
    readonly traceId: string;
    readonly spanId: string;
  } | null;
  /** The last sign of the order: who said something of it, when, and in which trace. */
  readonly lastEvidence: {
    readonly kind: EvidenceKind;
    readonly source: string;
    /** RFC 3339. */
    readonly at: string;
    readonly traceId: string | null;
  } | null;
}

/** What counts as stuck. */
export interface StuckRules {
  readonly now: UnixNano;
  /** Targets in milliseconds; statuses without one are judged by the curve alone. */
  readonly targets: ReadonlyMap<string, number>;
  readonly survival: ReadonlyMap<string, SurvivalCurve>;
  /** An age that a smaller share of visits reaches is improbable. */
  readonly improbable: number;
  readonly limit: number;
}

/** Oldest open visits that are looked at; a shop with more sees the oldest of them. */
const MAX_CANDIDATES = 20_000;
/** Completed visits below which a curve says too little to call an age improbable. */
const MIN_COMPLETED = 20;

/**
 * Orders with an open visit older than its target, or improbably old; the least probable first, then the furthest over target. An order
 * that waits in several regions stands here once, with the worst of them.
 */
export async function stuckOrders(
  store: StoreClient,
  rules: StuckRules,
): Promise<{ orders: StuckOrder[]; total: number }> {
  const rows = await store.query(
    `SELECT order_id, toString(status) AS status_name, toString(open_nano) AS since_nano, ({now:Int64} - open_nano) / 1e6 AS age_ms
     FROM visits WHERE kind = 'open' GROUP BY order_id, visit, status, open_nano HAVING sum(net) > 0
     ORDER BY open_nano LIMIT ${MAX_CANDIDATES}`,
    { now: String(rules.now) },
    candidateRow,
  );
  const waiting = rows.map((found) => judge(found, rules)).filter((order) => order !== undefined);
  waiting.sort(
    (a, b) => (a.survival ?? 1) - (b.survival ?? 1) || overBy(b) - overBy(a) || (a.orderId < b.orderId ? -1 : 1),
  );
  const worst = new Map<string, Waiting>();
  for (const each of waiting) if (!worst.has(each.orderId)) worst.set(each.orderId, each);
  const listed = [...worst.values()].slice(0, rules.limit);
  const details = await detailsOf(
    store,
    listed.map(({ orderId }) => orderId),
  );
  return {
    orders: listed.map((order) => ({ ...order, ...(details.get(order.orderId) ?? NO_DETAILS) })),
    total: worst.size,
  };
}

type Details = Pick<StuckOrder, 'deviationCount' | 'lastFailure' | 'lastEvidence'>;
type Waiting = Omit<StuckOrder, keyof Details>;

const NO_DETAILS: Details = { deviationCount: 0, lastFailure: null, lastEvidence: null };

function judge(found: z.infer<typeof candidateRow>, rules: StuckRules): Waiting | undefined {
  const targetMs = rules.targets.get(found.status_name) ?? null;
  const curve = rules.survival.get(found.status_name);
  const survival = curve === undefined || curve.events < MIN_COMPLETED ? null : survivalAt(curve, found.age_ms);
  const overTarget = targetMs !== null && found.age_ms > targetMs;
  if (!overTarget && (survival === null || survival >= rules.improbable)) return undefined;
  return {
    orderId: found.order_id,
    status: found.status_name,
    since: nanoField.parse(found.since_nano),
    ageMs: found.age_ms,
    targetMs,
    overTarget,
    survival,
  };
}

async function detailsOf(store: StoreClient, orderIds: readonly string[]): Promise<Map<string, Details>> {
  if (orderIds.length === 0) return new Map();
  const rows = await store.query(
    `SELECT order_id, length(deviation_kinds) AS deviations, visit_evidence AS evidence,
       if(empty(failure_at), NULL, (${nanos('failure_at[-1]')}, failure_classes[-1], failure_services[-1], failure_operations[-1],
         failure_traces[-1], failure_spans[-1])) AS failure
     FROM orders FINAL WHERE order_id IN {orders:Array(String)}`,
    { orders: orderIds },
    detailRow,
  );
  return new Map(
    rows.map(({ order_id: orderId, deviations, evidence, failure }) => [
      orderId,
      {
        deviationCount: deviations,
        lastEvidence: lastEvidence(evidence),
        lastFailure:
          failure === null
            ? null
            : {
                at: nanoField.parse(failure[0]),
                failureClass: failure[1],
                service: failure[2],
                operation: failure[3],
                traceId: failure[4],
                spanId: failure[5],
              },
      },
    ]),
  );
}

/** The piece of evidence that happened last, of all visits. */
function lastEvidence(visits: readonly string[]): StuckOrder['lastEvidence'] {
  const pieces = visits.flatMap((text) => evidenceJson.parse(JSON.parse(text)));
  const latest = pieces.reduce<(typeof pieces)[number] | undefined>(
    (last, piece) => (last === undefined || BigInt(piece.occurredAt) > BigInt(last.occurredAt) ? piece : last),
    undefined,
  );
  if (latest === undefined) return null;
  const { kind, source, occurredAt, traceId } = latest;
  return { kind: kind as EvidenceKind, source, at: formatRfc3339(BigInt(occurredAt)), traceId };
}

/** How many times its target an order waits; 0 without a target. */
function overBy({ ageMs, targetMs }: Waiting): number {
  return targetMs === null ? 0 : ageMs / Math.max(targetMs, 1);
}
