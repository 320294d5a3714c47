-- What people did through Waybill: one row before each action, one with its outcome after it. Never deleted by age.
CREATE TABLE IF NOT EXISTS audit
(
    action_id    String COMMENT 'the same for both rows of an action',
    stage        LowCardinality(String) COMMENT 'intent, then outcome',
    at           DateTime64(9, 'UTC'),
    action       LowCardinality(String) COMMENT 'dead_letter.replay',
    who          String COMMENT 'as they named themselves',
    subject      String COMMENT 'id of the dead letter',
    broker       LowCardinality(String),
    vhost        LowCardinality(String),
    queue        LowCardinality(String),
    origin_queue LowCardinality(String),
    order_id     String,
    outcome      LowCardinality(String) COMMENT 'empty for an intent, else done or the code of the error',
    detail       String COMMENT 'message of the error'
)
ENGINE = ReplacingMergeTree
ORDER BY (at, action_id, stage)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1
