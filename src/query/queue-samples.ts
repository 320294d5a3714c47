import { z } from 'zod';
import type { DeadLetterWatch, QueueDetails, WatchLimit } from '../model/queue.ts';
import type { UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { nanoField, nanos } from './time-sql.ts';

/** A queue that was not sampled for this long is not known to stand anyhow. */
const STALE_MINUTES = 15;
const MAX_QUEUES = 10_000;

const text = z.string();
const rate = z.number().transform((value) => (value < 0 ? null : value));

const WATCHES = ['shadow', 'firehose', 'none'] as const satisfies readonly DeadLetterWatch[];
const LIMITS = [
  'default_exchange',
  'not_permitted',
  'too_many',
  'switched_off',
  'not_connected',
  'stream',
] as const satisfies readonly WatchLimit[];

const details = z.object({
  durable: z.boolean(),
  policy: text.nullable(),
  deadLetterExchange: text.nullable(),
  deadLetterRoutingKey: text.nullable(),
  messageTtlMs: z.number().nullable(),
  maxLength: z.number().nullable(),
  maxLengthBytes: z.number().nullable(),
  overflow: text.nullable(),
  deliveryLimit: z.number().nullable(),
  bindings: z.array(z.object({ exchange: text, routingKey: text })),
  deadLetterOf: z.array(
    z.object({
      queue: text,
      exchange: text,
      routingKey: text.nullable(),
      certain: z.boolean(),
      cyclic: z.boolean(),
    }),
  ),
  deadLetterTo: z.array(text),
  deadLettersLost: z.boolean(),
  watch: z.enum(WATCHES).nullable(),
  watchLimit: z.enum(LIMITS).nullable(),
}) satisfies z.ZodType<QueueDetails>;

const row = z.object({
  broker: text,
  vhost: text,
  queue: text,
  latest_at: nanoField,
  kind: text,
  ready_now: z.coerce.number(),
  unacked_now: z.coerce.number(),
  consumers_now: z.number(),
  publishes: rate,
  delivers: rate,
  acks: rate,
  details_json: text,
});

/** How a queue stands; `sampledAt` is RFC 3339. */
export type QueueState = ReturnType<typeof toState>;

/** How every queue stood at a time; queues that were gone or not sampled for 15 minutes are left out. By name; at most 10,000. */
export async function queueStates(store: StoreClient, at: UnixNano): Promise<QueueState[]> {
  const rows = await store.query(
    `SELECT broker, vhost, queue, ${nanos('max(sampled_at)')} AS latest_at, argMax(type, sampled_at) AS kind, argMax(ready, sampled_at) AS ready_now,
       argMax(unacked, sampled_at) AS unacked_now, argMax(consumers, sampled_at) AS consumers_now,
       argMax(publish_rate, sampled_at) AS publishes, argMax(deliver_rate, sampled_at) AS delivers, argMax(ack_rate, sampled_at) AS acks,
       argMax(details, sampled_at) AS details_json, argMax(gone, sampled_at) AS is_gone
     FROM queue_samples
     WHERE sampled_at <= fromUnixTimestamp64Nano({at:Int64})
       AND sampled_at > fromUnixTimestamp64Nano({at:Int64}) - INTERVAL ${STALE_MINUTES} MINUTE
     GROUP BY broker, vhost, queue HAVING is_gone = 0 ORDER BY broker, vhost, queue LIMIT ${MAX_QUEUES}`,
    { at: String(at) },
    row,
  );
  return rows.map(toState);
}

function toState(found: z.infer<typeof row>) {
  const { publishes: publish, delivers: deliver, acks: ack } = found;
  return {
    broker: found.broker,
    vhost: found.vhost,
    queue: found.queue,
    sampledAt: found.latest_at,
    type: found.kind || null,
    ready: found.ready_now,
    unacked: found.unacked_now,
    consumers: found.consumers_now,
    rates: publish === null || deliver === null || ack === null ? null : { publish, deliver, ack },
    details: found.details_json === '' ? null : details.parse(JSON.parse(found.details_json)),
  };
}
