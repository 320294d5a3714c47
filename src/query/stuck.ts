import { z } from 'zod';
import { type SurvivalCurve, survivalAt } from '../lifecycle/dwell/kaplan-meier.ts';
import type { Evidence, EvidenceKind, FailureClass, Visit } from '../model/order.ts';
import { formatRfc3339, type UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { type OrderState, readOrderStates } from '../store/order-state.ts';
import { nanoField } from './time-sql.ts';

const candidateRow = z.object({
  order_id: z.string(),
  status_name: z.string(),
  since_nano: z.string(),
  age_ms: z.number(),
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
  const states = await readOrderStates(store, orderIds);
  return new Map([...states].map(([orderId, state]) => [orderId, toDetails(state)]));
}

function toDetails({ folded, failures }: OrderState): Details {
  const last = failures.at(-1);
  return {
    deviationCount: folded.deviations.length,
    lastEvidence: lastEvidence(folded.visits),
    lastFailure:
      last === undefined
        ? null
        : {
            at: formatRfc3339(last.at),
            failureClass: last.failureClass,
            service: last.service,
            operation: last.operation,
            traceId: last.traceId,
            spanId: last.spanId,
          },
  };
}

/** The piece of evidence that happened last, of all visits. */
function lastEvidence(visits: readonly Visit[]): StuckOrder['lastEvidence'] {
  const pieces = visits.flatMap(({ evidence }) => evidence);
  const latest = pieces.reduce<Evidence | undefined>(
    (last, piece) => (last === undefined || piece.occurredAt > last.occurredAt ? piece : last),
    undefined,
  );
  if (latest === undefined) return null;
  const { evidenceKind: kind, source, occurredAt, traceId } = latest;
  return { kind, source, at: formatRfc3339(occurredAt), traceId };
}

/** How many times its target an order waits; 0 without a target. */
function overBy({ ageMs, targetMs }: Waiting): number {
  return targetMs === null ? 0 : ageMs / Math.max(targetMs, 1);
}
