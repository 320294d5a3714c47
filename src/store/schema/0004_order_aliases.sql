-- Other ids by which systems know an order, learned from spans that carry both. The earliest binding of an alias wins.
CREATE TABLE IF NOT EXISTS order_aliases
(
    order_id String,
    alias    String COMMENT 'name=value',
    bound_at DateTime64(9, 'UTC') COMMENT 'start of the span that carried both',
    INDEX by_alias alias TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
ORDER BY (order_id, alias, bound_at)
SETTINGS index_granularity = 1024, merge_selector_base = 12, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
