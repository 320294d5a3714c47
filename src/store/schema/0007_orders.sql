-- What all facts about an order add up to: one row an order, rewritten whole by the projector, so a reader never sees half of a refold.
-- `state` is the order; every other column is there because a list or a figure filters or counts by it. A column costs its share of each
-- insert, each read and each merge, and late events read and write single orders all over the table.
-- Granules are small for the same reason: to read one order means to decompress the states of all in its granule.
CREATE TABLE IF NOT EXISTS orders
(
    order_id          String,
    revision          UInt64 COMMENT 'rises with every fold, never twice the same; the highest one is the order',
    content           UInt64 COMMENT 'hash of the state: what has not changed is not written again',
    state             String COMMENT 'JSON of the order as order-state.ts writes it: visits with their evidence, deviations, clock anomalies, failures, attributes, aliases' CODEC(LZ4),
    lifecycle_name    LowCardinality(String),
    lifecycle_digest  LowCardinality(String) COMMENT 'hash of the definition: a changed one judges every order anew, also without a new version',
    status            LowCardinality(String) COMMENT 'empty while no status is known; with regions the one entered last of those that are not final',
    opened_at         Nullable(DateTime64(9, 'UTC')),
    closed_at         Nullable(DateTime64(9, 'UTC')),
    left_at           Nullable(DateTime64(9, 'UTC')) COMMENT 'end of the visit that ended last',
    current_statuses  Array(LowCardinality(String)) COMMENT 'where the regions that have begun are now; one on a flat machine',
    aliases           Array(String) COMMENT 'name=value',
    attributes        Array(LowCardinality(String)) COMMENT 'name=value, sorted; each name once, with the value that was reported last',
    visit_statuses    Array(LowCardinality(String)),
    deviation_kinds   Array(LowCardinality(String)),
    anomaly_statuses  Array(LowCardinality(String)) COMMENT 'status of the visit, for every time that cannot be right',
    failures          Array(String) COMMENT 'JSON of time, class, service, operation, status of the order, first entry further on, trace, span',
    first_observed_at DateTime64(3, 'UTC') COMMENT 'first time the projector saw the order',
    INDEX by_current current_statuses TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY order_id
SETTINGS index_granularity = 16, merge_selector_base = 12, min_compress_block_size = 4096, max_compress_block_size = 16384, vertical_merge_algorithm_min_rows_to_activate = 1, vertical_merge_algorithm_min_columns_to_activate = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
