-- Fills trace_index with each insert into spans. An insert that is repeated after a crash fills what is missing and nothing twice: the client
-- asks for deduplication in views too.
CREATE MATERIALIZED VIEW IF NOT EXISTS trace_index_of_spans TO trace_index AS
SELECT
    min(spans.start) AS start,
    trace_id,
    toUnixTimestamp64Nano(max(spans.start)) - toUnixTimestamp64Nano(min(spans.start)) AS spread,
    arraySort(groupUniqArray(
        bitOr(
            bitOr(bitShiftLeft(bitAnd(cityHash64(service), 16777215), 40), bitShiftLeft(bitAnd(cityHash64(name), 16777215), 16)),
            bitOr(
                bitOr(bitShiftLeft(toUInt64(floor(log2(greatest(duration_nano, 1)) * 4)), 8), bitShiftLeft(toUInt64(status_code = 2), 4)),
                toUInt64(bitAnd(kind, 15))
            )
        )
    )) AS entries,
    min(spans.observed_at) AS observed_from,
    max(spans.observed_at) AS observed_at
FROM spans
GROUP BY trace_id
