-- Data points of metrics of every type: what a type does not have is zero, null or empty, and costs next to nothing. A series is one
-- range of rows. A point that is sent again falls together with the first one. The projection answers which metrics there are.
CREATE TABLE IF NOT EXISTS metric_points
(
    name                      LowCardinality(String),
    series                    UInt64 COMMENT 'hash of resource, scope, name, unit, type, temporality and attributes' CODEC(ZSTD(1)),
    time                      DateTime64(9, 'UTC') COMMENT 'clock of the sender' CODEC(DoubleDelta, ZSTD(1)),
    start                     DateTime64(9, 'UTC') COMMENT '1970 where the sender did not say' CODEC(DoubleDelta, ZSTD(1)),
    type                      LowCardinality(String) COMMENT 'gauge, sum, histogram, exponential_histogram or summary',
    unit                      LowCardinality(String),
    description               LowCardinality(String),
    temporality               LowCardinality(String) COMMENT 'delta or cumulative; unspecified where the type has none',
    is_monotonic              UInt8 CODEC(ZSTD(1)),
    service                   LowCardinality(String),
    resource_id               UInt64 CODEC(ZSTD(1)),
    scope_name                LowCardinality(String),
    scope_version             LowCardinality(String),
    scope_attribute_keys      Array(LowCardinality(String)),
    scope_attribute_types     Array(UInt8),
    scope_attribute_values    Array(LowCardinality(String)),
    attribute_keys            Array(LowCardinality(String)),
    attribute_types           Array(UInt8) CODEC(ZSTD(1)),
    attribute_values          Array(LowCardinality(String)),
    flags                     UInt32 COMMENT 'bit 0: no recorded value' CODEC(ZSTD(1)),
    number_kind               UInt8 COMMENT '0 none, 1 int, 2 double' CODEC(ZSTD(1)),
    value                     Float64 CODEC(Gorilla, ZSTD(1)),
    int_value                 Int64 COMMENT 'the exact value where it was sent as an int' CODEC(Delta, ZSTD(1)),
    count                     UInt64 CODEC(Delta, ZSTD(1)),
    sum                       Nullable(Float64) CODEC(ZSTD(1)),
    min                       Nullable(Float64) CODEC(ZSTD(1)),
    max                       Nullable(Float64) CODEC(ZSTD(1)),
    bounds                    Array(Float64) CODEC(ZSTD(1)),
    bucket_counts             Array(UInt64) CODEC(ZSTD(1)),
    scale                     Int32 CODEC(ZSTD(1)),
    zero_count                UInt64 CODEC(ZSTD(1)),
    zero_threshold            Float64 CODEC(ZSTD(1)),
    positive_offset           Int32 CODEC(ZSTD(1)),
    positive_counts           Array(UInt64) CODEC(ZSTD(1)),
    negative_offset           Int32 CODEC(ZSTD(1)),
    negative_counts           Array(UInt64) CODEC(ZSTD(1)),
    quantiles                 Array(Float64) CODEC(ZSTD(1)),
    quantile_values           Array(Float64) CODEC(ZSTD(1)),
    exemplar_times            Array(DateTime64(9, 'UTC')) CODEC(ZSTD(1)),
    exemplar_values           Array(Float64) CODEC(ZSTD(1)),
    exemplar_trace_ids        Array(FixedString(16)) CODEC(ZSTD(1)),
    exemplar_span_ids         Array(FixedString(8)) CODEC(ZSTD(1)),
    exemplar_attribute_keys   Array(Array(LowCardinality(String))),
    exemplar_attribute_types  Array(Array(UInt8)),
    exemplar_attribute_values Array(Array(String)),
    observed_at               DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    PROJECTION names
    (
        SELECT name, type, unit, service, max(time) GROUP BY name, type, unit, service
    )
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(observed_at)
ORDER BY (name, series, time)
TTL toDateTime(observed_at) + toIntervalDay({retention_days})
SETTINGS index_granularity = 4096, ttl_only_drop_parts = 1, deduplicate_merge_projection_mode = 'rebuild', merge_selector_base = 12, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
