import { z } from 'zod';
import type { DurationNano, UnixNano } from '../../model/units.ts';
import type { StoreClient } from '../../store/client.ts';
import { FAILURES } from '../failure-rows.ts';
import { COST, capped } from './capped.ts';
import { DURATION_BOUNDS_NANO, type DurationHistogram, spreadBuckets } from './duration-buckets.ts';

const count = z.coerce.number();
const overflow = count.transform((flag) => flag === 1);
const group = { overflow, lifecycle: z.string() };

const durationRow = z.object({
  ...group,
  status: z.string(),
  indices: z.array(count),
  counts: z.array(count),
  seconds: z.number(),
});
const activeRow = z.object({ ...group, status: z.string(), orders: count });
const anomalyRow = z.object({ ...group, status: z.string(), anomalies: count });
const transitionRow = z.object({ ...group, from: z.string(), to: z.string(), transitions: count });
const deviationRow = z.object({ ...group, kind: z.string(), deviations: count });
const failureRow = z.object({ overflow, failure_class: z.string(), service: z.string(), failures: count });
const outcomeRow = z.object({ failure_class: z.string(), failed: count, recovered: count });

/** A group of orders; where `overflow` is true it holds every group beyond the limit and its names are empty. */
interface Group {
  readonly overflow: boolean;
  /** Name of the lifecycle. */
  readonly lifecycle: string;
}

/** Durations of a status, or of whole orders by the final status they are in. */
export interface DurationFigures extends Group {
  readonly status: string;
  /** Negative durations are not in it. */
  readonly durations: DurationHistogram;
}

/** What the store says of all orders at one moment. */
export interface OrderFigures {
  /** Completed visits. */
  readonly statusDurations: readonly DurationFigures[];
  /** Whole orders, from the first entry to the entry into the final status. */
  readonly leadTimes: readonly DurationFigures[];
  /** Orders that are not closed, in every status that one of their regions is in, final ones of regions that wait for others too. */
  readonly active: readonly (Group & { readonly status: string; readonly orders: number })[];
  /** Times of entry that cannot be right. */
  readonly clockAnomalies: readonly (Group & { readonly status: string; readonly anomalies: number })[];
  /** `from` is empty for the first status of an order or a region. */
  readonly transitions: readonly (Group & {
    readonly from: string;
    readonly to: string;
    readonly transitions: number;
  })[];
  readonly deviations: readonly (Group & { readonly kind: string; readonly deviations: number })[];
  readonly failures: readonly {
    readonly overflow: boolean;
    readonly failureClass: string;
    readonly service: string;
    readonly failures: number;
  }[];
  /** Orders, counted once per class, by the same rule as the page of failures. */
  readonly outcomes: readonly {
    readonly failureClass: string;
    readonly failed: number;
    readonly recovered: number;
  }[];
}

/** When, and how failures are judged. */
export interface FigureRules {
  readonly now: UnixNano;
  /** Time in which an order must move forward after a failure, or it counts as failed. */
  readonly recoveryTime: DurationNano;
}

/**
 * Reads the figures of all orders in the store. Each question reads the whole table, so they go one after the other on one thread;
 * the caller asks rarely. Errors are those of `StoreClient.query`.
 */
export async function orderFigures(store: StoreClient, rules: FigureRules): Promise<OrderFigures> {
  const statusDurations = await durationFigures(store, 'completed');
  const leadTimes = await durationFigures(store, 'closed');
  const active = await store.query(
    capped(
      `SELECT toString(lifecycle_name) AS lifecycle_key, toString(active) AS status_key, count() AS size_part
       FROM orders FINAL ARRAY JOIN current_statuses AS active WHERE isNull(closed_at) GROUP BY lifecycle_key, status_key`,
      ['lifecycle', 'status'],
      { orders: 'sum(size_part)' },
    ),
    {},
    activeRow,
  );
  const clockAnomalies = await store.query(
    capped(
      `SELECT toString(lifecycle_name) AS lifecycle_key, toString(anomalous) AS status_key, count() AS size_part
       FROM orders FINAL ARRAY JOIN anomaly_statuses AS anomalous GROUP BY lifecycle_key, status_key`,
      ['lifecycle', 'status'],
      { anomalies: 'sum(size_part)' },
    ),
    {},
    anomalyRow,
  );
  const transitions = await transitionFigures(store);
  const deviations = await store.query(
    capped(
      `SELECT toString(lifecycle_name) AS lifecycle_key, toString(deviation) AS kind_key, count() AS size_part
       FROM orders FINAL ARRAY JOIN deviation_kinds AS deviation GROUP BY lifecycle_key, kind_key`,
      ['lifecycle', 'kind'],
      { deviations: 'sum(size_part)' },
    ),
    {},
    deviationRow,
  );
  return {
    statusDurations,
    leadTimes,
    active,
    clockAnomalies,
    transitions,
    deviations,
    failures: await failureFigures(store),
    outcomes: await outcomeFigures(store, rules),
  };
}

