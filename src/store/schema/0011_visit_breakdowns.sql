-- What the dwell of each ended visit consists of, computed some time after its end. Sorted so that the newest visits are one range; a visit
-- that turns out to have other times, or not to be, leaves a deleted row under its old key.
CREATE TABLE IF NOT EXISTS visit_breakdowns
(
    left_at       DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
    order_id      String,
    status        LowCardinality(String),
    entered_at    DateTime64(9, 'UTC'),
    computed_at   DateTime64(3, 'UTC') COMMENT 'the latest one counts',
    is_deleted    UInt8,
    dwell_nano    Int64,
    services      Array(LowCardinality(String)) COMMENT 'that worked, longest first',
    service_nanos Array(Int64) COMMENT 'parallel work counts for each service',
    queue_nano    Int64,
    external_nano Int64,
    idle_nano     Int64,
    spans         UInt32,
    anomalies     UInt32 COMMENT 'signs of wrong clocks',
    INDEX by_order order_id TYPE bloom_filter(0.0001) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(computed_at, is_deleted)
ORDER BY (left_at, order_id, status, entered_at)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
