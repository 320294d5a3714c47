-- Log records in five-minute slices of time, by service within a slice: the newest ones of all services, or of one, are few granules.
-- The slices are numbered by hand: toStartOfFiveMinutes wraps around in 2106, and a sender's clock may say anything.
-- A trace or an order is found by its skip index. A record that is sent again has the same record_id and falls together with the
-- first one; readers also use LIMIT 1 BY record_id, because merges come late and never cross partitions.
CREATE TABLE IF NOT EXISTS logs
(
    time                   DateTime64(9, 'UTC') COMMENT 'clock of the sender; where it did not say, when the record was seen' CODEC(Delta, ZSTD(1)),
    observed_time          DateTime64(9, 'UTC') COMMENT 'when the sender''s collector saw it; 1970 where it did not say' CODEC(Delta, ZSTD(1)),
    record_id              UInt64 COMMENT 'hash of what the record says' CODEC(ZSTD(1)),
    severity_number        UInt8 CODEC(ZSTD(1)),
    severity_text          LowCardinality(String),
    body                   String CODEC(ZSTD(3)),
    body_type              UInt8 CODEC(ZSTD(1)),
    event_name             LowCardinality(String),
    trace_id               FixedString(16) COMMENT 'zero where it belongs to none' CODEC(ZSTD(1)),
    span_id                FixedString(8) COMMENT 'zero where it belongs to none' CODEC(ZSTD(1)),
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
    dropped_attributes     UInt32 CODEC(ZSTD(1)),
    order_id               String COMMENT 'the order that the record itself names; empty when it names none or only an alias' CODEC(ZSTD(1)),
    alias                  String COMMENT 'name=value of the alias that the record itself names when it names no order' CODEC(ZSTD(1)),
    observed_at            DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    INDEX by_time time TYPE minmax GRANULARITY 1,
    INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_order order_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_alias alias TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_severity severity_number TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(observed_at)
ORDER BY (intDiv(toUnixTimestamp64Nano(time), 300000000000), service, time, record_id)
TTL toDateTime(observed_at) + toIntervalDay({retention_days})
SETTINGS index_granularity = 4096, ttl_only_drop_parts = 1, merge_selector_base = 12, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
