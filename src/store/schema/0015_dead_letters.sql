-- Sightings of messages in dead-letter queues and of how they left them.
-- Questions go over all letters, so what that takes is narrow, of fixed length, and told by the greatest of each: `letter`, `standing` and
-- `sighted_nano`. Wide columns are read for the letters of one page; those were seen one after another, hence the order by time.
CREATE TABLE IF NOT EXISTS dead_letters
(
    broker            LowCardinality(String) COMMENT 'name of the configured broker',
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
    letter            UInt64 MATERIALIZED sipHash64(broker, vhost, queue, message_key, ifNull(first_at, toDateTime64(0, 9, 'UTC'))) COMMENT 'one message that died and is in one queue',
    place             UInt64 MATERIALIZED cityHash64(broker, vhost, queue, origin_queue, reason),
    standing          UInt128 MATERIALIZED bitOr(bitShiftLeft(toUInt128(2 * toUInt64(count) + toUInt8(resolution != '')), 64), toUInt128(place)) COMMENT 'the greatest of a letter is how it stands: deaths, whether it left after them, place',
    sighted_nano      Int64 MATERIALIZED toUnixTimestamp64Nano(observed_at) * if(resolution = '', 1, -1) COMMENT 'the greatest of a letter is its latest sighting in the queue; negative where it was only seen leaving: the first time',
    order_hash        UInt64 MATERIALIZED if(order_id = '', 0, sipHash64(order_id)),
    INDEX by_letter letter TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_order order_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_alias alias TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_message message_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(observed_at)
ORDER BY (observed_at, letter, resolution)
TTL toDateTime(observed_at) + toIntervalDay({retention_days})
SETTINGS index_granularity = 1024, min_compress_block_size = 16384, max_compress_block_size = 65536, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
