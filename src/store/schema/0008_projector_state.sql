-- How far the projector got, and which orders it is writing: the visits of an order and its row are two inserts, and after a crash between
-- them nothing else tells that they disagree. One row a slot; a slot is one of the folds that run side by side.
CREATE TABLE IF NOT EXISTS projector_state
(
    slot      UInt8,
    revision  UInt64 COMMENT 'of the orders that are written; rises',
    order_ids Array(String) COMMENT 'that are written; empty once the projector stopped in order',
    segment   UInt64 COMMENT 'the touches of all segments up to this one were folded before'
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY slot
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
