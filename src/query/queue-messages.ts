/**
 * SQL of the copies of messages in queues, each once, whatever was seen of it when. `where` limits the rows that are read, by columns of
 * `queue_messages` that are in the sorting key, or by `observed_at`.
 *
 * Columns: broker, vhost, queue, message_key, occurrence, kind, from_exchange, key (routing key), publisher_name, consumer_name, trace, span,
 * order_name, alias_name, message_name (AMQP message id), published, delivered, last_delivered (nanoseconds of the tracer's clock, null where not seen), delay (nanoseconds,
 * null where it cannot be told), is_stamped (the delay is of the broker's clock), is_suppressed (both ends were seen and the tracer lagged),
 * handed_out, is_redelivered, is_direct_reply, bytes, late_ms (how late the arrivals may have been: a delay of the tracer's clock is off by no more).
 */
export function messagesSql(where: string): string {
  return `SELECT broker, vhost, queue, message_key, occurrence, kind, from_exchange, key, publisher_name, consumer_name, trace, span,
    order_name, alias_name, message_name, handed_out, is_redelivered, is_direct_reply, bytes, late_ms,
    toUnixTimestamp64Nano(coalesce(first_published, first_entered)) AS published,
    toUnixTimestamp64Nano(first_delivered) AS delivered, toUnixTimestamp64Nano(latest_delivered) AS last_delivered,
    isNotNull(first_entered) AND isNotNull(first_sent) AS is_stamped,
    NOT is_stamped AND lagged = 1 AND isNotNull(first_published) AND isNotNull(first_delivered) AS is_suppressed,
    multiIf(is_stamped, toUnixTimestamp64Nano(first_sent) - toUnixTimestamp64Nano(first_entered),
      is_suppressed OR isNull(first_published), NULL,
      toUnixTimestamp64Nano(first_delivered) - toUnixTimestamp64Nano(first_published)) AS delay
  FROM (
    SELECT broker, vhost, queue, message_key, occurrence, max(key_kind) AS kind, max(exchange) AS from_exchange, max(routing_key) AS key,
      max(publisher) AS publisher_name, max(consumer) AS consumer_name, max(trace_id) AS trace, max(span_id) AS span,
      max(order_id) AS order_name, max(alias) AS alias_name, max(message_id) AS message_name, min(published_at) AS first_published, min(published_stamp) AS first_entered,
      min(delivered_at) AS first_delivered, min(delivered_stamp) AS first_sent, max(last_delivered_at) AS latest_delivered,
      sum(deliveries) AS handed_out, max(redelivered) AS is_redelivered, max(unreliable) AS lagged, max(direct_reply) AS is_direct_reply,
      max(body_bytes) AS bytes, max(lateness_ms) AS late_ms
    FROM queue_messages WHERE ${where}
    GROUP BY broker, vhost, queue, message_key, occurrence
  )`;
}

/** Rows come in the order of the sorting key: a group is complete when the next one begins, so that memory does not grow with them. */
export const IN_ORDER = 'SETTINGS optimize_aggregation_in_order = 1';

/** How far delays by a broker's stamps may be off: their resolution. */
export const STAMP_UNCERTAINTY_MS = 1;
