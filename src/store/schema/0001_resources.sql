-- Senders of spans, once per distinct set of resource attributes; spans name them by resource_id.
CREATE TABLE IF NOT EXISTS resources
(
    resource_id       UInt64 COMMENT 'hash of the redacted attributes and the schema URL',
    service           LowCardinality(String),
    attribute_keys    Array(LowCardinality(String)),
    attribute_types   Array(UInt8),
    attribute_values  Array(String),
    schema_url        LowCardinality(String)
)
ENGINE = ReplacingMergeTree
ORDER BY resource_id
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
