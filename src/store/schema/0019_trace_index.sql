-- What traces are searched by: a row for each trace of each insert into spans, by time, so that the newest ones are read first and no further
-- than a page needs. A trace whose spans came in several inserts has several rows. Rows are not merged: the same start and trace with other
-- entries is another row. 0020 writes it.
-- An entry says that the trace has such a span here: 24 bits of the hash of its service, 24 of its name, 8 for the duration (four steps to an
-- octave of nanoseconds), 4 for an error, 4 for the kind. It may be wrong about a span, never silent: who asks looks into spans.
-- by_operation and by_service let granules be skipped that have no span of the operation, or the service, in a range of durations. They hold
-- each entry's step, its octave and its eight octaves (told apart by the highest bits), so that every range is a few of them.
CREATE TABLE IF NOT EXISTS trace_index
(
    start         DateTime64(9, 'UTC') COMMENT 'of the earliest span of the insert' CODEC(Delta, ZSTD(1)),
    trace_id      FixedString(16),
    spread        Int64 COMMENT 'nanoseconds from there to the start of the latest one' CODEC(T64, ZSTD(1)),
    entries       Array(UInt64) CODEC(ZSTD(1)),
    observed_from DateTime64(3, 'UTC') COMMENT 'the least observed_at of the spans; observed_at is the greatest' CODEC(Delta, ZSTD(1)),
    observed_at   DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    INDEX by_end toUnixTimestamp64Nano(start) + spread TYPE minmax GRANULARITY 1,
    INDEX by_trace trace_id TYPE bloom_filter(0.0001) GRANULARITY 1,
    INDEX by_operation arrayFlatten(arrayMap(e -> [bitShiftRight(e, 8), bitOr(bitShiftRight(e, 10), 1152921504606846976), bitOr(bitShiftRight(e, 13), 2305843009213693952)], entries)) TYPE bloom_filter(0.0001) GRANULARITY 1,
    INDEX by_service arrayFlatten(arrayMap(e -> [bitOr(bitShiftLeft(bitShiftRight(e, 40), 8), bitAnd(bitShiftRight(e, 8), 255)), bitOr(bitOr(bitShiftLeft(bitShiftRight(e, 40), 6), bitAnd(bitShiftRight(e, 10), 63)), 1152921504606846976), bitOr(bitOr(bitShiftLeft(bitShiftRight(e, 40), 3), bitAnd(bitShiftRight(e, 13), 7)), 2305843009213693952)], entries)) TYPE bloom_filter(0.0001) GRANULARITY 1,
    INDEX by_error arrayExists(e -> bitTest(e, 4), entries) TYPE minmax GRANULARITY 1,
    INDEX by_longest arrayMax(arrayMap(e -> bitAnd(bitShiftRight(e, 8), 255), entries)) TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toMonday(observed_at)
ORDER BY (start, trace_id)
TTL toDateTime(observed_at) + toIntervalDay({retention_days})
SETTINGS index_granularity = 1024, min_bytes_for_wide_part = 25165824, merge_selector_base = 12, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
