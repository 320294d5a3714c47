import { z } from 'zod';
import { cursor, milliseconds, orderId, spanId, timestamp, traceId } from './primitives.ts';

/** One attribute with the OTLP type its sender used; composite values are JSON text, bytes are base64. */
export const attribute = z.object({
  key: z.string(),
  type: z.enum(['string', 'bool', 'int', 'double', 'array', 'kvlist', 'bytes', 'empty']),
  value: z.string(),
});

export const spanKind = z.enum(['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']);

/** One span of a trace. */
export const span = z.object({
  spanId,
  parentSpanId: spanId.nullable(),
  name: z.string(),
  kind: spanKind,
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

/** One trace of a list. */
export const listedTrace = trace
  .pick({
    traceId: true,
    rootService: true,
    rootName: true,
    startedAt: true,
    durationMs: true,
    spanCount: true,
    errorCount: true,
    services: true,
    orders: true,
  })
  .describe('each span counted once; the root is the span without a parent, or the earliest one');

/** Most attributes that one search names. */
export const MAX_SEARCHED_ATTRIBUTES = 8;

const duration = z.string().min(1).max(64);
const wantedAttribute = z.string().min(1).max(4096);

/** Query of `GET /api/traces`: traces of which one span fits everything; newest first by the start of the trace. */
export const tracesQuery = z.object({
  service: z.string().min(1).max(1024).optional(),
  operation: z.string().min(1).max(4096).optional().describe('name of the span'),
  kind: spanKind.optional(),
  minDuration: duration.optional().describe('least duration of the span: 250ms, 1.5s, 2m30s, 800us'),
  maxDuration: duration.optional().describe('greatest duration of the span'),
  error: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .describe('true: only spans whose status is error'),
  attribute: z
    .union([wantedAttribute.transform((one) => [one]), z.array(wantedAttribute).max(MAX_SEARCHED_ATTRIBUTES)])
    .optional()
    .describe('key=value, of the span or its resource, compared as text; may be given several times'),
  since: z.string().max(64).optional().describe('RFC 3339; no earlier start of the span; default: an hour ago'),
  until: z.string().max(64).optional().describe('RFC 3339; only earlier starts of the span'),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: cursor.optional(),
});

/** `GET /api/traces`. */
export const traces = z.object({
  traces: z.array(listedTrace),
  nextCursor: cursor
    .nullable()
    .describe('null at the end of the list; a page before it may hold fewer traces than asked for, even none'),
  truncated: z
    .boolean()
    .describe('true when 10,000 traces were under way where the page before ended: of more, some are on no page'),
});

/** `GET /api/services`. */
export const services = z.object({
  services: z.array(z.string()).describe('services that sent spans within the retention, by name'),
  truncated: z.boolean().describe('true when there are more than are listed'),
});

/** Query of `GET /api/operations`. */
export const operationsQuery = z.object({ service: z.string().min(1).max(1024) });

/** `GET /api/operations`. */
export const operations = z.object({
  operations: z.array(z.object({ name: z.string(), kinds: z.array(spanKind) })).describe('by name'),
  truncated: z.boolean().describe('true when there are more than are listed'),
});

export type ListedTrace = z.infer<typeof listedTrace>;
export type TracesQuery = z.infer<typeof tracesQuery>;
export type Traces = z.infer<typeof traces>;
export type Services = z.infer<typeof services>;
export type Operations = z.infer<typeof operations>;
export type SpanKindName = z.infer<typeof spanKind>;
export type Attribute = z.infer<typeof attribute>;
export type Span = z.infer<typeof span>;
export type Trace = z.infer<typeof trace>;
