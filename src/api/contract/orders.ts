import { z } from 'zod';
import { cursor, milliseconds, orderId, spanId, timestamp, traceId } from './primitives.ts';

/** What witnessed a transition. */
export const evidence = z.object({
  kind: z.enum(['span_event', 'span_attribute', 'api', 'import', 'message']),
  id: z.string().describe('unique id of this piece of evidence'),
  source: z.string().describe('service.name of the reporting service, or the source named in the API call'),
  occurredAt: timestamp.describe("the sender's clock"),
  observedAt: timestamp.describe('our clock'),
  traceId: traceId.nullable(),
  spanId: spanId.nullable(),
});

/** An order's stay in a status; `leftAt` and `dwellMs` are null while it is open. */
export const visit = z.object({
  status: z.string(),
  system: z
    .string()
    .nullable()
    .describe('the system that owns the status; null for a status the lifecycle does not know'),
  region: z.string().nullable().describe('id of the region whose visits this one follows; null without regions'),
  from: z
    .string()
    .nullable()
    .describe('the status before it in its region, which need not be the visit before it; null at the start'),
  enteredAt: timestamp,
  leftAt: timestamp.nullable(),
  dwellMs: milliseconds.nullable(),
  evidence: z.array(evidence),
});

/** Something the lifecycle does not allow. */
export const deviation = z.object({
  kind: z
    .enum([
      'skipped',
      'unexpected',
      'wrong_order',
      'repeated',
      'unknown_status',
      'left_final',
      'out_of_step',
      'wrong_system',
    ])
    .describe('at most one a visit, but wrong_system may stand beside another'),
  status: z.string().describe('the status that was entered'),
  fromStatus: z.string().nullable().describe('the status before it in its region; null at the start'),
  skipped: z.array(z.string()).describe('for kind skipped: the statuses that were jumped over, in order'),
  otherStatus: z
    .string()
    .nullable()
    .describe('for out_of_step: where the region was that had to be elsewhere; null when it had not begun'),
  at: timestamp,
  visitIndex: z.number().int().describe('index into visits of the entering visit'),
});

/** Where a region of the order is now. */
export const currentStatus = z.object({
  region: z.string().nullable().describe('null without regions'),
  status: z.string(),
  since: timestamp,
});

/** A time that cannot be right. Times are shown and counted as they came. */
export const clockAnomaly = z.object({
  kind: z
    .enum(['future', 'inverted'])
    .describe(
      'future: it happened more than a second after it was observed; inverted: by the lifecycle and by our clock the visit came after the next of its region',
    ),
  visitIndex: z.number().int().describe('index into visits'),
  skewMs: milliseconds.describe('how much the clocks disagree at least'),
  source: z.string().describe('who reported the time'),
});

/** An error observed in work for the order, told by its innermost span. */
export const failure = z.object({
  at: timestamp,
  class: z.enum(['timeout', 'api_error', 'other']),
  service: z.string(),
  operation: z.string(),
  status: z.string().nullable().describe('the status the order was in; null before its first'),
  movedOnAt: timestamp.nullable().describe('entry into the first status further on; null while there is none'),
  outcome: z
    .enum(['overcome', 'pending', 'failed', 'recovered'])
    .describe(
      'overcome: moved on within the recovery time; pending: it is not over; failed: it is over; recovered: moved on later',
    ),
  traceId,
  spanId,
});

/** A trace that did work for the order. */
export const orderTrace = z.object({
  traceId,
  rootService: z.string(),
  rootName: z.string(),
  startedAt: timestamp,
  durationMs: milliseconds,
  spanCount: z.number().int(),
  errorCount: z.number().int(),
  services: z.array(z.string()),
});

/** `GET /api/orders/{orderId}`. */
export const order = z.object({
  orderId,
  aliases: z
    .array(z.object({ name: z.string(), value: z.string() }))
    .describe('other ids by which systems know the order'),
  attributes: z.array(z.object({ name: z.string(), value: z.string() })).describe('what describes the order'),
  lifecycle: z.object({ name: z.string(), version: z.string() }),
  status: z
    .string()
    .nullable()
    .describe(
      'current status; null while the order is known from traces only; with regions the one entered last of those that are not final',
    ),
  since: timestamp.nullable(),
  openedAt: timestamp.nullable(),
  closedAt: timestamp.nullable(),
  current: z.array(currentStatus).describe('one for each region that has begun, in the order of the lifecycle'),
  visits: z.array(visit),
  deviations: z.array(deviation),
  clockAnomalies: z.array(clockAnomaly).describe('by visit; the first 100'),
  failures: z.array(failure).describe('earliest first; the latest 200'),
  failuresLeftOut: z.number().int().describe('earlier failures that are not listed'),
  traces: z.array(orderTrace),
  deadLetterCount: z.number().int().describe('unresolved dead letters of the order'),
  tracesTruncated: z.boolean().describe('true when the order owns more traces than are listed'),
});

/** One row of `GET /api/orders`. */
export const orderListItem = z.object({
  orderId,
  status: z.string().nullable(),
  since: timestamp.nullable(),
  openedAt: timestamp.nullable(),
  closedAt: timestamp.nullable(),
  current: z.array(currentStatus).describe('one for each region that has begun'),
  visitCount: z.number().int(),
  deviationCount: z.number().int(),
  traceCount: z.number().int(),
  errorCount: z.number().int().describe('spans with error status in traces of the order'),
  deadLetterCount: z.number().int().describe('unresolved dead letters of the order'),
});

/** Query of `GET /api/orders`; newest opened first. */
export const orderListQuery = z.object({
  status: z.string().max(256).optional().describe('only orders that are in this status now, in one of their regions'),
  text: z.string().max(256).optional().describe('only orders whose id or alias contains this text'),
  deviating: z.enum(['true', 'false']).optional().describe('only orders with (true) or without (false) deviations'),
  open: z
    .enum(['true', 'false'])
    .optional()
    .describe('only orders that are (true) or are not (false) in a non-final status'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: cursor.optional(),
});

/** `GET /api/orders`. */
export const orderList = z.object({ orders: z.array(orderListItem), nextCursor: cursor.nullable() });

export type Order = z.infer<typeof order>;
export type Visit = z.infer<typeof visit>;
export type Evidence = z.infer<typeof evidence>;
export type Deviation = z.infer<typeof deviation>;
export type CurrentStatus = z.infer<typeof currentStatus>;
export type ClockAnomaly = z.infer<typeof clockAnomaly>;
export type Failure = z.infer<typeof failure>;
export type OrderTrace = z.infer<typeof orderTrace>;
export type OrderListItem = z.infer<typeof orderListItem>;
export type OrderListQuery = z.infer<typeof orderListQuery>;
export type OrderList = z.infer<typeof orderList>;