/** Histograms of the durations of one kind of rows in `visits`; taken back rows cancel out. */
async function durationFigures(store: StoreClient, kind: 'completed' | 'closed'): Promise<DurationFigures[]> {
  const source = `SELECT toString(lifecycle) AS lifecycle_key, toString(status) AS status_key, left_nano - entered_nano AS dwell, net
    FROM visits WHERE kind = {kind:String}`;
  // The index of the bucket is the number of bounds that the dwell exceeds: upper bounds are inclusive, as `le` is.
  const bucketed = `SELECT lifecycle_key, status_key, if(dwell < 0, -1, toInt32(arrayCount(bound -> dwell > bound, {bounds:Array(Int64)}))) AS bucket,
      sum(net) AS visits, sum(net * dwell / 1e9) AS seconds
    FROM (${source}) GROUP BY lifecycle_key, status_key, bucket HAVING visits > 0`;
  // sumMap refuses signed keys together with others, and negative durations have no bucket: they are left out.
  const grouped = `SELECT lifecycle_key, status_key, sumMapIf([toUInt32(greatest(bucket, 0))], [visits], bucket >= 0) AS buckets_part,
      sumIf(seconds, bucket >= 0) AS seconds_part, sum(visits) AS size_part
    FROM (${bucketed}) GROUP BY lifecycle_key, status_key`;
  const sql = capped(grouped, ['lifecycle', 'status'], {
    buckets: 'sumMap(buckets_part.1, buckets_part.2)',
    indices: 'buckets.1',
    counts: 'buckets.2',
    seconds: 'sum(seconds_part)',
  });
  const rows = await store.query(sql, { bounds: DURATION_BOUNDS_NANO, kind }, durationRow);
  return rows.map(({ indices, counts, seconds, ...figures }) => ({
    ...figures,
    durations: { counts: spreadBuckets(indices, counts), sumSeconds: seconds },
  }));
}

function transitionFigures(store: StoreClient): Promise<z.output<typeof transitionRow>[]> {
  return store.query(
    capped(
      `SELECT toString(lifecycle) AS lifecycle_key, toString(previous) AS from_key, toString(status) AS to_key, sum(net) AS size_part
       FROM visits WHERE kind IN ('completed', 'open', 'final') GROUP BY lifecycle_key, from_key, to_key HAVING size_part > 0`,
      ['lifecycle', 'from', 'to'],
      { transitions: 'sum(size_part)' },
    ),
    {},
    transitionRow,
  );
}

async function failureFigures(store: StoreClient): Promise<OrderFigures['failures']> {
  const rows = await store.query(
    capped(
      `SELECT class AS failure_class_key, service AS service_key, count() AS size_part
       FROM ${FAILURES} GROUP BY failure_class_key, service_key`,
      ['failure_class', 'service'],
      { failures: 'sum(size_part)' },
    ),
    {},
    failureRow,
  );
  return rows.map(({ failure_class: failureClass, ...figures }) => ({ ...figures, failureClass }));
}

async function outcomeFigures(store: StoreClient, rules: FigureRules): Promise<OrderFigures['outcomes']> {
  const rows = await store.query(
    `SELECT class AS failure_class,
       uniqExactIf(order_id, isNull(moved_on) AND {now:Int64} - at > {recovery:Int64}) AS failed,
       uniqExactIf(order_id, isNotNull(moved_on) AND assumeNotNull(moved_on) - at > {recovery:Int64}) AS recovered
     FROM ${FAILURES} GROUP BY failure_class ${COST}`,
    { now: String(rules.now), recovery: String(rules.recoveryTime) },
    outcomeRow,
  );
  return rows.map(({ failure_class: failureClass, ...figures }) => ({ ...figures, failureClass }));
}
