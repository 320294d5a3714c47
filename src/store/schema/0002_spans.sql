-- Spans sorted by trace within five seconds of our clock, as long as most senders gather spans for: the bytes are as cheap as by trace alone and a
-- trace is a range of rows or two, but what is recent lies together, so that a search for the newest spans with an attribute reads those and
-- no others, and merges find most rows in their order.
-- A resent span is another row: readers use LIMIT 1 BY span_id, kind. Partitions go by our clock: a sender's wrong clock cannot make thousands.
-- Every column costs its share of each insert and each merge, also an empty one, and each entry of an array costs once per array. So an
-- attribute is one text, and so is a whole event or link; packed-texts.ts says how they are made, and the aliases take them apart
-- (by splitByChar: position() does not find such bytes).
-- by_trace: what finds the granules of a trace, whenever it came.
-- What time is divided by (whom a call goes to, what is done to a message) has columns of its own, so that attributes need not be read.
-- Parts are compact as they are inserted (a wide one is a file or more for each column, to be written and fsynced) and wide once merged:
-- then columns are merged one by one, at half the CPU. Twelve parts and not five make a merge, so that a row is merged half as often.
CREATE TABLE IF NOT EXISTS spans
(
    trace_id               FixedString(16) CODEC(ZSTD(1)),
    start                  DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
    span_id                FixedString(8),
    parent_span_id         FixedString(8) CODEC(ZSTD(1)),
    duration_nano          Int64 CODEC(T64, ZSTD(1)),
    name                   LowCardinality(String),
    kind                   UInt8 CODEC(ZSTD(1)),
    status_code            UInt8,
    status_message         LowCardinality(String),
    trace_state            LowCardinality(String),
    flags                  UInt32 CODEC(ZSTD(1)),
    service                LowCardinality(String),
    resource_id            UInt64 CODEC(ZSTD(1)),
    scope                  LowCardinality(String) COMMENT 'name, FE, version, then each attribute after FE',
    attributes             Array(LowCardinality(String)) COMMENT 'key, FF, digit of the type, value' CODEC(ZSTD(1)),
    events                 Array(String) COMMENT 'time (8 bytes, nanoseconds, little-endian), name, then each attribute after FE' CODEC(ZSTD(1)),
    links                  Array(String) COMMENT 'trace id (16 bytes), span id (8), trace state, then each attribute after FE' CODEC(ZSTD(1)),
    dropped_attributes     UInt32 CODEC(ZSTD(1)),
    dropped_events         UInt32 CODEC(ZSTD(1)),
    dropped_links          UInt32 CODEC(ZSTD(1)),
    order_id               String COMMENT 'the order that the span itself names; empty when it names none or only an alias',
    alias                  String COMMENT 'name=value of the alias that the span itself names when it names no order',
    peer                   LowCardinality(String) COMMENT 'whom a client calls, as its attributes say; span-calls.ts',
    messaging              UInt8 COMMENT '1: its attributes say that it sends a message, 2: that it receives one' CODEC(ZSTD(1)),
    observed_at            DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    INDEX by_trace trace_id TYPE bloom_filter(0.0001) GRANULARITY 1,
    INDEX by_attribute attributes TYPE bloom_filter(0.01) GRANULARITY 1,
    scope_name             String ALIAS splitByChar('\xFE', scope)[1],
    scope_version          String ALIAS splitByChar('\xFE', scope)[2],
    scope_attributes       Array(String) ALIAS arraySlice(splitByChar('\xFE', scope), 3),
    attribute_keys         Array(String) ALIAS arrayMap(a -> splitByChar('\xFF', a)[1], attributes),
    attribute_types        Array(UInt8) ALIAS arrayMap(a -> toUInt8OrZero(substring(splitByChar('\xFF', a)[2], 1, 1)), attributes),
    attribute_values       Array(String) ALIAS arrayMap(a -> substring(splitByChar('\xFF', a)[2], 2), attributes),
    event_times            Array(DateTime64(9, 'UTC')) ALIAS arrayMap(e -> fromUnixTimestamp64Nano(reinterpretAsInt64(substring(e, 1, 8)), 'UTC'), events),
    event_names            Array(String) ALIAS arrayMap(e -> splitByChar('\xFE', substring(e, 9))[1], events),
    event_attributes       Array(Array(String)) ALIAS arrayMap(e -> arraySlice(splitByChar('\xFE', substring(e, 9)), 2), events),
    event_attribute_keys   Array(Array(String)) ALIAS arrayMap(own -> arrayMap(a -> splitByChar('\xFF', a)[1], own), event_attributes),
    event_attribute_types  Array(Array(UInt8)) ALIAS arrayMap(own -> arrayMap(a -> toUInt8OrZero(substring(splitByChar('\xFF', a)[2], 1, 1)), own), event_attributes),
    event_attribute_values Array(Array(String)) ALIAS arrayMap(own -> arrayMap(a -> substring(splitByChar('\xFF', a)[2], 2), own), event_attributes),
    link_trace_ids         Array(FixedString(16)) ALIAS arrayMap(l -> toFixedString(substring(l, 1, 16), 16), links),
    link_span_ids          Array(FixedString(8)) ALIAS arrayMap(l -> toFixedString(substring(l, 17, 8), 8), links),
    link_trace_states      Array(String) ALIAS arrayMap(l -> splitByChar('\xFE', substring(l, 25))[1], links),
    link_attributes        Array(Array(String)) ALIAS arrayMap(l -> arraySlice(splitByChar('\xFE', substring(l, 25)), 2), links),
    link_attribute_keys    Array(Array(String)) ALIAS arrayMap(own -> arrayMap(a -> splitByChar('\xFF', a)[1], own), link_attributes),
    link_attribute_types   Array(Array(UInt8)) ALIAS arrayMap(own -> arrayMap(a -> toUInt8OrZero(substring(splitByChar('\xFF', a)[2], 1, 1)), own), link_attributes),
    link_attribute_values  Array(Array(String)) ALIAS arrayMap(own -> arrayMap(a -> substring(splitByChar('\xFF', a)[2], 2), own), link_attributes)
)
ENGINE = MergeTree
PARTITION BY toMonday(observed_at)
PRIMARY KEY (toStartOfInterval(observed_at, toIntervalSecond(5)), trace_id)
ORDER BY (toStartOfInterval(observed_at, toIntervalSecond(5)), trace_id, start, span_id, kind)
TTL toDateTime(observed_at) + toIntervalDay({retention_days})
SETTINGS index_granularity = 8192, min_bytes_for_wide_part = 25165824, merge_selector_base = 12, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
