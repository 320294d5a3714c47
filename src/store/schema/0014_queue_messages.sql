-- One row per copy of a message in a queue. What was seen of it (published, delivered) comes in any order and any number of times
-- and falls together: publish and delivery pair by merging. Queue '' holds messages that no queue took.
-- Readers group by the sorting key, because merges come late and never cross partitions.
CREATE TABLE IF NOT EXISTS queue_messages
(
    broker            LowCardinality(String) COMMENT 'name of the configured broker',
    vhost             LowCardinality(String),
    queue             LowCardinality(String),
    message_key       FixedString(16),
    occurrence        UInt32 COMMENT 'n-th of messages that look the same',
    observed_at       SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    key_kind          SimpleAggregateFunction(max, UInt8) COMMENT '0 trace context, 1 message id, 2 correlation id, 3 body',
    exchange          SimpleAggregateFunction(max, LowCardinality(String)),
    routing_key       SimpleAggregateFunction(max, String),
    publisher         SimpleAggregateFunction(max, LowCardinality(String)),
    consumer          SimpleAggregateFunction(max, LowCardinality(String)),
    trace_id          SimpleAggregateFunction(max, FixedString(16)) COMMENT 'that the message carries, or that was made for it; else zero',
    span_id           SimpleAggregateFunction(max, FixedString(8)) COMMENT 'of the creating span that the message carries; else zero',
    order_id          SimpleAggregateFunction(max, String),
    alias             SimpleAggregateFunction(max, String),
    message_id        SimpleAggregateFunction(max, String) COMMENT 'AMQP property; redacted',
    published_at      SimpleAggregateFunction(min, Nullable(DateTime64(9, 'UTC'))) COMMENT 'arrival at the tracer, our clock',
    published_stamp   SimpleAggregateFunction(min, Nullable(DateTime64(9, 'UTC'))) COMMENT 'clock of the broker, where it stamps',
    delivered_at      SimpleAggregateFunction(min, Nullable(DateTime64(9, 'UTC'))) COMMENT 'first delivery: arrival at the tracer, our clock',
    delivered_stamp   SimpleAggregateFunction(min, Nullable(DateTime64(9, 'UTC'))) COMMENT 'first delivery, clock of the broker',
    last_delivered_at SimpleAggregateFunction(max, Nullable(DateTime64(9, 'UTC'))),
    deliveries        SimpleAggregateFunction(sum, UInt64),
    redelivered       SimpleAggregateFunction(max, UInt8),
    unreliable        SimpleAggregateFunction(max, UInt8) COMMENT '1 where the tracer lagged at a sighting: arrivals give no figure',
    lateness_ms       SimpleAggregateFunction(max, Float32) COMMENT 'how much later than the event an arrival may have come; so far a delay may be off',
    direct_reply      SimpleAggregateFunction(max, UInt8),
    body_bytes        SimpleAggregateFunction(max, UInt32),
    INDEX by_order order_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_alias alias TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_message message_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_key message_key TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(observed_at)
ORDER BY (broker, vhost, queue, message_key, occurrence)
TTL toDateTime(observed_at) + toIntervalDay({retention_days})
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
