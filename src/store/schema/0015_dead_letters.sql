-- Sightings of messages in dead-letter queues and of how they left them. The latest sighting of a message in a queue is how it stands.
CREATE TABLE IF NOT EXISTS dead_letters
(
    vhost             LowCardinality(String),
    queue             LowCardinality(String) COMMENT 'the dead-letter queue; empty where only the exchange is known',
    message_key       FixedString(16),
    origin_queue      LowCardinality(String),
    reason            LowCardinality(String),
    exchange          LowCardinality(String) COMMENT 'under which it was first published',
    routing_keys      Array(String),
    first_at          Nullable(DateTime64(9, 'UTC')) COMMENT 'first death; clock of the broker, seconds',
    count             UInt32,
    deaths            String COMMENT 'JSON array, newest first',
    trace_id          FixedString(16) COMMENT 'that the message carries; zero where it carries none',
    span_id           FixedString(8),
    order_id          String,
    alias             String,
    message_id        String,
    correlation_id    String,
    content_type      LowCardinality(String),
    header_keys       Array(LowCardinality(String)),
    header_values     Array(String) COMMENT 'redacted',
    body_bytes        UInt32,
    resolution        LowCardinality(String) COMMENT 'empty while it is in the queue, else consumed or republished',
    observed_at       DateTime64(9, 'UTC'),
    INDEX by_order order_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_alias alias TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(observed_at)
ORDER BY (vhost, queue, message_key, observed_at, resolution)
TTL toDateTime(observed_at) + toIntervalDay({retention_days})
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
