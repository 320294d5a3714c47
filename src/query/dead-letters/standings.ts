/*
 * SQL of dead letters as they were known at `{at:Int64}`, each once, whoever saw it how often.
 *
 * A letter is resolved where a sighting of its leaving counts at least as many deaths as the sightings in the queue: the order of arrival says
 * nothing, since the tracer and the copies have none in common. It is resolved too where its queue was found empty, or gone, later.
 */

/** A queue that was found empty counts for letters that were seen this long before: figures of brokers are some seconds old. */
export const EMPTY_AFTER_SECONDS = 15;

const KNOWN = `observed_at <= fromUnixTimestamp64Nano({at:Int64})`;

/** SQL of when queues were found empty: broker, vhost, queue, sampled_at. */
export const EMPTIES = `SELECT broker, vhost, queue, sampled_at FROM queue_samples
    WHERE ready = 0 AND unacked = 0 AND sampled_at <= fromUnixTimestamp64Nano({at:Int64})`;

/** SQL of a JSON array that names a place; see `placeNames`. */
export const NAMES = `places.names[indexOf(places.ids, letter_place)]`;

/** Which places are looked up. */
export interface PlacesOptions {
  /** SQL of a UInt8 over broker, vhost, queue, origin_queue and reason: a mark that questions may ask for. Default: 1 for every place. */
  readonly hit?: string;
  /** As in StandingsOptions. */
  readonly rows?: string;
}

/**
 * The begin of a question in which `standingsSql` stands: every place of letters, read once. There are few, and looking them up costs a hundred
 * thousand letters a third of what joining them does.
 *
 * `places` is a tuple of arrays: ids; when its queue was found empty last, in nanoseconds (0 where it was not); hits, what `hit` says; names.
 *
 */
export function withPlaces({ hit = '1', rows = 'true' }: PlacesOptions = {}): string {
  return `WITH (
    SELECT tuple(arrayPushBack(groupArray(place), 0), arrayPushBack(groupArray(ifNull(last_empty, 0)), 0),
        arrayPushBack(groupArray(toUInt8(${hit})), 0), groupArray(toJSONString([broker, vhost, queue, origin_queue, reason])))
      ::Tuple(ids Array(UInt64), emptied Array(Int64), hits Array(UInt8), names Array(String))
    FROM (
      SELECT place, any(dead_letters.broker) AS broker, any(dead_letters.vhost) AS vhost, any(dead_letters.queue) AS queue,
        any(dead_letters.origin_queue) AS origin_queue, any(dead_letters.reason) AS reason FROM dead_letters WHERE ${rows} GROUP BY place
    ) AS known
    LEFT JOIN (SELECT broker, vhost, queue, toUnixTimestamp64Nano(max(sampled_at)) AS last_empty FROM (${EMPTIES}) GROUP BY broker, vhost, queue) AS empties
    ON known.broker = empties.broker AND known.vhost = empties.vhost AND known.queue = empties.queue
  ) AS places`;
}

/**
 * The end of a question over all letters. Two threads would each gather every letter, and then put the two halves together: that takes more of
 * the processor than it saves in time.
 */
export const IN_ONE_THREAD = 'SETTINGS max_threads = 1';

/** What is asked of all letters. */
export interface StandingsOptions {
  /** Condition on the rows that are read; it MUST take all rows of a letter or none. Default: all. */
  readonly rows?: string;
  /** Further aggregates of a letter, as SQL: `max(order_hash) AS owner_hash`. */
  readonly also?: string | undefined;
}

/**
 * How letters stand; in a question that begins with `withPlaces`. Columns: letter, letter_place, seen_nano (latest sighting in the queue),
 * is_resolved, and those of `also`.
 *
 * Nothing but a few numbers is carried through the aggregation: that is what makes a hundred thousand letters cost milliseconds.
 */
export function standingsSql({ rows = 'true', also }: StandingsOptions = {}): string {
  return `SELECT *, toUInt64(stands) AS letter_place, abs(sighted) AS seen_nano,
      bitShiftRight(stands, 64) % 2 = 1
        OR transform(letter_place, places.ids, places.emptied, toInt64(0)) > seen_nano + ${EMPTY_AFTER_SECONDS}000000000 AS is_resolved
    FROM (
      SELECT letter, max(standing) AS stands, max(sighted_nano) AS sighted${also === undefined ? '' : `, ${also}`}
      FROM dead_letters WHERE ${KNOWN} AND ${rows} GROUP BY letter
    )`;
}

/**
 * The orders of letters: the one that a letter names itself, else the owner of the alias that it names, else the only order of its trace.
 * Columns: letter, order_of (empty where there is none).
 *
 * @param rows as in `standingsSql`
 */
export function ownersSql(rows: string): string {
  const nameless = `order_id = '' AND ${rows}`;
  return `SELECT letter, multiIf(order_name != '', order_name, alias_owner != '', alias_owner, trace_owner) AS order_of
    FROM (
      SELECT letter, max(order_id) AS order_name, max(alias) AS alias_name, max(trace_id) AS trace
      FROM dead_letters WHERE ${KNOWN} AND ${rows} GROUP BY letter
    ) AS letters
    LEFT JOIN (
      SELECT alias AS owned, argMin(order_id, (bound_at, order_id)) AS alias_owner FROM order_aliases
      WHERE alias IN (SELECT alias FROM dead_letters WHERE alias != '' AND ${nameless}) GROUP BY owned
    ) AS owners ON letters.alias_name = owners.owned
    LEFT JOIN (
      SELECT trace_id AS owned_trace, if(uniqExact(order_id) = 1, max(order_id), '') AS trace_owner FROM order_traces
      WHERE order_id != '' AND trace_id IN (SELECT trace_id FROM dead_letters WHERE trace_id != toFixedString('', 16) AND ${nameless})
      GROUP BY owned_trace
    ) AS traced ON letters.trace = traced.owned_trace`;
}

/** Condition on rows: they may be of the orders in `{orders:Array(String)}`. It does not take all rows of a letter. */
export const MAY_BE_OF_ORDERS = `(
    order_id IN {orders:Array(String)}
    OR (alias != '' AND alias IN (SELECT alias FROM order_aliases WHERE order_id IN {orders:Array(String)}))
    OR (trace_id != toFixedString('', 16) AND trace_id IN (SELECT trace_id FROM order_traces WHERE order_id IN {orders:Array(String)}))
  )`;
