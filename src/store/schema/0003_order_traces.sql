-- Which traces did work for which order, as the spans named it: by the canonical id, or (order_id empty) by an alias.
CREATE TABLE IF NOT EXISTS order_traces
(
    order_id    String,
    alias       String,
    trace_id    FixedString(16),
    observed_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'the first time',
    INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_alias alias TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = AggregatingMergeTree
ORDER BY (order_id, alias, trace_id)
SETTINGS index_granularity = 1024, merge_selector_base = 12, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
