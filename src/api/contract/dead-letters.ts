import { z } from 'zod';
import { cursor, milliseconds, orderId, spanId, timestamp, traceId } from './primitives.ts';

/** Why a broker dead-lettered a message. */
export const deathReason = z.enum(['rejected', 'expired', 'maxlen', 'delivery_limit', 'unknown']);

/** How dead letters in a queue become known. */
export const deadLetterWatch = z
  .enum(['shadow', 'firehose', 'none'])
  .describe('by copies from the dead-letter exchange; only when the tracer sees them handed out; not at all');

/** Why dead letters in a queue are not, or not fully, seen. */
export const watchLimit = z.enum([
  'default_exchange',
  'not_permitted',
  'too_many',
  'switched_off',
  'not_connected',
  'stream',
]);

/** A queue whose dead letters come into another one. */
export const deadLetterSource = z.object({
  queue: z.string(),
  exchange: z.string().describe('dead-letter exchange; empty for the default exchange'),
  routingKey: z.string().nullable().describe('dead-letter routing key; null where messages keep their own'),
  certain: z.boolean().describe('false where it depends on the message whether it comes here'),
  cyclic: z.boolean().describe('its dead letters come back by themselves'),
});

/** Query of `GET /api/dead-letters`. */
export const deadLettersQuery = z.object({
  broker: z.string().max(255).optional().describe('only letters of this broker'),
  vhost: z.string().max(255).optional(),
  queue: z.string().max(255).optional().describe('only letters in this dead-letter queue'),
  originQueue: z.string().max(255).optional().describe('only letters that died in this queue'),
  reason: deathReason.optional(),
  order: orderId.optional().describe('only letters of this order'),
  messageId: z.string().min(1).max(255).optional().describe('only letters with this id, the AMQP property'),
  resolved: z.enum(['true', 'false']).optional().describe('only letters that were (true) or were not (false) resolved'),
  since: z
    .string()
    .optional()
    .describe('RFC 3339; only letters that were seen first at or after this; default: all that are kept'),
  at: z.string().optional().describe('RFC 3339; everything as it was known at this time; default: now'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: cursor.optional(),
});

/** One death of a message. */
export const death = z.object({
  reason: deathReason,
  queue: z.string(),
  exchange: z.string(),
  routingKeys: z.array(z.string()),
  count: z.number().int(),
  firstAt: timestamp.nullable().describe("the broker's clock, seconds"),
});

/** A message that a broker moved to a dead-letter queue. */
export const deadLetter = z.object({
  id: z.string().describe('the same for all sightings of the same message in the same queue'),
  broker: z.string().describe('name of the configured broker'),
  vhost: z.string(),
  queue: z.string().describe('the dead-letter queue'),
  reason: deathReason.describe('of the latest death'),
  originQueue: z.string().describe('where it died last'),
  exchange: z.string().describe('under which it was first published; empty for the default exchange'),
  routingKeys: z.array(z.string()).describe('under which it was first published'),
  firstAt: timestamp.nullable().describe("first death by the broker's clock, in seconds; null where it did not say"),
  observedAt: timestamp.describe('when it was seen first, our clock'),
  lastAt: timestamp.describe('when it was seen last in this queue, our clock'),
  count: z.number().int().describe('deaths of the message, in all queues'),
  deaths: z.array(death).describe('newest first; one for each queue and reason'),
  orderId: orderId.nullable(),
  traceId: traceId.nullable(),
  spanId: spanId.nullable(),
  messageId: z.string().nullable().describe('AMQP property; redacted'),
  correlationId: z.string().nullable(),
  headers: z.array(z.object({ key: z.string(), value: z.string() })).describe('redacted; without what brokers write'),
  bodyBytes: z.number().int(),
  resolution: z
    .object({
      how: z.enum(['consumed', 'republished', 'returned', 'replayed', 'drained']),
      at: timestamp.nullable(),
    })
    .nullable()
    .describe(
      'null while it waits. consumed: handed to a consumer; republished: published again; returned: back at work after its time in a retry queue; replayed: put back by Waybill; drained: the queue was found empty',
    ),
});

/** A dead-letter queue, and how much of it is seen. */
export const deadLetterQueue = z.object({
  broker: z.string().describe('name of the configured broker'),
  vhost: z.string(),
  queue: z.string(),
  depth: z.number().int().nullable().describe('messages ready in it; null where it was not sampled'),
  unacked: z.number().int().nullable(),
  consumers: z.number().int().nullable(),
  unresolved: z.number().int().describe('letters in it that are known one by one; the depth may be more'),
  sources: z.array(deadLetterSource),
  watch: deadLetterWatch.nullable().describe('null where it is not known'),
  watchLimit: watchLimit.nullable(),
  ageMs: milliseconds.nullable().describe('age of the sample'),
});

/** `GET /api/dead-letters`: seen last first. */
export const deadLetters = z.object({
  deadLetters: z.array(deadLetter),
  total: z.number().int().describe('all that match, on all pages'),
  byReason: z
    .array(z.object({ reason: deathReason, count: z.number().int() }))
    .describe('all that match, whatever reason was asked for'),
  queues: z.array(deadLetterQueue).describe('every dead-letter queue, whatever was asked for'),
  lost: z
    .array(z.object({ broker: z.string(), vhost: z.string(), queue: z.string() }))
    .describe('queues whose dead-letter exchange is missing or leads nowhere: the broker drops what dies in them'),
  nextCursor: cursor.nullable(),
  replay: z
    .object({
      enabled: z.boolean(),
      places: z
        .array(z.object({ broker: z.string(), vhost: z.string() }))
        .describe('virtual hosts whose dead letters may be put back'),
    })
    .describe('whether dead letters may be put back: `POST /api/dead-letters/{id}/replay`'),
});

/** Path of `POST /api/dead-letters/{id}/replay`. */
export const replayPath = z.object({ id: z.string().regex(/^[0-9a-f]{16}$/) });

/** Body of `POST /api/dead-letters/{id}/replay`; the token is in the header `Authorization: Bearer`. */
export const replayRequest = z.strictObject({
  by: z.string().trim().min(1).max(256).describe('who does it: written down, since there is no login'),
});

/** Answer of `POST /api/dead-letters/{id}/replay`: the broker has the message safe in its queue. */
export const replayAnswer = z.object({
  outcome: z.literal('replayed'),
  queue: z.string().describe('the dead-letter queue that it left'),
  originQueue: z.string().describe('the queue that has it again'),
  lookedAt: z
    .number()
    .int()
    .describe('messages that were taken to find it; those before it are back in their places, marked as redelivered'),
  auditId: z.string(),
});

/** Query of `GET /api/audit`. */
export const auditQuery = z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) });

/** `GET /api/audit`: what people did through Waybill, the newest first. */
export const audit = z.object({
  entries: z.array(
    z.object({
      id: z.string(),
      action: z.string().describe('dead_letter.replay'),
      who: z.string().describe('as they named themselves'),
      deadLetterId: z.string(),
      broker: z.string(),
      vhost: z.string(),
      queue: z.string(),
      originQueue: z.string(),
      orderId: orderId.nullable(),
      at: timestamp,
      outcome: z
        .string()
        .nullable()
        .describe('done, or the code of the error; null while it runs, or where Waybill ended while it ran'),
      detail: z.string().nullable().describe('what went wrong'),
      outcomeAt: timestamp.nullable(),
    }),
  ),
});

export type DeadLetter = z.infer<typeof deadLetter>;
export type DeadLetters = z.infer<typeof deadLetters>;
export type ReplayAnswer = z.infer<typeof replayAnswer>;
export type Audit = z.infer<typeof audit>;
export type DeadLetterQueue = z.infer<typeof deadLetterQueue>;
