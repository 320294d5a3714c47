import { z } from 'zod';
import { MIN_UNIX_NANO, type UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { toDateTime64, unixNanoText } from '../store/time.ts';
import { type FigureScope, IN_SCOPE, scopeParameters } from './figure-scope.ts';

/** Newest visits, of all statuses together, that figures are made of. A mean of thousands does not get better by millions. */
const MAX_VISITS = 50_000;

const cutRow = z.object({ rows: z.coerce.number(), oldest: unixNanoText });

const row = z.object({
  status: z.string(),
  visits: z.coerce.number(),
  dwell: z.number(),
  queue: z.number(),
  external: z.number(),
  idle: z.number(),
  times: z.tuple([z.array(z.string()), z.array(z.number())]),
});

/** What completed visits of a status consist of on average; milliseconds. */
export interface StatusBreakdown {
  readonly visits: number;
  readonly meanMs: number;
  /** Longest first. A visit in which a service did not work counts as 0. */
  readonly services: readonly { readonly service: string; readonly meanMs: number }[];
  readonly queueMeanMs: number;
  readonly externalMeanMs: number;
  readonly idleMeanMs: number;
}

/** The breakdowns of all statuses that have some. */
export interface StatusBreakdowns {
  readonly byStatus: ReadonlyMap<string, StatusBreakdown>;
  /** Visits that ended before this are not in the figures: the start of the window, or later where there are more than MAX_VISITS. */
  readonly since: UnixNano;
}

/** Means over visits that ended from `since` to `at`; over the newest MAX_VISITS where there are more. */
export async function statusBreakdowns(
  store: StoreClient,
  scope: FigureScope & { readonly since: UnixNano },
): Promise<StatusBreakdowns> {
  const since = scope.since < MIN_UNIX_NANO ? MIN_UNIX_NANO : scope.since;
  const ofScope =
    scope.attribute === undefined ? '' : `AND order_id IN (SELECT order_id FROM orders FINAL WHERE ${IN_SCOPE})`;
  const ended = `left_at >= {since:DateTime64(9, 'UTC')} AND left_at <= {until:DateTime64(9, 'UTC')} ${ofScope}`;
  const parameters = { ...scopeParameters(scope), until: toDateTime64(scope.at) };
  // The end of the sorting key is read backwards, so this reads little more than it returns.
  const [cut] = await store.query(
    `SELECT count() AS rows, toUnixTimestamp64Nano(min(left_at)) AS oldest FROM (
       SELECT left_at FROM visit_breakdowns WHERE ${ended} ORDER BY left_at DESC LIMIT ${MAX_VISITS}
     )`,
    { ...parameters, since: toDateTime64(since) },
    cutRow,
  );
  if (cut === undefined || cut.rows === 0) return { byStatus: new Map(), since };
  const from = cut.rows < MAX_VISITS ? since : cut.oldest;
  // Sums of nanoseconds over thousands of visits pass what 64 bits hold.
  const rows = await store.query(
    `SELECT status, count() AS visits, avg(toFloat64(dwell_nano)) AS dwell, avg(toFloat64(queue_nano)) AS queue,
       avg(toFloat64(external_nano)) AS external, avg(toFloat64(idle_nano)) AS idle,
       sumMap(CAST(services, 'Array(String)'), arrayMap(nano -> toFloat64(nano), service_nanos)) AS times
     FROM visit_breakdowns FINAL WHERE ${ended} GROUP BY status`,
    { ...parameters, since: toDateTime64(from) },
    row,
  );
  return { byStatus: new Map(rows.map((found) => [found.status, toMeans(found)])), since: from };
}

/** The answer about a status: with shares of the mean dwell, and with coverage; null where no visit has a breakdown. */
export function withCoverage(found: StatusBreakdown | undefined, completed: number) {
  if (found === undefined) return null;
  const share = (ms: number): number => (found.meanMs > 0 ? ms / found.meanMs : 0);
  return {
    visits: found.visits,
    // A visit that was counted while its breakdown was taken back may be in one of the figures only.
    coverage: completed === 0 ? 0 : Math.min(1, found.visits / completed),
    meanMs: found.meanMs,
    services: found.services.map(({ service, meanMs }) => ({ service, meanMs, share: share(meanMs) })),
    queueMeanMs: found.queueMeanMs,
    queueShare: share(found.queueMeanMs),
    externalMeanMs: found.externalMeanMs,
    externalShare: share(found.externalMeanMs),
    idleMeanMs: found.idleMeanMs,
    idleShare: share(found.idleMeanMs),
  };
}

function toMeans({
  visits,
  dwell,
  queue,
  external,
  idle,
  times: [services, sums],
}: z.infer<typeof row>): StatusBreakdown {
  return {
    visits,
    meanMs: dwell / 1e6,
    services: services
      .map((service, index) => ({ service, meanMs: (sums[index] ?? 0) / visits / 1e6 }))
      .sort((a, b) => b.meanMs - a.meanMs || (a.service < b.service ? -1 : 1)),
    queueMeanMs: queue / 1e6,
    externalMeanMs: external / 1e6,
    idleMeanMs: idle / 1e6,
  };
}
