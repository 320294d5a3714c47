import { z } from 'zod';
import type { UnixNano } from '../model/units.ts';
import type { StoreClient } from './client.ts';
import type { NamedOrder } from './order-traces.ts';
import { rowOwners } from './row-owners.ts';
import { unixNanoText } from './time.ts';
import { TRACES } from './trace-set.ts';

/** A time in which a message of an order waited in a queue. */
export interface QueueWait {
  readonly from: UnixNano;
  readonly to: UnixNano;
}

/** Copies of messages in queues that are read together, the earliest; further ones count as if they had not waited. */
const MAX_MESSAGES = 20_000;

const row = z.object({
  broker: z.string(),
  vhost: z.string(),
  queue: z.string(),
  key_text: z.string(),
  order_name: z.string(),
  alias_name: z.string(),
  trace_text: z.string(),
  entered: unixNanoText,
  left_queue: unixNanoText.nullable(),
});

type Row = z.infer<typeof row>;

/**
 * When messages of orders waited in queues, as brokers show it: from publication to first delivery, by the broker's stamps where both ends have
 * one, else by arrivals at the tracer; what the tracer saw while it lagged says nothing and is left out. A message that nobody has taken waits
 * until it died, else until `now`; without an id of its own it cannot be told from equal ones, and does not count.
 *
 * A message belongs to the order that it names, by id or alias, else to the only order of its trace.
 *
 * @param traces of the orders, 32 hex digits
 */
export async function readOrderWaits(
  store: StoreClient,
  orders: readonly NamedOrder[],
  { traces, now }: { readonly traces: readonly string[]; readonly now: UnixNano },
): Promise<Map<string, QueueWait[]>> {
  if (orders.length === 0) return new Map();
  const rows = await store.query(
    `SELECT broker, vhost, queue, lower(hex(message_key)) AS key_text, order_name, alias_name, lower(hex(trace)) AS trace_text,
       toUnixTimestamp64Nano(assumeNotNull(if(is_stamped, first_entered, coalesce(first_published, first_entered)))) AS entered,
       toUnixTimestamp64Nano(if(is_stamped, first_sent, first_delivered)) AS left_queue
     FROM (
       SELECT broker, vhost, queue, message_key, occurrence, max(key_kind) AS kind, max(order_id) AS order_name, max(alias) AS alias_name,
         max(trace_id) AS trace, min(published_at) AS first_published, min(published_stamp) AS first_entered, min(delivered_at) AS first_delivered,
         min(delivered_stamp) AS first_sent, max(unreliable) AS lagged, max(direct_reply) AS is_reply,
         isNotNull(first_entered) AND isNotNull(first_sent) AS is_stamped
       FROM queue_messages
       WHERE (broker, vhost, queue, message_key, occurrence) IN (
         SELECT broker, vhost, queue, message_key, occurrence FROM queue_messages
         WHERE order_id IN {orders:Array(String)} OR (alias != '' AND alias IN {aliases:Array(String)}) OR trace_id IN ${TRACES}
       ) AND queue != ''
       GROUP BY broker, vhost, queue, message_key, occurrence
     )
     WHERE is_reply = 0 AND (is_stamped OR lagged = 0) AND isNotNull(coalesce(first_published, first_entered))
       AND (isNotNull(first_delivered) OR kind < 3)
     ORDER BY entered, key_text LIMIT ${MAX_MESSAGES}`,
    {
      orders: orders.map(({ orderId }) => orderId),
      aliases: orders.flatMap(({ aliases }) => aliases),
      traces,
    },
    row,
  );
  if (rows.length === 0) return new Map();
  const [ownerOf, diedAt] = await Promise.all([rowOwners(store, rows), readDeaths(store, rows)]);
  const waits = new Map<string, QueueWait[]>();
  for (const found of rows) {
    const owner = ownerOf(found);
    const to = found.left_queue ?? diedAt.get(placeOf(found)) ?? now;
    if (owner === undefined || to <= found.entered) continue;
    const own = waits.get(owner) ?? [];
    own.push({ from: found.entered, to });
    waits.set(owner, own);
  }
  return waits;
}

/** When messages that nobody took died, by queue and key. */
async function readDeaths(store: StoreClient, rows: readonly Row[]): Promise<Map<string, UnixNano>> {
  const keys = rows.filter((found) => found.left_queue === null).map((found) => found.key_text);
  if (keys.length === 0) return new Map();
  const deaths = await store.query(
    `SELECT broker, vhost, origin_queue AS queue, lower(hex(message_key)) AS key_text,
       toUnixTimestamp64Nano(min(observed_at)) AS died
     FROM dead_letters WHERE message_key IN (SELECT unhex(arrayJoin({keys:Array(String)})))
     GROUP BY broker, vhost, queue, message_key`,
    { keys: [...new Set(keys)] },
    row.pick({ broker: true, vhost: true, queue: true, key_text: true }).extend({ died: unixNanoText }),
  );
  return new Map(deaths.map((death) => [placeOf(death), death.died]));
}

function placeOf(found: Pick<Row, 'broker' | 'vhost' | 'queue' | 'key_text'>): string {
  return JSON.stringify([found.broker, found.vhost, found.queue, found.key_text]);
}
