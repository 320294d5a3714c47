-- Every report that an order entered a status. order_id and alias are both empty where only the trace tells the order.
-- Small granules and small compressed blocks: the projector reads the facts of a few thousand scattered orders at a time, and a whole block
-- of every column is unpacked for one of them.
CREATE TABLE IF NOT EXISTS status_facts
(
    order_id       String,
    alias          String,
    trace_id       FixedString(16) COMMENT 'zero when the fact did not come from a span',
    span_id        FixedString(8),
    status         LowCardinality(String),
    occurred_at    DateTime64(9, 'UTC') COMMENT 'clock of the sender',
    observed_at    DateTime64(9, 'UTC') COMMENT 'our clock',
    source         LowCardinality(String),
    evidence_kind  LowCardinality(String),
    evidence_id    String,
    sequence       UInt32,
    source_version LowCardinality(String) COMMENT 'service.version of the service that reports; empty where it did not say',
    segment        UInt64 COMMENT 'the journal segment that brought it: what is new to an order since its last fold',
    INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 8,
    INDEX by_alias alias TYPE bloom_filter(0.01) GRANULARITY 8,
    INDEX by_segment segment TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
ORDER BY (order_id, alias, trace_id, evidence_id, status)
SETTINGS index_granularity = 128, merge_selector_base = 12, min_compress_block_size = 4096, max_compress_block_size = 16384, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
