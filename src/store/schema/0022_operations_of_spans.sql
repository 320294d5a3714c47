-- Fills operations with each insert into spans.
CREATE MATERIALIZED VIEW IF NOT EXISTS operations_of_spans TO operations AS
SELECT service, name, kind, max(spans.observed_at) AS observed_at
FROM spans
GROUP BY service, name, kind
