import { z } from 'zod';
import { deathReason } from './dead-letters.ts';
import { milliseconds, timestamp } from './primitives.ts';

/** `GET /api/health/live` and `/ready`. */
export const health = z.object({
  status: z.enum(['ok', 'starting', 'unavailable']),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

const deathCount = z.object({ reason: deathReason, count: z.number().int() });

/** Where the tracer of one virtual host of RabbitMQ stands. */
export const brokerStatus = z.object({
  name: z.string(),
  address: z.string().describe('host and port'),
  broker: z.string().describe('as queues and messages name it: several virtual hosts may have the same'),
  vhost: z.string(),
  state: z.enum(['connecting', 'running', 'paused', 'failed', 'stopped']),
  since: timestamp,
  reason: z.string().nullable().describe('what is not as it should be'),
  remedy: z.string().nullable().describe('what to do about it'),
  failures: z.number().int().describe('attempts to connect that failed in a row'),
  tracing: z.enum(['on', 'off', 'unknown']),
  published: z.number().int().describe('publications seen since the start'),
  delivered: z.number().int().describe('deliveries seen since the start'),
  malformed: z.number().int().describe('events that could not be read'),
  repeated: z.number().int().describe('events that came again and could not be told from new ones'),
  dropped: z.number().int().describe('events that Waybill had to leave out'),
  unreliable: z.number().int().describe('sightings that give no queue delay because the tracer lagged'),
  estimatedLost: z
    .number()
    .int()
    .nullable()
    .describe("events that never arrived, by the broker's counters; null where they are not known"),
  backlog: z.number().int().describe("events that wait in the tracer's queue"),
  lagMs: milliseconds,
  pauses: z.number().int(),
  coverage: z
    .object({ seen: z.number().int(), counted: z.number().int(), share: z.number().nullable() })
    .nullable()
    .describe('publications and deliveries seen, of those that the broker counted; null where it cannot be asked'),
  sampling: z
    .object({
      state: z.enum(['off', 'starting', 'ok', 'failing']),
      failure: z
        .enum([
          'unreachable',
          'timeout',
          'wrong_credentials',
          'not_permitted',
          'refused',
          'too_large',
          'not_understood',
        ])
        .nullable(),
      remedy: z.string().nullable(),
      since: timestamp,
      queuesLeftOut: z.number().int().describe('queues beyond the configured bound'),
      counters: z
        .object({
          deadLettered: z.array(deathCount).describe('messages that went to a dead-letter exchange'),
          discarded: z.array(deathCount).describe('messages that died in queues without one: they are gone'),
          unroutable: z.number().int(),
        })
        .nullable()
        .describe('what all nodes of the broker counted while Waybill looked; null without the Prometheus plugin'),
    })
    .nullable()
    .describe('the watch over depths and dead letters; null where there is none'),
});

/** `GET /api/system`: how far behind Waybill itself is and what it had to refuse or drop. */
export const system = z.object({
  version: z.string(),
  now: timestamp,
  startedAt: timestamp,
  ingest: z.object({
    spansAccepted: z.number().int(),
    spansRefused: z.number().int(),
    logRecordsAccepted: z.number().int(),
    logRecordsRefused: z.number().int(),
    dataPointsAccepted: z.number().int().describe('data points of metrics'),
    dataPointsRefused: z.number().int(),
    requestsRefused: z.number().int(),
    redactedValues: z.number().int().describe('values replaced because their key must not be stored'),
  }),
  journal: z.object({
    segments: z.number().int().describe('segments waiting for the store'),
    bytes: z.number().int(),
    limitBytes: z.number().int(),
    lagMs: milliseconds.describe('age of the oldest segment that is not in the store yet; 0 when none'),
  }),
  projector: z.object({
    lagMs: milliseconds,
    refoldedOrders: z.number().int(),
    failures: z.number().int(),
    rejudging: z.number().int().describe('orders that wait to be judged by a changed lifecycle'),
    breakingDown: z.number().int().describe('orders whose ended visits wait to be broken down'),
  }),
  store: z.object({ embedded: z.boolean(), ok: z.boolean(), restarts: z.number().int() }),
  rabbitmq: z.array(brokerStatus).describe('the tracer of each configured virtual host'),
  drops: z
    .array(z.object({ what: z.string(), count: z.number().int() }))
    .describe('everything dropped since start, by cause'),
});

/** `GET /api/search?text=`: what a text could mean; at most 20 results. */
export const searchQuery = z.object({ text: z.string().min(1).max(256) });
export const searchResults = z.object({
  results: z.array(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('order'),
        orderId: z.string(),
        status: z.string().nullable(),
        matched: z.string(),
        matchedBy: z.enum(['id', 'alias', 'message']).describe('what the text is of the order'),
      }),
      z.object({ kind: z.literal('trace'), traceId: z.string(), rootService: z.string(), rootName: z.string() }),
    ]),
  ),
});

export type Health = z.infer<typeof health>;
export type BrokerStatus = z.infer<typeof brokerStatus>;
export type System = z.infer<typeof system>;
export type SearchResults = z.infer<typeof searchResults>;
