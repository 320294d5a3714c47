import { z } from 'zod';
import type { UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { type FigureScope, IN_SCOPE, scopeParameters, VISITS_AT } from './visits-at.ts';

const count = z.coerce.number();
const nanosToMs = z
  .number()
  .nullable()
  .transform((value) => (value === null ? null : value / 1e6));

const completedRow = z.object({
  status: z.string(),
  count,
  mean: nanosToMs,
  quantiles: z.array(z.number()),
});

const openRow = z.object({
  status: z.string(),
  count,
  ages: z.array(z.number()),
  oldest: nanosToMs,
  over_target: count,
});

const edgeRow = z.object({ from_status: z.string(), to_status: z.string(), count });
const totalsRow = z.object({ total: count, closed: count, deviating: count });

/** Dwell of completed visits of a status, milliseconds. */
export interface CompletedFigures {
  readonly status: string;
  readonly count: number;
  readonly meanMs: number | null;
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
}

/** Orders that are in a status now; ages in milliseconds. */
export interface OpenFigures {
  readonly status: string;
  readonly count: number;
  readonly p50AgeMs: number | null;
  readonly p95AgeMs: number | null;
  readonly maxAgeMs: number | null;
  readonly overTarget: number;
}

/** Orders that moved from one status to another; `from` is null for the first status of an order. */
export interface EdgeCount {
  readonly from: string | null;
  readonly to: string;
  readonly count: number;
}

/** Visits that ended from `since` to `at`; quantiles are type 7 (quantileExactInclusive), exact. */
export async function completedFigures(
  store: StoreClient,
  scope: FigureScope & { readonly since: UnixNano },
): Promise<CompletedFigures[]> {
  const rows = await store.query(
    `SELECT status, count() AS count, avg(toFloat64(dwell)) AS mean, quantilesExactInclusive(0.5, 0.95)(dwell) AS quantiles
     FROM (
       SELECT status, assumeNotNull(left_nano) - entered_nano AS dwell FROM (${VISITS_AT})
       WHERE isNotNull(left_nano) AND left_nano >= {since:Int64}
     ) GROUP BY status`,
    { ...scopeParameters(scope), since: String(scope.since) },
    completedRow,
  );
  return rows.map((row) => ({
    status: row.status,
    count: row.count,
    meanMs: row.mean,
    medianMs: toMs(row.quantiles[0]),
    p95Ms: toMs(row.quantiles[1]),
  }));
}

/** Orders by the status they are in at a time, with the ages of their open visits. */
export async function openFigures(
  store: StoreClient,
  options: FigureScope & { readonly targets: ReadonlyMap<string, UnixNano> },
): Promise<OpenFigures[]> {
  const rows = await store.query(
    `SELECT status, count() AS count, quantilesExactInclusive(0.5, 0.95)(age) AS ages, toFloat64(max(age)) AS oldest,
       countIf(age > target) AS over_target
     FROM (
       SELECT status, {at:Int64} - entered_nano AS age,
         transform(toString(status), {statuses:Array(String)}, {targets:Array(Int64)}, toInt64(9223372036854775807)) AS target
       FROM (${VISITS_AT}) WHERE isNull(left_nano)
     ) GROUP BY status`,
    {
      ...scopeParameters(options),
      statuses: [...options.targets.keys(), ''],
      targets: [...options.targets.values(), 0n],
    },
    openRow,
  );
  return rows.map((row) => ({
    status: row.status,
    count: row.count,
    p50AgeMs: toMs(row.ages[0]),
    p95AgeMs: toMs(row.ages[1]),
    maxAgeMs: row.oldest,
    overTarget: row.over_target,
  }));
}

/** Moves between statuses up to a time. */
export async function edgeCounts(store: StoreClient, scope: FigureScope): Promise<EdgeCount[]> {
  const rows = await store.query(
    `SELECT from_status, to_status, count() AS count FROM (
       SELECT arrayJoin(arrayZip(arrayPushFront(arrayPopBack(visit_statuses), ''), visit_statuses, visit_entered_at)) AS step,
         step.1 AS from_status, step.2 AS to_status, step.3 AS moved_at
       FROM orders FINAL WHERE notEmpty(visit_statuses) AND ${IN_SCOPE}
     ) WHERE toUnixTimestamp64Nano(moved_at) <= {at:Int64} GROUP BY from_status, to_status`,
    scopeParameters(scope),
    edgeRow,
  );
  return rows.map((row) => ({
    from: row.from_status === '' ? null : row.from_status,
    to: row.to_status,
    count: row.count,
  }));
}

/** How many orders there were at a time; orders known from traces only count as open. */
export async function orderTotals(
  store: StoreClient,
  scope: FigureScope,
): Promise<{ total: number; closed: number; deviating: number }> {
  const [row] = await store.query(
    `SELECT count() AS total, countIf(toUnixTimestamp64Nano(closed_at) <= {at:Int64}) AS closed,
       countIf(arrayExists(deviated -> toUnixTimestamp64Nano(deviated) <= {at:Int64}, deviation_at)) AS deviating
     FROM orders FINAL WHERE (isNull(opened_at) OR toUnixTimestamp64Nano(assumeNotNull(opened_at)) <= {at:Int64}) AND ${IN_SCOPE}`,
    scopeParameters(scope),
    totalsRow,
  );
  return row ?? { total: 0, closed: 0, deviating: 0 };
}

function toMs(nanos: number | undefined): number | null {
  return nanos === undefined || Number.isNaN(nanos) ? null : nanos / 1e6;
}
