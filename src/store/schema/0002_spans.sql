-- Spans sorted by trace: cheap bytes, and a trace is one range of rows.
-- A resent span has the same sorting key and falls together with the first one; readers also use LIMIT 1 BY span_id, kind,
-- because merges come late and never cross partitions. Partitions go by our clock: a sender's wrong clock cannot make thousands.
CREATE TABLE IF NOT EXISTS spans
(
    trace_id               FixedString(16),
    start                  DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
    span_id                FixedString(8),
    parent_span_id         FixedString(8) CODEC(ZSTD(1)),
    duration_nano          Int64 CODEC(T64, ZSTD(1)),
    name                   LowCardinality(String),
    kind                   UInt8,
    status_code            UInt8,
    status_message         LowCardinality(String),
    trace_state            LowCardinality(String),
    flags                  UInt32 CODEC(ZSTD(1)),
    service                LowCardinality(String),
    resource_id            UInt64 CODEC(ZSTD(1)),
    scope_name             LowCardinality(String),
    scope_version          LowCardinality(String),
    scope_attribute_keys   Array(LowCardinality(String)),
    scope_attribute_types  Array(UInt8),
    scope_attribute_values Array(LowCardinality(String)),
    attribute_keys         Array(LowCardinality(String)),
    attribute_types        Array(UInt8) CODEC(ZSTD(1)),
    attribute_values       Array(LowCardinality(String)),
    event_times            Array(DateTime64(9, 'UTC')),
    event_names            Array(LowCardinality(String)),
    event_attribute_keys   Array(Array(LowCardinality(String))),
    event_attribute_types  Array(Array(UInt8)),
    event_attribute_values Array(Array(String)),
    link_trace_ids         Array(FixedString(16)),
    link_span_ids          Array(FixedString(8)),
    link_trace_states      Array(LowCardinality(String)),
    link_attribute_keys    Array(Array(LowCardinality(String))),
    link_attribute_types   Array(Array(UInt8)),
    link_attribute_values  Array(Array(String)),
    dropped_attributes     UInt32 CODEC(ZSTD(1)),
    dropped_events         UInt32 CODEC(ZSTD(1)),
    dropped_links          UInt32 CODEC(ZSTD(1)),
    order_id               String COMMENT 'the order that the span itself names; empty when it names none or only an alias',
    alias                  String COMMENT 'name=value of the alias that the span itself names when it names no order',
    observed_at            DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(observed_at)
ORDER BY (trace_id, start, span_id, kind)
TTL toDateTime(observed_at) + toIntervalDay({retention_days})
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
