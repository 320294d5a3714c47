-- How far the projector got: the last segment whose touches are folded.
CREATE TABLE IF NOT EXISTS projector_state
(
    projector LowCardinality(String),
    segment   UInt64,
    saved_at  DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(segment)
ORDER BY projector
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
