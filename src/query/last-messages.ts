import { z } from 'zod';
import { formatRfc3339 } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { ORDERS } from '../store/order-set.ts';
import { messagesSql } from './queue-messages.ts';

const row = z.object({
  order_name: z.string(),
  last: z.tuple([z.string(), z.enum(['delivered', 'waiting', 'unroutable', 'direct_reply'])]),
  at_text: z.string(),
});

/** The last message that named an order. */
export interface LastMessage {
  /** Null for a message that no queue took. */
  readonly queue: string | null;
  /** RFC 3339: when it was published, or delivered where its publication was not seen. */
  readonly at: string;
  /** What became of it. */
  readonly fate: 'delivered' | 'waiting' | 'unroutable' | 'direct_reply';
}

/** The last message that names each order by its id; orders without one are not in the answer. */
export async function lastMessages(store: StoreClient, orderIds: readonly string[]): Promise<Map<string, LastMessage>> {
  if (orderIds.length === 0) return new Map();
  const mine = `(broker, vhost, queue, message_key, occurrence) IN (SELECT broker, vhost, queue, message_key, occurrence FROM queue_messages WHERE order_id IN ${ORDERS})`;
  const rows = await store.query(
    `SELECT order_name, argMax((queue, multiIf(is_direct_reply = 1, 'direct_reply', queue = '', 'unroutable', isNull(delivered), 'waiting', 'delivered')),
         assumeNotNull(coalesce(published, delivered))) AS last,
       toString(max(assumeNotNull(coalesce(published, delivered)))) AS at_text
     FROM (${messagesSql(mine)}) WHERE order_name IN ${ORDERS} AND isNotNull(coalesce(published, delivered)) GROUP BY order_name`,
    { orders: JSON.stringify(orderIds) },
    row,
  );
  return new Map(
    rows.map(({ order_name: orderId, last: [queue, fate], at_text: at }) => [
      orderId,
      { queue: queue === '' ? null : queue, at: formatRfc3339(BigInt(at)), fate },
    ]),
  );
}
