import { z } from 'zod';
import { NO_TRACE } from '../model/no-id.ts';
import { formatRfc3339 } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { readOrderState } from '../store/order-state.ts';
import { tracesOfOrders } from '../store/order-traces.ts';
import { TRACES } from '../store/trace-set.ts';
import { messagesSql, STAMP_UNCERTAINTY_MS } from './queue-messages.ts';
import { hexOf } from './time-sql.ts';

/** Most messages of an order that are listed: the latest. */
export const MAX_MESSAGES_PER_ORDER = 500;

const row = z.object({
  broker: z.string(),
  vhost: z.string(),
  queue: z.string(),
  from_exchange: z.string(),
  key: z.string(),
  message_name: z.string(),
  publisher_name: z.string(),
  consumer_name: z.string(),
  trace_text: z.string(),
  published_text: z.string().nullable(),
  delivered_text: z.string().nullable(),
  delay_ms: z.number().nullable(),
  is_stamped: z.coerce.number(),
  late_ms: z.number(),
  is_suppressed: z.coerce.number(),
  handed_out: z.coerce.number(),
  is_redelivered: z.number(),
  is_direct_reply: z.number(),
  bytes: z.number(),
});

/** A message that did work for an order, in one queue. */
export type OrderMessage = ReturnType<typeof toMessage>;

/**
 * The messages that name an order, by its id or by an alias, and those of its traces that name no other; earliest first. Undefined when
 * the order is not known.
 */
export async function orderMessages(
  store: StoreClient,
  orderId: string,
): Promise<{ messages: OrderMessage[]; truncated: boolean } | undefined> {
  const order = await readOrderState(store, orderId);
  if (order === undefined) return undefined;
  const traces = (await tracesOfOrders(store, [{ orderId, aliases: order.aliases }])).get(orderId) ?? [];
  const names = `order_id = {orderId:String} OR (alias != '' AND alias IN {aliases:Array(String)}) OR trace_id IN ${TRACES}`;
  const rows = await store.query(
    `SELECT broker, vhost, queue, from_exchange, key, message_name, publisher_name, consumer_name, ${hexOf('trace')} AS trace_text,
       toString(published) AS published_text, toString(delivered) AS delivered_text, toFloat64(delay) / 1e6 AS delay_ms,
       is_stamped, late_ms, is_suppressed, handed_out, is_redelivered, is_direct_reply, bytes
     FROM (${messagesSql(`(broker, vhost, queue, message_key, occurrence) IN (SELECT broker, vhost, queue, message_key, occurrence FROM queue_messages WHERE ${names})`)})
     WHERE order_name IN ('', {orderId:String}) AND (order_name != '' OR alias_name = '' OR alias_name IN {aliases:Array(String)})
     ORDER BY coalesce(published, delivered) DESC, broker, vhost, queue LIMIT ${MAX_MESSAGES_PER_ORDER + 1}`,
    { orderId, aliases: order.aliases, traces },
    row,
  );
  return {
    messages: rows.slice(0, MAX_MESSAGES_PER_ORDER).map(toMessage).toReversed(),
    truncated: rows.length > MAX_MESSAGES_PER_ORDER,
  };
}

function toMessage(found: z.infer<typeof row>) {
  const source = found.is_stamped === 1 ? ('broker' as const) : ('firehose_arrival' as const);
  return {
    broker: found.broker,
    vhost: found.vhost,
    queue: found.queue === '' ? null : found.queue,
    exchange: found.from_exchange,
    routingKey: found.key,
    messageId: found.message_name === '' ? null : found.message_name,
    publisher: found.publisher_name === '' ? null : found.publisher_name,
    consumer: found.consumer_name === '' ? null : found.consumer_name,
    publishedAt: timeOrNull(found.published_text),
    deliveredAt: timeOrNull(found.delivered_text),
    delayMs: found.delay_ms,
    delaySource: found.delay_ms === null ? null : source,
    uncertaintyMs: found.delay_ms === null ? null : source === 'broker' ? STAMP_UNCERTAINTY_MS : found.late_ms,
    suppressed: found.is_suppressed === 1,
    deliveries: found.handed_out,
    redelivered: found.is_redelivered === 1,
    directReply: found.is_direct_reply === 1,
    traceId: found.trace_text === NO_TRACE ? null : found.trace_text,
    bodyBytes: found.bytes,
  };
}

function timeOrNull(nanoseconds: string | null): string | null {
  return nanoseconds === null ? null : formatRfc3339(BigInt(nanoseconds));
}
