import { z } from 'zod';
import type { FailureClass } from '../model/order.ts';
import type { DurationNano, UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { FAILURES } from './failure-rows.ts';
import { nanoField } from './time-sql.ts';

const count = z.coerce.number();
const failureClass = z.enum(['timeout', 'api_error', 'other']);

const groupRow = z.object({
  failure_class: failureClass,
  status: z.string(),
  service: z.string(),
  operation: z.string(),
  failures: count,
  orders: count,
  failed_orders: count,
  recovered_orders: count,
  last_at: nanoField,
  example_trace: z.string(),
  example_span: z.string(),
  example_order: z.string(),
});

const totalRow = z.object({
  failure_class: failureClass,
  failures: count,
  orders: count,
  failed_orders: count,
  recovered_orders: count,
});
const seriesRow = z.object({ bucket: nanoField, failure_class: failureClass, failures: count });

/** What failures are asked for. */
export interface FailureFilter {
  readonly since: UnixNano;
  readonly now: UnixNano;
  /** Time in which an order must move forward after a failure, or it counts as failed. */
  readonly recoveryTime: DurationNano;
  readonly failureClass?: FailureClass | undefined;
  readonly status?: string | undefined;
  readonly service?: string | undefined;
}

/** Most groups in one answer. */
const MAX_GROUPS = 500;
/** Points of the series over the window. */
const SERIES_POINTS = 60n;

/**
 * Failures by class, status of the order, innermost service and operation, the most frequent first, with totals and a series over time.
 *
 * An order is failed where, after a failure, it did not move forward within the recovery time and has not done so since; recovered
 * where it did later. Orders are counted once per group, so groups do not add up to the totals.
 */
export async function failureFigures(store: StoreClient, filter: FailureFilter) {
  const parameters: Record<string, unknown> = {
    since: String(filter.since),
    now: String(filter.now),
    recovery: String(filter.recoveryTime),
    width: String(bucketWidth(filter)),
  };
  const source = failureRows(filter, parameters);
  const sums = `count() AS failures, uniqExact(order_id) AS orders, uniqExactIf(order_id, is_failed) AS failed_orders,
    uniqExactIf(order_id, is_recovered) AS recovered_orders`;
  const [totals, groups, series] = await Promise.all([
    store.query(`SELECT failure_class, ${sums} FROM (${source}) GROUP BY failure_class`, parameters, totalRow),
    store.query(
      `SELECT failure_class, status, service, operation, ${sums}, toString(max(at)) AS last_at,
         argMax(trace, at) AS example_trace, argMax(span, at) AS example_span, argMax(order_id, at) AS example_order
       FROM (${source}) GROUP BY failure_class, status, service, operation
       ORDER BY failures DESC, failure_class, service, operation, status LIMIT ${MAX_GROUPS}`,
      parameters,
      groupRow,
    ),
    store.query(
      `SELECT toString(intDiv(at, {width:Int64}) * {width:Int64}) AS bucket, failure_class, count() AS failures
       FROM (${source}) GROUP BY bucket, failure_class ORDER BY bucket, failure_class`,
      parameters,
      seriesRow,
    ),
  ]);
  return { totals, groups, series, bucketWidth: bucketWidth(filter) };
}

/** Row per failure with its outcome; adds the filter's parameters. */
function failureRows(filter: FailureFilter, parameters: Record<string, unknown>): string {
  const conditions = ['at >= {since:Int64}'];
  const where = (field: 'failure_class' | 'status' | 'service', value: string | undefined): void => {
    if (value === undefined) return;
    conditions.push(`${field === 'failure_class' ? 'class' : field} = {${field}:String}`);
    parameters[field] = value;
  };
  where('failure_class', filter.failureClass);
  where('status', filter.status);
  where('service', filter.service);
  return `SELECT order_id, class AS failure_class, status, service, operation, at, trace, span,
      isNull(moved_on) AND {now:Int64} - at > {recovery:Int64} AS is_failed,
      isNotNull(moved_on) AND assumeNotNull(moved_on) - at > {recovery:Int64} AS is_recovered
    FROM ${FAILURES} WHERE ${conditions.join(' AND ')}`;
}

/** Width of a bucket of the series: a sixtieth of the window, at least a second, in whole seconds. */
function bucketWidth({ since, now }: FailureFilter): DurationNano {
  const second = 1_000_000_000n;
  const width = (now - since) / SERIES_POINTS;
  return width < second ? second : (width / second) * second;
}
