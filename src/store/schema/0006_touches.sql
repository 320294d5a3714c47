-- The projector's work list: what each journal segment said something about. The projector keeps its place by segment.
CREATE TABLE IF NOT EXISTS touches
(
    segment     UInt64,
    order_id    String,
    alias       String,
    trace_id    FixedString(16) COMMENT 'the trace that named the order or carries a status fact; zero for facts without a trace',
    observed_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (segment, order_id, alias, trace_id)
TTL toDateTime(observed_at) + toIntervalDay(7)
SETTINGS merge_selector_base = 12, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
