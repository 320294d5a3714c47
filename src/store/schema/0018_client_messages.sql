-- Messages as their clients' own spans tell of them: a row for each span that sent, and one for each span that received (by the context
-- that it descends from or links to). Narrow, so that delays of a day are read without the spans.
-- A resent span has the same sorting key and falls together with the first one; readers do not rely on it, because merges come late.
CREATE TABLE IF NOT EXISTS client_messages
(
    trace_id      FixedString(16),
    span_id       FixedString(8) COMMENT 'of the span that sent the message',
    queue         LowCardinality(String) COMMENT 'that the message was received from; empty for the sending itself',
    started       DateTime64(9, 'UTC') COMMENT 'of the span that sent or received, clock of its host' CODEC(Delta, ZSTD(1)),
    duration_nano Int64 CODEC(T64, ZSTD(1)),
    observed_at   DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(observed_at)
ORDER BY (trace_id, span_id, queue, started)
TTL toDateTime(observed_at) + toIntervalDay({retention_days})
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
