-- What figures are made of: one narrow row a visit, and one for each whole order, kept beside the wide rows of `orders`.
-- Rows are never changed: one that no longer holds is taken back by an equal row with the opposite `net`, and merges drop the pair. Readers
-- add up `net`, so that they are exact whatever has been merged, and never need FINAL. `content` is part of the sorting key, so that
-- only equal rows fall together. No deduplication of inserts: the same rows may be added, taken back and added again.
CREATE TABLE IF NOT EXISTS visits
(
    order_id      String,
    visit         UInt16 COMMENT 'index in the order; 65535 for the row of the whole order',
    content       UInt64 MATERIALIZED cityHash64(lifecycle, kind, status, previous, entered_nano, left_nano, working_nano, deviating, deviated_nano, anomalies, attributes),
    lifecycle     LowCardinality(String) COMMENT 'name of the lifecycle that judged it',
    kind          LowCardinality(String) COMMENT 'completed, open, final (an open visit to a final status); whole orders: closed, active, unknown (no status)',
    status        LowCardinality(String) COMMENT 'of a whole order: the current or final one',
    previous      LowCardinality(String) COMMENT 'status before it in its region; empty at the start',
    entered_nano  Int64 COMMENT 'nanoseconds since 1970',
    left_nano     Int64 COMMENT '0 while it is not left',
    open_nano     Int64 COMMENT 'entered_nano of what is open, else 0',
    bin           Int16 COMMENT 'logarithmic bin of the duration in milliseconds, at most 1 % wide to either side; 0 while open',
    working_nano  Int64 COMMENT 'duration in working time; 0 without a calendar',
    working_bin   Int16,
    deviating     UInt8 COMMENT '1 for a whole order that deviates',
    deviated_nano Int64 COMMENT 'first deviation of a whole order',
    anomalies     UInt16 COMMENT 'clock anomalies of the visit',
    attributes    Array(LowCardinality(String)) COMMENT 'name=value of the order, and service.version=SERVICE VERSION of who reported the visit',
    net           Int32 COMMENT '1: this holds; -1: it no longer does',
    PROJECTION by_bin
    (
        SELECT kind, status, previous, bin, open_nano, deviating, sum(net), sum(net * anomalies)
        GROUP BY kind, status, previous, bin, open_nano, deviating
    ),
    PROJECTION by_working_bin
    (
        SELECT kind, status, previous, working_bin, open_nano, deviating, sum(net), sum(net * anomalies)
        GROUP BY kind, status, previous, working_bin, open_nano, deviating
    ),
    PROJECTION by_end
    (
        SELECT left_nano, kind, status, bin, working_bin, net ORDER BY left_nano
    )
)
ENGINE = SummingMergeTree(net)
PRIMARY KEY (order_id, visit)
ORDER BY (order_id, visit, content)
SETTINGS index_granularity = 256, merge_selector_base = 12, min_compress_block_size = 4096, max_compress_block_size = 16384, deduplicate_merge_projection_mode = 'rebuild', vertical_merge_algorithm_min_rows_to_activate = 1, vertical_merge_algorithm_min_columns_to_activate = 1, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
