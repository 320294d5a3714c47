import { z } from 'zod';
import { evidence } from './orders.ts';
import { milliseconds, orderId, spanId, timestamp, traceId } from './primitives.ts';

/** Why work for an order failed. */
export const failureClass = z.enum(['timeout', 'api_error', 'other']);

const counts = {
  failures: z.number().int(),
  orders: z.number().int().describe('orders with such a failure'),
  failedOrders: z.number().int().describe('orders that did not move on within the recovery time, nor since'),
  recoveredOrders: z.number().int().describe('orders that moved on after the recovery time'),
};

/** Query of `GET /api/failures`. */
export const failuresQuery = z.object({
  since: z.string().optional().describe('RFC 3339; default: 24 hours ago'),
  class: failureClass.optional(),
  status: z.string().max(256).optional().describe('only failures while the order was in this status'),
  service: z.string().max(256).optional().describe('only failures whose innermost span is of this service'),
});

/** `GET /api/failures`. */
export const failures = z.object({
  since: timestamp,
  recoveryTimeMs: milliseconds,
  totals: z.array(z.object({ class: failureClass, ...counts })),
  groups: z.array(
    z.object({
      class: failureClass,
      status: z.string().nullable(),
      service: z.string(),
      operation: z.string(),
      ...counts,
      lastAt: timestamp,
      example: z.object({ orderId, traceId, spanId }).describe('the latest one'),
    }),
  ),
  series: z.object({
    bucketMs: milliseconds,
    points: z.array(z.object({ at: timestamp, class: failureClass, failures: z.number().int() })),
  }),
});

/** Query of `GET /api/stuck`. */
export const stuckQuery = z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) });

/** `GET /api/stuck`: orders older than their target, or improbably old; the least probable first. */
export const stuck = z.object({
  improbable: z.number().describe('an age that a smaller share of visits reaches counts as stuck'),
  total: z.number().int(),
  orders: z.array(
    z.object({
      orderId,
      status: z.string(),
      since: timestamp,
      ageMs: milliseconds,
      targetMs: milliseconds.nullable(),
      overTarget: z.boolean(),
      survival: z
        .number()
        .nullable()
        .describe('share of visits that last at least this long; null where too little is known'),
      deviationCount: z.number().int(),
      lastFailure: z
        .object({ at: timestamp, class: failureClass, service: z.string(), operation: z.string(), traceId, spanId })
        .nullable(),
      lastEvidence: z
        .object({ at: timestamp, kind: evidence.shape.kind, source: z.string(), traceId: traceId.nullable() })
        .nullable()
        .describe('the last sign of the order'),
      lastMessage: z
        .object({
          at: timestamp,
          queue: z.string().nullable().describe('null for a message that no queue took'),
          fate: z.enum(['delivered', 'waiting', 'unroutable', 'direct_reply']),
        })
        .nullable()
        .describe('the last message at a watched broker that names the order'),
      deadLetterCount: z.number().int().describe('unresolved dead letters of the order'),
    }),
  ),
});

export type FailureClass = z.infer<typeof failureClass>;
export type Failures = z.infer<typeof failures>;
export type Stuck = z.infer<typeof stuck>;
