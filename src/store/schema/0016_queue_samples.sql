-- How queues stood: a row when something changed, and now and then without a change, so that silence is told from sameness.
CREATE TABLE IF NOT EXISTS queue_samples
(
    broker       LowCardinality(String) COMMENT 'name of the configured broker',
    vhost        LowCardinality(String),
    queue        LowCardinality(String),
    sampled_at   DateTime64(9, 'UTC') COMMENT 'our clock' CODEC(Delta, ZSTD(1)),
    type         LowCardinality(String) COMMENT 'classic, quorum or stream; empty where only depths are known',
    ready        UInt64 CODEC(T64, ZSTD(1)),
    unacked      UInt64 CODEC(T64, ZSTD(1)),
    consumers    UInt32 CODEC(T64, ZSTD(1)),
    publish_rate Float32 COMMENT 'messages a second by the broker; -1 where it does not say',
    deliver_rate Float32,
    ack_rate     Float32,
    details      String COMMENT 'JSON: arguments and policy in force, bindings, dead-letter sources; empty where not known' CODEC(ZSTD(1)),
    gone         UInt8 COMMENT '1 where the broker has no such queue any more'
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(sampled_at)
ORDER BY (broker, vhost, queue, sampled_at)
TTL toDateTime(sampled_at) + toIntervalDay(8)
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 20, cleanup_delay_period = 20, max_cleanup_delay_period = 20
