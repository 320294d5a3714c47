-- What all facts about an order add up to: one row an order, rewritten whole by the projector, so a reader never sees half of a refold.
CREATE TABLE IF NOT EXISTS orders
(
    order_id              String,
    revision              UInt64 COMMENT 'rises with every refold; the highest one is the order',
    lifecycle_name        LowCardinality(String),
    lifecycle_version     LowCardinality(String),
    lifecycle_digest      LowCardinality(String) COMMENT 'hash of the definition: a changed one judges every order anew, also without a new version',
    status                LowCardinality(String) COMMENT 'empty while no status is known',
    since                 Nullable(DateTime64(9, 'UTC')),
    opened_at             Nullable(DateTime64(9, 'UTC')),
    closed_at             Nullable(DateTime64(9, 'UTC')),
    aliases               Array(String),
    attribute_names       Array(LowCardinality(String)) COMMENT 'sorted; each once, with the value that was reported last',
    attribute_values      Array(String),
    visit_statuses        Array(LowCardinality(String)),
    visit_systems         Array(LowCardinality(String)) COMMENT 'empty for a status that the lifecycle does not know',
    visit_entered_at      Array(DateTime64(9, 'UTC')),
    visit_left_at         Array(Nullable(DateTime64(9, 'UTC'))),
    visit_evidence        Array(String) COMMENT 'JSON array of the pieces of evidence, per visit',
    deviation_kinds       Array(LowCardinality(String)),
    deviation_statuses    Array(LowCardinality(String)),
    deviation_from        Array(LowCardinality(String)) COMMENT 'empty at the start of the order',
    deviation_skipped     Array(Array(LowCardinality(String))),
    deviation_at          Array(DateTime64(9, 'UTC')),
    deviation_visits      Array(UInt32) COMMENT 'index of the entering visit',
    failure_at            Array(DateTime64(9, 'UTC')),
    failure_classes       Array(LowCardinality(String)) COMMENT 'timeout, api_error or other',
    failure_services      Array(LowCardinality(String)),
    failure_operations    Array(LowCardinality(String)),
    failure_statuses      Array(LowCardinality(String)) COMMENT 'status of the order at that time; empty before the first',
    failure_moved_on_at   Array(Nullable(DateTime64(9, 'UTC'))) COMMENT 'first entry further on; null while there is none',
    failure_traces        Array(String),
    failure_spans         Array(String),
    failures_left_out     UInt32 COMMENT 'earlier failures beyond the limit per order',
    first_observed_at     DateTime64(3, 'UTC') COMMENT 'first time the projector saw the order',
    INDEX by_status status TYPE set(100) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY order_id
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
