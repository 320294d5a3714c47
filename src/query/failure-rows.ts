/**
 * SQL of a table with a row for every failure of every order: `order_id`, `at`, `moved_on` (nanoseconds; null while the order has not moved
 * on), `class`, `service`, `operation`, `status` (empty before the first one), `trace` and `span`.
 */
export const FAILURES = `(
  SELECT order_id, toInt64(parts.1) AS at, toInt64OrNull(parts.6) AS moved_on, parts.2 AS class, parts.3 AS service, parts.4 AS operation,
    parts.5 AS status, parts.7 AS trace, parts.8 AS span
  FROM (
    SELECT order_id, JSONExtract(arrayJoin(failures), 'Tuple(String, String, String, String, String, String, String, String)') AS parts
    FROM orders FINAL WHERE notEmpty(failures)
  )
)`;
