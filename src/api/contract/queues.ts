import { z } from 'zod';
import { deadLetterSource, deadLetterWatch, watchLimit } from './dead-letters.ts';
import { milliseconds, timestamp, traceId } from './primitives.ts';
import { brokerStatus } from './system.ts';

/** Query of `GET /api/queues`. */
export const queuesQuery = z.object({
  since: z.string().optional().describe('RFC 3339; deliveries before it do not count; default: 24 hours before `at`'),
  at: z.string().optional().describe('RFC 3339; everything as it was known at this time; default: now'),
});

/** Messages that died in a queue, by the reason that the broker gave. */
export const deadLetterCounts = z.object({
  rejected: z.number().int(),
  expired: z.number().int(),
  maxlen: z.number().int(),
  deliveryLimit: z.number().int(),
});

/** One queue. */
export const queueFigures = z.object({
  queue: z.string(),
  broker: z.string().describe('name of the configured broker'),
  vhost: z.string().describe('empty where only spans of clients tell of the queue: they do not say'),
  delay: z
    .object({
      count: z.number().int(),
      meanMs: milliseconds.nullable(),
      p50Ms: milliseconds.nullable(),
      p95Ms: milliseconds.nullable(),
      source: z
        .enum(['broker', 'firehose_arrival', 'mixed', 'client_spans'])
        .nullable()
        .describe(
          "whose clock: the broker's stamps, arrivals at the tracer, or some of both; client_spans where these give none: from the span " +
            'that sent the message to the one that received it, by the clocks of their hosts',
        ),
      uncertaintyMs: milliseconds
        .nullable()
        .describe(
          '95 of 100 delays are off by no more; with client_spans the clocks of two hosts may differ by more than shows',
        ),
      estimatedP95Ms: milliseconds.nullable().describe('Kaplan–Meier over delivered and waiting messages'),
      suppressed: z.number().int().describe('messages left out because the tracer lagged'),
      anomalies: z
        .number()
        .int()
        .describe('messages left out because their delivery seems to come before their publication'),
    })
    .describe('from publication to first delivery'),
  waiting: z
    .object({ count: z.number().int(), oldestMs: milliseconds.nullable(), p50AgeMs: milliseconds.nullable() })
    .describe('published, not seen delivered or dead-lettered; messages that expired or were purged look the same'),
  redelivered: z.number().int(),
  coverage: z.object({
    share: z.number().nullable().describe('publications and deliveries seen, of those that the broker counted'),
    seen: z.number().int().nullable(),
    counted: z.number().int().nullable(),
    paired: z.number().nullable().describe('deliveries whose publication was seen'),
  }),
  depth: z.number().int().nullable().describe('messages ready for consumers; null where it was not sampled'),
  unacked: z.number().int().nullable(),
  consumers: z.number().int().nullable(),
  rates: z
    .object({ publish: z.number(), deliver: z.number(), ack: z.number() })
    .nullable()
    .describe('messages a second, by the broker; null where it does not say'),
  sampledAt: timestamp.nullable().describe('when depth, consumers and rates were looked at'),
  type: z.string().nullable().describe('classic, quorum or stream'),
  deadLettered: deadLetterCounts.nullable().describe('messages that died in this queue since `since`, as far as seen'),
  deadLetters: z.number().int().describe('unresolved dead letters in this queue'),
  deadLetterOf: z.array(deadLetterSource).describe('not empty for a dead-letter queue'),
  deadLetterTo: z.array(z.string()).describe('where its dead letters come to'),
  deadLettersLost: z.boolean().describe('its dead-letter exchange is missing or leads nowhere'),
  watch: deadLetterWatch.nullable().describe('null for a queue that is no dead-letter queue'),
  watchLimit: watchLimit.nullable(),
});

/** `GET /api/queues`. */
export const queues = z.object({
  since: timestamp,
  at: timestamp,
  queues: z.array(queueFigures),
  unroutable: z
    .array(
      z.object({
        broker: z.string(),
        vhost: z.string(),
        exchange: z.string(),
        routingKey: z.string(),
        count: z.number().int(),
        lastAt: timestamp,
      }),
    )
    .describe('publications that no queue took; direct replies are not among them'),
  brokers: z.array(brokerStatus),
});

/** One message of an order in one queue. */
export const orderMessage = z.object({
  broker: z.string(),
  vhost: z.string(),
  queue: z.string().nullable().describe('null for a message that no queue took'),
  exchange: z.string().describe('empty for the default exchange'),
  routingKey: z.string(),
  messageId: z.string().nullable().describe('AMQP property message_id; redacted'),
  publisher: z.string().nullable(),
  consumer: z.string().nullable(),
  publishedAt: timestamp.nullable().describe('null where the publication was not seen'),
  deliveredAt: timestamp.nullable().describe('first delivery; null while none was seen'),
  delayMs: milliseconds.nullable(),
  delaySource: z.enum(['broker', 'firehose_arrival']).nullable(),
  uncertaintyMs: milliseconds.nullable().describe('the delay is off by no more'),
  suppressed: z.boolean().describe('true where the delay is left out because the tracer lagged'),
  deliveries: z.number().int(),
  redelivered: z.boolean(),
  directReply: z.boolean(),
  traceId: traceId.nullable(),
  bodyBytes: z.number().int(),
});

/** `GET /api/orders/{orderId}/messages`. */
export const orderMessages = z.object({
  messages: z.array(orderMessage).describe('earliest first; the latest 500'),
  truncated: z.boolean(),
});

export type Queues = z.infer<typeof queues>;
export type OrderMessages = z.infer<typeof orderMessages>;
