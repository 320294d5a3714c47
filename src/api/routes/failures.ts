import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { formatRfc3339, nanoToMs, type UnixNano } from '../../model/units.ts';
import { errorBody } from '../contract/errors.ts';
import { failures, failuresQuery, stuck, stuckQuery } from '../contract/failures.ts';
import type { ApiParts } from '../parts.ts';
import { toTime } from '../time-parameter.ts';

const DAY: UnixNano = 86_400_000_000_000n;

/** `GET /api/failures` and `GET /api/stuck`. */
export function failureRoutes({ queries, now }: ApiParts): FastifyPluginCallbackZod {
  return (app, _options, done) => {
    app.get(
      '/api/failures',
      {
        schema: {
          summary: 'Failures by class, status, innermost service and operation, and over time',
          querystring: failuresQuery,
          response: { 200: failures, 400: errorBody, 503: errorBody },
        },
      },
      async ({ query }) => {
        const since = toTime('since', query.since) ?? now() - DAY;
        const found = await queries.failures({
          since,
          failureClass: query.class,
          status: query.status,
          service: query.service,
        });
        return {
          since: formatRfc3339(since),
          recoveryTimeMs: found.recoveryTimeMs,
          totals: found.totals.map((row) => ({ class: row.failure_class, ...toCounts(row) })),
          groups: found.groups.map((row) => ({
            class: row.failure_class,
            status: row.status || null,
            service: row.service,
            operation: row.operation,
            ...toCounts(row),
            lastAt: row.last_at,
            example: { orderId: row.example_order, traceId: row.example_trace, spanId: row.example_span },
          })),
          series: {
            bucketMs: nanoToMs(found.bucketWidth),
            points: found.series.map((row) => ({ at: row.bucket, class: row.failure_class, failures: row.failures })),
          },
        };
      },
    );
    app.get(
      '/api/stuck',
      {
        schema: {
          summary: 'Orders older than their target or improbably old, the least probable first',
          querystring: stuckQuery,
          response: { 200: stuck, 400: errorBody, 503: errorBody },
        },
      },
      async ({ query }) => {
        const found = await queries.stuck(query.limit);
        return {
          ...found,
          orders: found.orders.map(({ lastFailure, ...order }) => ({
            ...order,
            lastFailure: lastFailure === null ? null : toLastFailure(lastFailure),
          })),
        };
      },
    );
    done();
  };
}

function toLastFailure({ failureClass, ...rest }: NonNullable<StuckFailure>) {
  return { ...rest, class: failureClass };
}

type StuckFailure = Awaited<ReturnType<ApiParts['queries']['stuck']>>['orders'][number]['lastFailure'];

function toCounts(row: { failures: number; orders: number; failed_orders: number; recovered_orders: number }) {
  return {
    failures: row.failures,
    orders: row.orders,
    failedOrders: row.failed_orders,
    recoveredOrders: row.recovered_orders,
  };
}
