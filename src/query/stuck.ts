import { z } from 'zod';
import { survivalAt } from '../lifecycle/dwell/kaplan-meier.ts';
import type { FailureClass } from '../lifecycle/failures/classify.ts';
import type { UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import type { StatusSurvival } from './survival.ts';
import { nanoField, nanos } from './time-sql.ts';

const row = z.object({
  order_id: z.string(),
  status: z.string(),
  since_text: nanoField,
  age_ms: z.number(),
  deviations: z.coerce.number(),
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
}

/** What counts as stuck. */
export interface StuckRules {
  readonly now: UnixNano;
  /** Targets in milliseconds; statuses without one are judged by the curve alone. */
  readonly targets: ReadonlyMap<string, number>;
  readonly finals: readonly string[];
  readonly survival: StatusSurvival;
  /** An age that a smaller share of visits reaches is improbable. */
  readonly improbable: number;
  readonly limit: number;
}

/** Oldest open orders that are looked at; a shop with more open orders sees the oldest of them. */
const MAX_CANDIDATES = 20_000;
/** Completed visits below which a curve says too little to call an age improbable. */
const MIN_COMPLETED = 20;

/** Orders whose open visit is older than its target, or improbably old; the least probable first, then the furthest over target. */
export async function stuckOrders(
  store: StoreClient,
  rules: StuckRules,
): Promise<{ orders: StuckOrder[]; total: number }> {
  const rows = await store.query(
    `SELECT order_id, status, ${nanos('assumeNotNull(since)')} AS since_text,
       ({now:Int64} - toUnixTimestamp64Nano(assumeNotNull(since))) / 1e6 AS age_ms, length(deviation_kinds) AS deviations,
       if(empty(failure_at), NULL, (${nanos('failure_at[-1]')}, failure_classes[-1], failure_services[-1], failure_operations[-1],
         failure_traces[-1], failure_spans[-1])) AS failure
     FROM orders FINAL WHERE status != '' AND isNotNull(since) AND isNull(closed_at) AND status NOT IN {finals:Array(String)}
     ORDER BY since LIMIT ${MAX_CANDIDATES}`,
    { now: String(rules.now), finals: rules.finals },
    row,
  );
  const stuck = rows.map((found) => judge(found, rules)).filter((order) => order !== undefined);
  stuck.sort(
    (a, b) => (a.survival ?? 1) - (b.survival ?? 1) || overBy(b) - overBy(a) || (a.orderId < b.orderId ? -1 : 1),
  );
  return { orders: stuck.slice(0, rules.limit), total: stuck.length };
}

function judge(found: z.infer<typeof row>, rules: StuckRules): StuckOrder | undefined {
  const targetMs = rules.targets.get(found.status) ?? null;
  const curve = rules.survival.curves.get(found.status);
  const survival = curve === undefined || curve.events < MIN_COMPLETED ? null : survivalAt(curve, found.age_ms);
  const overTarget = targetMs !== null && found.age_ms > targetMs;
  if (!overTarget && (survival === null || survival >= rules.improbable)) return undefined;
  const failure = found.failure;
  return {
    orderId: found.order_id,
    status: found.status,
    since: found.since_text,
    ageMs: found.age_ms,
    targetMs,
    overTarget,
    survival,
    deviationCount: found.deviations,
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
  };
}

/** How many times its target an order waits; 0 without a target. */
function overBy({ ageMs, targetMs }: StuckOrder): number {
  return targetMs === null ? 0 : ageMs / Math.max(targetMs, 1);
}
