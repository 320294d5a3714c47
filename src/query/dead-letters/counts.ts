import { z } from 'zod';
import type { UnixNano } from '../../model/units.ts';
import type { StoreClient } from '../../store/client.ts';
import { type CellScope, visitsOf } from '../visit-cells.ts';
import { readDetails } from './details.ts';
import { placeNames } from './place-names.ts';
import { IN_ONE_THREAD, MAY_BE_OF_ORDERS, NAMES, ownersSql, standingsSql, withPlaces } from './standings.ts';

/** The dead letter of an id (16 hex digits) as it stands, and by what it is found in its queue; undefined where none is known. */
export async function findDeadLetter(store: StoreClient, id: string, at: UnixNano) {
  const letter = BigInt(`0x${id}`);
  const mine = 'letter = {letter:UInt64}';
  const [found] = await store.query(
    `${withPlaces({ rows: mine })} SELECT seen_nano, is_resolved FROM (${standingsSql({ rows: mine })})`,
    { letter: String(letter), at: String(at) },
    z.object({ seen_nano: z.coerce.bigint(), is_resolved: z.coerce.number() }),
  );
  if (found === undefined) return undefined;
  const seen = { letter, seenAt: found.seen_nano, resolved: found.is_resolved === 1 };
  const [details] = await readDetails(store, [seen], at);
  if (details === undefined) return undefined;
  const { broker, vhost, queue, originQueue, orderId, resolution, inQueue } = details;
  return { id, broker, vhost, queue, originQueue, orderId, resolution: resolution?.how ?? null, ...inQueue };
}

/** Dead letters of a queue: those that died in it, by reason, and those that are in it. */
export interface QueueDeaths {
  readonly broker: string;
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

/** Dead letters per queue; deaths since a time, unresolved ones whenever they died. */
export async function queueDeaths(
  store: StoreClient,
  window: { readonly since: UnixNano; readonly at: UnixNano },
): Promise<QueueDeaths[]> {
  const rows = await store.query(
    `${withPlaces()} SELECT ${NAMES} AS place_names, countIf(died_nano >= {since:Int64}) AS deaths, countIf(is_resolved = 0) AS unresolved
     FROM (${standingsSql({ also: 'toUnixTimestamp64Nano(min(observed_at)) AS died_nano' })}) GROUP BY letter_place ${IN_ONE_THREAD}`,
    { since: String(window.since), at: String(window.at) },
    z.object({ place_names: placeNames, deaths: z.coerce.number(), unresolved: z.coerce.number() }),
  );
  const found = new Map<string, QueueDeaths>();
  const of = (broker: string, vhost: string, queue: string): QueueDeaths => {
    const key = JSON.stringify([broker, vhost, queue]);
    const deadLettered = { rejected: 0, expired: 0, maxlen: 0, deliveryLimit: 0 };
    const known = found.get(key) ?? { broker, vhost, queue, deadLettered, unresolved: 0 };
    found.set(key, known);
    return known;
  };
  for (const { place_names: names, deaths, unresolved } of rows) {
    const { broker, vhost, queue, originQueue, reason } = names;
    const place = of(broker, vhost, queue);
    const key = JSON.stringify([broker, vhost, queue]);
    found.set(key, { ...place, unresolved: place.unresolved + unresolved });
    if (reason !== 'unknown') of(broker, vhost, originQueue).deadLettered[REASON_FIELDS[reason]] += deaths;
  }
  return [...found.values()];
}

/** Unresolved dead letters by the queue that holds them and by reason, the most first. */
export async function unresolvedByQueue(store: StoreClient, at: UnixNano) {
  const rows = await store.query(
    `${withPlaces()} SELECT ${NAMES} AS place_names, count() AS letters FROM (${standingsSql()}) WHERE is_resolved = 0 GROUP BY letter_place ${IN_ONE_THREAD}`,
    { at: String(at) },
    z.object({ place_names: placeNames, letters: z.coerce.number() }),
  );
  const byQueue = Map.groupBy(rows, ({ place_names: { broker, vhost, queue, reason } }) =>
    JSON.stringify([broker, vhost, queue, reason]),
  );
  return [...byQueue.values()]
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const { broker, vhost, queue, reason } = first.place_names;
      return [{ broker, vhost, queue, reason, count: group.reduce((sum, { letters }) => sum + letters, 0) }];
    })
    .sort((a, b) => b.count - a.count);
}

/** Letters that are looked at for the orders of one page; a retry loop may make more, and they are not counted. */
const MAX_LETTERS_OF_ORDERS = 10_000;

/** Unresolved dead letters of each order that has some. */
export async function deadLettersOfOrders(
  store: StoreClient,
  orders: readonly string[],
  at: UnixNano,
): Promise<Map<string, number>> {
  if (orders.length === 0) return new Map();
  // Nearly all orders have none, and the indices say so.
  const letters = await store.query(
    `SELECT DISTINCT letter FROM dead_letters WHERE ${MAY_BE_OF_ORDERS} LIMIT ${MAX_LETTERS_OF_ORDERS}`,
    { orders },
    z.object({ letter: z.coerce.bigint() }),
  );
  if (letters.length === 0) return new Map();
  const mine = 'letter IN {letters:Array(UInt64)}';
  const rows = await store.query(
    `${withPlaces({ rows: mine })} SELECT order_of, count() AS letters FROM (${ownersSql(mine)})
     WHERE order_of IN {orders:Array(String)} AND letter IN (SELECT letter FROM (${standingsSql({ rows: mine })}) WHERE is_resolved = 0)
     GROUP BY order_of`,
    { at: String(at), orders, letters: letters.map(({ letter }) => letter) },
    z.object({ order_of: z.string(), letters: z.coerce.number() }),
  );
  return new Map(rows.map((found) => [found.order_of, found.letters]));
}

/**
 * Orders with unresolved dead letters, by the status that they were in at the time of the scope; with regions in several. Orders go by their
 * hashes: of a hundred thousand, the names alone would cost more than all the rest.
 */
export async function deadLettersByStatus(store: StoreClient, scope: CellScope): Promise<Map<string, number>> {
  if (!(await hasDeadLetters(store))) return new Map();
  const { source, condition, parameters } = visitsOf(scope);
  const rows = await store.query(
    `${withPlaces()}
     SELECT toString(status) AS status_then, count() AS orders_there FROM (
       SELECT status, sipHash64(order_id) AS hash FROM ${source}
       WHERE kind IN ('open', 'final') AND ${condition} AND hash IN (
         SELECT if(owner_hash != 0, owner_hash, sipHash64(order_of)) FROM (${standingsSql({ also: 'max(order_hash) AS owner_hash' })}) AS standing_letters
         LEFT JOIN (${ownersSql('order_hash = 0')}) AS nameless ON standing_letters.letter = nameless.letter
         WHERE is_resolved = 0 AND (owner_hash != 0 OR order_of != '')
       )
       GROUP BY status, hash HAVING sum(net) > 0
     ) GROUP BY status_then ${IN_ONE_THREAD}`,
    { ...parameters, at: String(scope.at) },
    z.object({ status_then: z.string(), orders_there: z.coerce.number() }),
  );
  return new Map(
    rows.filter((found) => found.status_then !== '').map((found) => [found.status_then, found.orders_there]),
  );
}

/** Whether any dead letter was ever seen; where none was, nobody has to read the orders. */
async function hasDeadLetters(store: StoreClient): Promise<boolean> {
  const [row] = await store.query(
    'SELECT count() AS seen FROM dead_letters',
    {},
    z.object({ seen: z.coerce.number() }),
  );
  return row !== undefined && row.seen > 0;
}
