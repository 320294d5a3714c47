import { z } from 'zod';
import { cursor, orderId, spanId, timestamp, traceId } from './primitives.ts';
import { attribute } from './traces.ts';

export const severity = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

/** One log record. */
export const logRecord = z.object({
  recordId: z.string().describe('hash of what the record says; the same when it is sent again'),
  at: timestamp.describe("the sender's clock; when the record was seen where the sender did not say"),
  observedAt: timestamp.nullable().describe("when the sender's collector saw it"),
  severity: severity.nullable().describe('the range of severityNumber; null where it was not given'),
  severityNumber: z.number().int().describe('OTLP SeverityNumber, 0 … 24'),
  severityText: z.string().describe("the sender's own word for it"),
  body: z.object({ type: attribute.shape.type, value: z.string() }),
  eventName: z.string().nullable(),
  attributes: z.array(attribute),
  droppedAttributes: z.number().int(),
  flags: z.number().int(),
  service: z.string(),
  resourceId: z.string(),
  scope: z.object({ name: z.string(), version: z.string() }),
  traceId: traceId.nullable(),
  spanId: spanId.nullable(),
  orderId: orderId.nullable().describe('the order that it names, or that its span or its whole trace works for'),
  orderNamed: z.boolean().describe('true when the record itself names the order'),
});

const anyCaseHex = (digits: number): z.ZodType<string, string> =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-fA-F]{${digits}}$`), `an id of ${digits} hexadecimal digits`)
    .transform((text) => text.toLowerCase());

/** Query of `GET /api/logs`; newest first. */
export const logsQuery = z.object({
  traceId: anyCaseHex(32).optional(),
  spanId: anyCaseHex(16).optional(),
  orderId: orderId.optional().describe('records that name the order, and those of its work in traces'),
  service: z.string().max(256).optional(),
  severity: severity.optional().describe('at least this severe'),
  text: z.string().min(1).max(256).optional().describe('only records whose body contains this text, whatever its case'),
  since: z.string().max(64).optional().describe('RFC 3339; no earlier ones'),
  until: z.string().max(64).optional().describe('RFC 3339; only earlier ones'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: cursor.optional(),
});

/** `GET /api/logs`. */
export const logs = z.object({ logs: z.array(logRecord), nextCursor: cursor.nullable() });

export type Severity = z.infer<typeof severity>;
export type LogRecord = z.infer<typeof logRecord>;
export type LogsQuery = z.infer<typeof logsQuery>;
export type Logs = z.infer<typeof logs>;
