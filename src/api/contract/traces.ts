import { z } from 'zod';
import { milliseconds, orderId, spanId, timestamp, traceId } from './primitives.ts';

/** One attribute with the OTLP type its sender used; composite values are JSON text, bytes are base64. */
export const attribute = z.object({
  key: z.string(),
  type: z.enum(['string', 'bool', 'int', 'double', 'array', 'kvlist', 'bytes', 'empty']),
  value: z.string(),
});

/** One span of a trace. */
export const span = z.object({
  spanId,
  parentSpanId: spanId.nullable(),
  name: z.string(),
  kind: z.enum(['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']),
  service: z.string(),
  startedAt: timestamp,
  offsetMs: milliseconds.describe('start relative to the start of the trace'),
  durationMs: milliseconds.describe('negative when the sender reported an end before the start'),
  status: z.object({ code: z.enum(['unset', 'ok', 'error']), message: z.string() }),
  orderId: orderId
    .nullable()
    .describe('the order the span belongs to: its own, or that of its nearest ancestor that names one'),
  orderNamed: z.boolean().describe('true when the span itself names the order'),
  attributes: z.array(attribute),
  events: z.array(
    z.object({ name: z.string(), at: timestamp, offsetMs: milliseconds, attributes: z.array(attribute) }),
  ),
  links: z.array(z.object({ traceId, spanId, attributes: z.array(attribute) })),
  scope: z.object({ name: z.string(), version: z.string() }),
  resourceId: z.string().describe('key into resources'),
});

/** `GET /api/traces/{traceId}`. */
export const trace = z.object({
  traceId,
  rootService: z.string(),
  rootName: z.string(),
  startedAt: timestamp,
  durationMs: milliseconds,
  spanCount: z.number().int(),
  errorCount: z.number().int(),
  services: z.array(z.string()),
  orders: z.array(orderId).describe('every order that the trace served'),
  spans: z.array(span).describe('by start time'),
  spansTruncated: z.boolean().describe('true when the trace has more spans than are listed'),
  resources: z.record(z.string(), z.array(attribute)),
});

export type Attribute = z.infer<typeof attribute>;
export type Span = z.infer<typeof span>;
export type Trace = z.infer<typeof trace>;
