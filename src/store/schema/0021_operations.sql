-- Which services did what, for those who choose what to search. 0022 writes it.
CREATE TABLE IF NOT EXISTS operations
(
    service     LowCardinality(String),
    name        LowCardinality(String),
    kind        UInt8,
    observed_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'the last time'
)
ENGINE = AggregatingMergeTree
ORDER BY (service, name, kind)
TTL toDateTime(observed_at) + toIntervalDay({retention_days})
SETTINGS merge_selector_base = 12, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
