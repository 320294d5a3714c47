import { z } from 'zod';
import { visit } from './orders.ts';
import { orderId, spanId, traceId } from './primitives.ts';

const nanoseconds = z
  .string()
  .regex(/^-?\d{1,19}$/)
  .describe('nanoseconds since 1970, as text');

/** How an imported row names its order: by the canonical id, or by an alias of a name. */
const reference = z.union([
  z.strictObject({ orderId }),
  z.strictObject({ alias: z.strictObject({ name: z.string().min(1).max(256), value: z.string().min(1).max(256) }) }),
]);

/** Most events of one `POST /api/imports`. */
export const MAX_IMPORTED_EVENTS = 10_000;

/** Body of `POST /api/imports`: events of a log and what describes their orders. `waybill import` speaks it. */
export const importBatch = z.strictObject({
  events: z
    .array(
      z.strictObject({
        order: reference,
        status: z.string().min(1).max(256),
        occurredAt: nanoseconds,
        source: z.string().min(1).max(256),
        id: z.string().min(1).max(256).describe('unique per event and the same when the log is imported again'),
        sequence: z.int().min(0).max(4_294_967_295).describe('place in the log; decides on equal time'),
        traceId: traceId.nullable(),
        spanId: spanId.nullable(),
      }),
    )
    .max(MAX_IMPORTED_EVENTS),
  attributes: z
    .array(
      z.strictObject({
        order: reference,
        name: z.string().min(1).max(256),
        value: z.string().min(1).max(256),
        occurredAt: nanoseconds,
      }),
    )
    .max(MAX_IMPORTED_EVENTS * 50),
});

/** Answer of `POST /api/imports` (202): the events are durable. */
export const importAccepted = z.object({ accepted: z.int() });

/** Query of `GET /api/export`: pages of orders by id. */
export const exportQuery = z.object({
  after: orderId.optional().describe('continue behind this order'),
  limit: z.coerce.number().int().min(1).max(1000).default(500),
});

/** `GET /api/export`: whole orders, by id; `waybill export` reads it. */
export const exportPage = z.object({
  orders: z.array(
    z.object({
      orderId,
      aliases: z.array(z.object({ name: z.string(), value: z.string() })),
      attributes: z.array(z.object({ name: z.string(), value: z.string() })),
      visits: z.array(visit),
      traces: z.array(traceId),
    }),
  ),
  next: orderId.nullable(),
});

export type ImportBatch = z.infer<typeof importBatch>;
export type ImportReference = z.infer<typeof reference>;
export type ExportPage = z.infer<typeof exportPage>;
