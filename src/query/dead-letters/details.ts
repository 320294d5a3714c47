import { z } from 'zod';
import { NO_SPAN, NO_TRACE } from '../../model/no-id.ts';
import type { UnixNano } from '../../model/units.ts';
import type { StoreClient } from '../../store/client.ts';
import { rowOwners } from '../../store/row-owners.ts';
import { hexOf, nanoField, nanoOrNullField } from '../time-sql.ts';
import { reasonText } from './place-names.ts';
import { EMPTIES, EMPTY_AFTER_SECONDS } from './standings.ts';

const text = z.string();
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
  letter_id: z.coerce.bigint(),
  names: z.tuple([text, text, text, text, reasonText]),
  properties: z.tuple([text, text, text]),
  keys: z.array(text),
  deaths_json: text,
  header_names: z.array(text),
  header_texts: z.array(text),
  bytes: z.coerce.number(),
  trace_text: text,
  span_text: text,
  key_text: text,
  first_text: text.nullable(),
  died_text: nanoField,
  deaths_seen: z.coerce.number(),
  order_name: text,
  alias_name: text,
  how_left: z.enum(['', 'consumed', 'republished', 'returned', 'replayed']),
  left_deaths: z.coerce.number(),
  left_text: nanoField,
});

type Row = z.infer<typeof row>;

/** A letter as a pass over all of them found it. */
export interface FoundLetter {
  readonly letter: bigint;
  readonly seenAt: UnixNano;
  readonly resolved: boolean;
}

interface KnownLetter extends FoundLetter {
  readonly details: Row;
}

/** A dead letter with what became of it; times are RFC 3339. */
export type ListedLetter = ReturnType<typeof toLetter>;

/** What describes letters, in the order of `found`; one of which nothing was known at the time is left out. */
export async function readDetails(
  store: StoreClient,
  found: readonly FoundLetter[],
  at: UnixNano,
): Promise<ListedLetter[]> {
  if (found.length === 0) return [];
  const mine = 'letter IN {letters:Array(UInt64)}';
  const rows = await store.query(
    `SELECT letter AS letter_id, names, properties, keys, deaths_json, header_names, header_texts, bytes, ${hexOf('trace')} AS trace_text,
       ${hexOf('span')} AS span_text, ${hexOf('key')} AS key_text, toString(toUnixTimestamp64Nano(first_death)) AS first_text,
       toString(toUnixTimestamp64Nano(died_at)) AS died_text, deaths_seen, order_name, alias_name, how_left, left_deaths,
       toString(toUnixTimestamp64Nano(left_at)) AS left_text
     FROM (
       SELECT letter, broker, vhost, queue, any(message_key) AS key, any(first_at) AS first_death, min(observed_at) AS died_at,
         max(count) AS deaths_seen, max(if(resolution = '', 0, count)) AS left_deaths,
         max(order_id) AS order_name, max(alias) AS alias_name,
         argMax(tuple(resolution, observed_at), (if(resolution = '', 0, count), -toUnixTimestamp64Nano(observed_at))) AS leaving,
         leaving.1 AS how_left, leaving.2 AS left_at,
         argMax(tuple(origin_queue, reason, exchange, message_id, correlation_id, routing_keys, deaths, header_keys, header_values,
           body_bytes, trace_id, span_id), (standing, observed_at)) AS latest,
         [broker, vhost, queue, latest.1, latest.2] AS names, [latest.3, latest.4, latest.5] AS properties, latest.6 AS keys,
         latest.7 AS deaths_json, latest.8 AS header_names, latest.9 AS header_texts, latest.10 AS bytes, latest.11 AS trace, latest.12 AS span
       FROM dead_letters WHERE observed_at <= fromUnixTimestamp64Nano({at:Int64}) AND ${mine}
       GROUP BY letter, broker, vhost, queue
     )`,
    { at: String(at), letters: found.map(({ letter }) => letter) },
    row,
  );
  const byLetter = new Map(rows.map((each) => [each.letter_id, each]));
  const known = found.flatMap((each) => {
    const details = byLetter.get(each.letter);
    return details === undefined ? [] : [{ ...each, details }];
  });
  const [orderOf, drainedAt] = await Promise.all([rowOwners(store, rows), readDrained(store, known, at)]);
  return known.map((each) => toLetter(each, orderOf(each.details) ?? null, drainedAt.get(each.letter) ?? null));
}

