import { z } from 'zod';
import type { UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';

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

const VISITS = `FROM orders FINAL ARRAY JOIN visit_statuses AS status, visit_entered_at AS entered, visit_left_at AS left_at`;

/** Completed visits that ended at or after `since`; quantiles are type 7 (quantileExactInclusive), exact. */
export async function completedFigures(store: StoreClient, since: UnixNano): Promise<CompletedFigures[]> {
  const rows = await store.query(
    `SELECT status, count() AS count, avg(dwell) AS mean, quantilesExactInclusive(0.5, 0.95)(dwell) AS quantiles
     FROM (
       SELECT status, toUnixTimestamp64Nano(assumeNotNull(left_at)) - toUnixTimestamp64Nano(entered) AS dwell
       ${VISITS} WHERE isNotNull(left_at) AND toUnixTimestamp64Nano(assumeNotNull(left_at)) >= {since:Int64}
     ) GROUP BY status`,
    { since: String(since) },
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

/** Orders by the status they are in at `now`, with the ages of their open visits. */
export async function openFigures(
  store: StoreClient,
  options: { now: UnixNano; targets: ReadonlyMap<string, UnixNano> },
): Promise<OpenFigures[]> {
  const rows = await store.query(
    `SELECT status, count() AS count, quantilesExactInclusive(0.5, 0.95)(age) AS ages, toFloat64(max(age)) AS oldest,
       countIf(age > target) AS over_target
     FROM (
       SELECT status, {now:Int64} - toUnixTimestamp64Nano(assumeNotNull(since)) AS age,
         transform(toString(status), {statuses:Array(String)}, {targets:Array(Int64)}, toInt64(9223372036854775807)) AS target
       FROM orders FINAL WHERE status != '' AND isNotNull(since)
     ) GROUP BY status`,
    {
      now: String(options.now),
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

/** Moves between statuses over all orders. */
export async function edgeCounts(store: StoreClient): Promise<EdgeCount[]> {
  const rows = await store.query(
    `SELECT from_status, to_status, count() AS count FROM (
       SELECT arrayJoin(arrayZip(arrayPushFront(arrayPopBack(visit_statuses), ''), visit_statuses)) AS step,
         step.1 AS from_status, step.2 AS to_status
       FROM orders FINAL WHERE notEmpty(visit_statuses)
     ) GROUP BY from_status, to_status`,
    {},
    edgeRow,
  );
  return rows.map((row) => ({
    from: row.from_status === '' ? null : row.from_status,
    to: row.to_status,
    count: row.count,
  }));
}

/** How many orders there are. */
export async function orderTotals(store: StoreClient): Promise<{ total: number; closed: number; deviating: number }> {
  const [row] = await store.query(
    `SELECT count() AS total, countIf(isNotNull(closed_at)) AS closed, countIf(notEmpty(deviation_kinds)) AS deviating
     FROM orders FINAL`,
    {},
    totalsRow,
  );
  return row ?? { total: 0, closed: 0, deviating: 0 };
}

function toMs(nanos: number | undefined): number | null {
  return nanos === undefined || Number.isNaN(nanos) ? null : nanos / 1e6;
}
