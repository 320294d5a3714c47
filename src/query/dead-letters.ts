import { z } from 'zod';
import type { DeathReason } from '../model/message.ts';
import type { UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { type FigureScope, IN_SCOPE, scopeParameters } from './figure-scope.ts';
import { hexOf, nanoField, nanoOrNullField } from './time-sql.ts';

/** A queue that was found empty counts for letters that were seen this long before: figures of brokers are some seconds old. */
const EMPTY_AFTER_SECONDS = 15;

/** What a letter says besides what it is judged by: wide columns, read for the letters of one page only. */
const WIDE = {
  columns: `exchange, routing_keys, deaths, span_id, message_id, correlation_id, header_keys, header_values, body_bytes`,
  names: `latest.4 AS from_exchange, latest.5 AS keys, latest.6 AS deaths_json, latest.7 AS span, latest.8 AS letter_message,
      latest.9 AS letter_correlation, latest.10 AS names, latest.11 AS values, latest.12 AS bytes`,
};

/**
 * SQL of dead letters as they were known at `{at:Int64}`, each once, whoever saw it how often. A letter is resolved where a sighting of
 * its leaving counts at least as many deaths as the sightings in the queue: the order of arrival says nothing, since the tracer and the copies
 * have none in common. It is resolved too where its queue was found empty, or gone, later.
 *
 * Columns: id, vhost, queue, message_key, trace, letter_reason, origin, first_death, died_at, seen_at (latest sighting), deaths_seen, order_of,
 * how (empty while unresolved), resolved_at; and those of WIDE where they are asked for.
 *
 * @param where limits the rows that are read; it MUST take all rows of a letter or none
 */
function lettersSql(where = 'true', wide = false): string {
  return `SELECT *, multiIf(left_deaths > 0 AND left_deaths >= deaths_in_queue, how_left,
      empty_at > seen_at + INTERVAL ${EMPTY_AFTER_SECONDS} SECOND, 'drained', '') AS how,
    multiIf(how = '', NULL, how = 'drained', empty_at, left_at) AS resolved_at,
    greatest(left_deaths, deaths_in_queue) AS deaths_seen,
    multiIf(order_name != '', order_name, alias_owner != '', alias_owner, trace_owner) AS order_of
  FROM (
    SELECT vhost, queue, message_key, first_at AS first_death, lower(hex(sipHash128(vhost, queue, message_key, first_at))) AS id,
      max(if(resolution = '', count, 0)) AS deaths_in_queue, max(if(resolution != '', count, 0)) AS left_deaths,
      min(observed_at) AS died_at, max(if(resolution = '', observed_at, toDateTime64(0, 9, 'UTC'))) AS last_in_queue,
      if(deaths_in_queue = 0, died_at, last_in_queue) AS seen_at,
      argMax(tuple(resolution, observed_at), (if(resolution = '', 0, count), -toUnixTimestamp64Nano(observed_at))) AS leaving,
      leaving.1 AS how_left, leaving.2 AS left_at,
      argMax(tuple(reason, origin_queue, trace_id${wide ? `, ${WIDE.columns}` : ''}), (resolution = '', observed_at)) AS latest,
      max(order_id) AS order_name, max(alias) AS alias_name, latest.1 AS letter_reason, latest.2 AS origin,
      latest.3 AS trace${wide ? `, ${WIDE.names}` : ''}
    FROM dead_letters WHERE observed_at <= fromUnixTimestamp64Nano({at:Int64}) AND ${where}
    GROUP BY vhost, queue, message_key, first_at
  ) AS letters
  LEFT JOIN (
    SELECT vhost AS empty_vhost, queue AS empty_queue, max(sampled_at) AS empty_at FROM queue_samples
    WHERE ready = 0 AND unacked = 0 AND sampled_at <= fromUnixTimestamp64Nano({at:Int64})
      AND (vhost, queue) IN (SELECT DISTINCT vhost, queue FROM dead_letters) GROUP BY empty_vhost, empty_queue
  ) AS empties ON letters.vhost = empties.empty_vhost AND letters.queue = empties.empty_queue
  LEFT JOIN (
    SELECT alias AS owned, argMin(order_id, (bound_at, order_id)) AS alias_owner FROM order_aliases
    WHERE alias IN (SELECT alias FROM dead_letters WHERE alias != '') GROUP BY owned
  ) AS owners ON letters.alias_name = owners.owned
  LEFT JOIN (
    SELECT trace_id AS owned_trace, if(uniqExact(order_id) = 1, max(order_id), '') AS trace_owner FROM order_traces
    WHERE order_id != '' AND trace_id IN (SELECT trace_id FROM dead_letters WHERE trace_id != toFixedString('', 16)) GROUP BY owned_trace
  ) AS traced ON letters.trace = traced.owned_trace`;
}

const LETTERS = lettersSql();

/** Condition on rows: all of messages that may be of the orders in `{orders:Array(String)}`. */
const MAY_BE_OF_ORDERS = `(vhost, queue, message_key) IN (
    SELECT vhost, queue, message_key FROM dead_letters
    WHERE order_id IN {orders:Array(String)}
      OR (alias != '' AND alias IN (SELECT alias FROM order_aliases WHERE order_id IN {orders:Array(String)}))
      OR (trace_id != toFixedString('', 16) AND trace_id IN (SELECT trace_id FROM order_traces WHERE order_id IN {orders:Array(String)}))
  )`;

/** What dead letters are asked for; undefined fields do not filter. */
export interface DeadLetterFilter {
  /** As it was known then. */
  readonly at: UnixNano;
  readonly vhost?: string | undefined;
  readonly queue?: string | undefined;
  readonly originQueue?: string | undefined;
  readonly reason?: DeathReason | undefined;
  readonly order?: string | undefined;
  readonly resolved?: boolean | undefined;
  /** Only letters that were seen first at or after this. */
  readonly since?: UnixNano | undefined;
  readonly id?: string | undefined;
}

/** Where a letter stands in the list: seen last first, then by id. */
export interface DeadLetterPlace {
  /** Nanoseconds. */
  readonly seenAt: string;
  readonly id: string;
}

/** Which part of the list. */
export interface DeadLetterPage {
  readonly limit: number;
  /** Continue behind this letter. */
  readonly after?: DeadLetterPlace | undefined;
}

const text = z.string();
const reasonText = z.enum(['rejected', 'expired', 'maxlen', 'delivery_limit', 'unknown']).catch('unknown');
const deathsJson = z.array(
  z.object({
    reason: reasonText,
    queue: text,
    exchange: text,
    routingKeys: z.array(text),
    count: z.number(),
    firstAt: nanoOrNullField,
  }),
);

const row = z.object({
  id: text,
  vhost: text,
  queue: text,
  letter_reason: reasonText,
  origin: text,
  from_exchange: text,
  keys: z.array(text),
  first_text: nanoOrNullField,
  died_text: nanoField,
  seen_text: nanoField,
  place: text,
  deaths_seen: z.coerce.number(),
  deaths_json: text,
  trace_text: text,
  span_text: text,
  order_of: text,
  letter_message: text,
  letter_correlation: text,
  names: z.array(text),
  values: z.array(text),
  bytes: z.coerce.number(),
  how: z.enum(['', 'consumed', 'republished', 'returned', 'replayed', 'drained']),
  resolved_text: nanoOrNullField,
});

/** A dead letter with what became of it; times are RFC 3339. */
export type ListedLetter = ReturnType<typeof toLetter>;

/** One page of dead letters, seen last first. */
export async function listDeadLetters(
  store: StoreClient,
  filter: DeadLetterFilter,
  page: DeadLetterPage,
): Promise<ListedLetter[]> {
  const { condition, parameters } = conditionOf(filter);
  const behind =
    page.after === undefined ? 'true' : '(toUnixTimestamp64Nano(seen_at), id) < ({afterAt:Int64}, {afterId:String})';
  const rest = `WHERE ${condition} AND ${behind} ORDER BY seen_at DESC, id DESC LIMIT {limit:UInt32}`;
  const onPage = `(vhost, queue, message_key) IN (SELECT vhost, queue, message_key FROM (${LETTERS}) ${rest})`;
  const rows = await store.query(
    `SELECT id, vhost, queue, letter_reason, origin, from_exchange, keys, deaths_seen, deaths_json, order_of, letter_message,
       letter_correlation, names, values, bytes, how, ${hexOf('trace')} AS trace_text, ${hexOf('span')} AS span_text,
       toString(toUnixTimestamp64Nano(first_death)) AS first_text, toString(toUnixTimestamp64Nano(died_at)) AS died_text,
       toString(toUnixTimestamp64Nano(seen_at)) AS seen_text, seen_text AS place,
       toString(toUnixTimestamp64Nano(resolved_at)) AS resolved_text
     FROM (${lettersSql(onPage, true)}) ${rest}`,
    { ...parameters, limit: page.limit, afterAt: page.after?.seenAt ?? '0', afterId: page.after?.id ?? '' },
    row,
  );
  return rows.map(toLetter);
}

/** The dead letter of an id as it stands, by what it is found in its queue; undefined where none is known. */
export async function findDeadLetter(store: StoreClient, id: string, at: UnixNano) {
  const [found] = await store.query(
    `SELECT vhost, queue, origin, order_of, how, ${hexOf('message_key')} AS key_text,
       toString(toUnixTimestamp64Nano(first_death)) AS first_text
     FROM (${LETTERS}) WHERE id = {id:String} LIMIT 1`,
    { id, at: String(at) },
    z.object({
      vhost: text,
      queue: text,
      origin: text,
      order_of: text,
      how: row.shape.how,
      key_text: text,
      first_text: text.nullable(),
    }),
  );
  if (found === undefined) return undefined;
  return {
    id,
    vhost: found.vhost,
    queue: found.queue,
    originQueue: found.origin,
    orderId: found.order_of || null,
    resolution: found.how || null,
    /** 32 hex digits. */
    messageKey: found.key_text,
    /** Nanoseconds. */
    firstAt: found.first_text === null ? null : BigInt(found.first_text),
  };
}

/** Dead letters by reason, of those that the filter lets through whatever their reason is. */
export async function deadLettersByReason(
  store: StoreClient,
  filter: DeadLetterFilter,
): Promise<Map<DeathReason, number>> {
  const { condition, parameters } = conditionOf({ ...filter, reason: undefined });
  const rows = await store.query(
    `SELECT letter_reason, count() AS letters FROM (${LETTERS}) WHERE ${condition} GROUP BY letter_reason`,
    parameters,
    z.object({ letter_reason: reasonText, letters: z.coerce.number() }),
  );
  return new Map(rows.map((found) => [found.letter_reason, found.letters]));
}

/** Dead letters of a queue: those that died in it, by reason, and those that are in it. */
export interface QueueDeaths {
  readonly vhost: string;
  readonly queue: string;
  readonly deadLettered: { rejected: number; expired: number; maxlen: number; deliveryLimit: number };
  /** In this queue and unresolved. */
  readonly unresolved: number;
}

const REASON_FIELDS = {
  rejected: 'rejected',
  expired: 'expired',
  maxlen: 'maxlen',
  delivery_limit: 'deliveryLimit',
} as const;

/** Dead letters per queue, by `vhost\nqueue`; deaths since a time, unresolved ones whenever they died. */
export async function queueDeaths(
  store: StoreClient,
  window: { readonly since: UnixNano; readonly at: UnixNano },
): Promise<Map<string, QueueDeaths>> {
  const rows = await store.query(
    `SELECT vhost, queue, origin, letter_reason, countIf(toUnixTimestamp64Nano(died_at) >= {since:Int64}) AS deaths,
       countIf(how = '') AS unresolved
     FROM (${LETTERS}) GROUP BY vhost, queue, origin, letter_reason`,
    { since: String(window.since), at: String(window.at) },
    z.object({
      vhost: text,
      queue: text,
      origin: text,
      letter_reason: reasonText,
      deaths: z.coerce.number(),
      unresolved: z.coerce.number(),
    }),
  );
  const found = new Map<string, QueueDeaths>();
  const of = (vhost: string, queue: string): QueueDeaths => {
    const key = `${vhost}\n${queue}`;
    const deadLettered = { rejected: 0, expired: 0, maxlen: 0, deliveryLimit: 0 };
    const known = found.get(key) ?? { vhost, queue, deadLettered, unresolved: 0 };
    found.set(key, known);
    return known;
  };
  for (const { vhost, queue, origin, letter_reason: reason, deaths, unresolved } of rows) {
    const place = of(vhost, queue);
    found.set(`${vhost}\n${queue}`, { ...place, unresolved: place.unresolved + unresolved });
    if (reason !== 'unknown') of(vhost, origin).deadLettered[REASON_FIELDS[reason]] += deaths;
  }
  return found;
}

/** Unresolved dead letters by the queue that holds them and by reason, the most first. */
export async function unresolvedByQueue(store: StoreClient, at: UnixNano) {
  const rows = await store.query(
    `SELECT vhost, queue, letter_reason, count() AS letters FROM (${LETTERS}) WHERE how = ''
     GROUP BY vhost, queue, letter_reason ORDER BY letters DESC, vhost, queue, letter_reason`,
    { at: String(at) },
    z.object({ vhost: text, queue: text, letter_reason: reasonText, letters: z.coerce.number() }),
  );
  return rows.map(({ letter_reason: reason, letters: count, ...place }) => ({ ...place, reason, count }));
}

/** Unresolved dead letters of each order that has some. */
export async function deadLettersOfOrders(
  store: StoreClient,
  orders: readonly string[],
  at: UnixNano,
): Promise<Map<string, number>> {
  if (orders.length === 0) return new Map();
  const rows = await store.query(
    `SELECT order_of, count() AS letters FROM (${lettersSql(MAY_BE_OF_ORDERS)})
     WHERE how = '' AND order_of IN {orders:Array(String)} GROUP BY order_of`,
    { at: String(at), orders },
    z.object({ order_of: text, letters: z.coerce.number() }),
  );
  return new Map(rows.map((found) => [found.order_of, found.letters]));
}

/** Orders with unresolved dead letters, by the status that they were in at the time of the scope; with regions in several. */
export async function deadLettersByStatus(store: StoreClient, scope: FigureScope): Promise<Map<string, number>> {
  const rows = await store.query(
    `SELECT arrayJoin(arrayDistinct(arrayFilter((status, entered, left_at) -> toUnixTimestamp64Nano(entered) <= {at:Int64}
         AND (isNull(left_at) OR toUnixTimestamp64Nano(assumeNotNull(left_at)) > {at:Int64}),
         visit_statuses, visit_entered_at, visit_left_at))) AS status_then, count() AS orders_there
     FROM orders FINAL
     WHERE order_id IN (SELECT order_of FROM (${LETTERS}) WHERE how = '' AND order_of != '') AND ${IN_SCOPE}
     GROUP BY status_then`,
    { ...scopeParameters(scope) },
    z.object({ status_then: text, orders_there: z.coerce.number() }),
  );
  return new Map(
    rows.filter((found) => found.status_then !== '').map((found) => [found.status_then, found.orders_there]),
  );
}

function conditionOf(filter: DeadLetterFilter): { condition: string; parameters: Record<string, unknown> } {
  const conditions: string[] = ['true'];
  const parameters: Record<string, unknown> = { at: String(filter.at) };
  const where = (sql: string, name: string, value: string | undefined): void => {
    if (value === undefined) return;
    conditions.push(sql);
    parameters[name] = value;
  };
  where('vhost = {vhost:String}', 'vhost', filter.vhost);
  where('queue = {queue:String}', 'queue', filter.queue);
  where('origin = {origin:String}', 'origin', filter.originQueue);
  where('letter_reason = {reason:String}', 'reason', filter.reason);
  where('order_of = {order:String}', 'order', filter.order);
  where('id = {id:String}', 'id', filter.id);
  where('toUnixTimestamp64Nano(died_at) >= {since:Int64}', 'since', filter.since?.toString());
  if (filter.resolved !== undefined) conditions.push(filter.resolved ? "how != ''" : "how = ''");
  return { condition: conditions.join(' AND '), parameters };
}

const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

function toLetter(found: z.infer<typeof row>) {
  return {
    id: found.id,
    vhost: found.vhost,
    queue: found.queue,
    reason: found.letter_reason,
    originQueue: found.origin,
    exchange: found.from_exchange,
    routingKeys: found.keys,
    firstAt: found.first_text,
    observedAt: found.died_text,
    lastAt: found.seen_text,
    count: found.deaths_seen,
    deaths: deathsJson.catch([]).parse(JSON.parse(found.deaths_json)),
    orderId: found.order_of || null,
    traceId: found.trace_text === NO_TRACE ? null : found.trace_text,
    spanId: found.span_text === NO_SPAN ? null : found.span_text,
    messageId: found.letter_message || null,
    correlationId: found.letter_correlation || null,
    headers: found.names.map((key, index) => ({ key, value: found.values[index] ?? '' })),
    bodyBytes: found.bytes,
    resolution: found.how === '' ? null : { how: found.how, at: found.resolved_text },
    place: { seenAt: found.place, id: found.id },
  };
}
