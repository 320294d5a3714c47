-- What describes an order: channel, product and the like, as spans and imported events said it.
CREATE TABLE IF NOT EXISTS order_attributes
(
    order_id    String,
    alias       String,
    name        LowCardinality(String),
    value       String,
    occurred_at DateTime64(9, 'UTC') COMMENT 'clock of the sender',
    segment     UInt64 COMMENT 'the journal segment that brought it',
    INDEX by_alias alias TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_segment segment TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
ORDER BY (order_id, alias, name, value, occurred_at)
SETTINGS index_granularity = 256, merge_selector_base = 12, min_compress_block_size = 4096, max_compress_block_size = 16384, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