/** When the queues of letters that nobody was seen to take were found empty first after that; RFC 3339. */
async function readDrained(
  store: StoreClient,
  known: readonly KnownLetter[],
  at: UnixNano,
): Promise<Map<bigint, string>> {
  const drained = known.filter(({ resolved, details }) => resolved && !hasLeft(details));
  if (drained.length === 0) return new Map();
  const rows = await store.query(
    `SELECT id, toString(toUnixTimestamp64Nano(min(sampled_at))) AS empty_text
     FROM (${EMPTIES}) AS empties INNER JOIN (
       SELECT tupleElement(each, 1) AS id, tupleElement(each, 2) AS broker, tupleElement(each, 3) AS vhost, tupleElement(each, 4) AS queue,
         tupleElement(each, 5) AS seen_nano
       FROM (SELECT arrayJoin(arrayZip({ids:Array(UInt64)}, {brokers:Array(String)}, {vhosts:Array(String)}, {queues:Array(String)}, {seen:Array(Int64)})) AS each)
     ) AS letters ON empties.broker = letters.broker AND empties.vhost = letters.vhost AND empties.queue = letters.queue
     WHERE toUnixTimestamp64Nano(sampled_at) > seen_nano + ${EMPTY_AFTER_SECONDS}000000000 GROUP BY id`,
    {
      at: String(at),
      ids: drained.map(({ letter }) => letter),
      brokers: drained.map(({ details }) => details.names[0]),
      vhosts: drained.map(({ details }) => details.names[1]),
      queues: drained.map(({ details }) => details.names[2]),
      seen: drained.map(({ seenAt }) => seenAt),
    },
    z.object({ id: z.coerce.bigint(), empty_text: nanoField }),
  );
  return new Map(rows.map(({ id, empty_text: emptyAt }) => [id, emptyAt]));
}

function toLetter(
  { letter, seenAt, resolved, details: found }: KnownLetter,
  orderId: string | null,
  drainedAt: string | null,
) {
  const [broker, vhost, queue, originQueue, reason] = found.names;
  const [exchange, messageId, correlationId] = found.properties;
  const id = letter.toString(16).padStart(16, '0');
  return {
    id,
    broker,
    vhost,
    queue,
    reason,
    originQueue,
    exchange,
    routingKeys: found.keys,
    firstAt: nanoOrNullField.parse(found.first_text),
    observedAt: found.died_text,
    lastAt: nanoField.parse(String(seenAt)),
    count: found.deaths_seen,
    deaths: deathsJson.catch([]).parse(JSON.parse(found.deaths_json)),
    orderId,
    traceId: found.trace_text === NO_TRACE ? null : found.trace_text,
    spanId: found.span_text === NO_SPAN ? null : found.span_text,
    messageId: messageId || null,
    correlationId: correlationId || null,
    headers: found.header_names.map((key, index) => ({ key, value: found.header_texts[index] ?? '' })),
    bodyBytes: found.bytes,
    resolution: resolved
      ? hasLeft(found)
        ? { how: found.how_left, at: found.left_text }
        : { how: 'drained' as const, at: drainedAt }
      : null,
    place: { seenAt: String(seenAt), id },
    /** By what it is found in its queue; not for the API. */
    inQueue: { messageKey: found.key_text, firstAt: found.first_text === null ? null : BigInt(found.first_text) },
  };
}

function hasLeft<Details extends Row>(found: Details): found is Details & { how_left: Exclude<Row['how_left'], ''> } {
  return found.how_left !== '' && found.left_deaths >= found.deaths_seen;
}
