import { z } from 'zod';
import type { DeathReason } from '../../model/message.ts';
import type { UnixNano } from '../../model/units.ts';
import type { StoreClient } from '../../store/client.ts';
import { readDetails } from './details.ts';
import { placeNames } from './place-names.ts';
import { IN_ONE_THREAD, MAY_BE_OF_ORDERS, NAMES, ownersSql, standingsSql, withPlaces } from './standings.ts';

/** What dead letters are asked for; undefined fields do not filter. */
export interface DeadLetterFilter {
  /** As it was known then. */
  readonly at: UnixNano;
  readonly broker?: string | undefined;
  readonly vhost?: string | undefined;
  readonly queue?: string | undefined;
  readonly originQueue?: string | undefined;
  readonly reason?: DeathReason | undefined;
  readonly order?: string | undefined;
  readonly messageId?: string | undefined;
  readonly resolved?: boolean | undefined;
  /** Only letters that were seen first at or after this. */
  readonly since?: UnixNano | undefined;
}

/** Where a letter stands in the list: seen last first, then by id. */
export interface DeadLetterPlace {
  /** Nanoseconds. */
  readonly seenAt: string;
  /** 16 hex digits. */
  readonly id: string;
}

/** Which part of the list. */
export interface DeadLetterPage {
  readonly limit: number;
  /** Continue behind this letter. */
  readonly after?: DeadLetterPlace | undefined;
}

/** Letters in one place, resolved or not: how many there are, and how many of them are asked for, whatever their reason is. */
export interface LetterGroup {
  readonly broker: string;
  readonly vhost: string;
  readonly queue: string;
  readonly originQueue: string;
  readonly reason: DeathReason;
  readonly resolved: boolean;
  readonly letters: number;
  readonly matching: number;
}

const groupRow = z.object({
  place_names: placeNames,
  is_resolved: z.coerce.number(),
  letters: z.coerce.number(),
  matching: z.coerce.number(),
  newest: z.array(z.coerce.bigint()),
});

const LARGEST_TIME = 2n ** 63n - 1n;
const LARGEST_ID = 2n ** 64n - 1n;

/** A number that is smaller the later a letter was seen, then the greater its id; the same as in JavaScript below. */
const PLACE_IN_LIST = `bitOr(bitShiftLeft(toUInt128(${LARGEST_TIME} - seen_nano), 64), toUInt128(bitNot(letter)))`;

/**
 * One page of dead letters, seen last first, and how many there are of each kind. Both are told by one pass over the letters, so that they
 * agree whatever comes in meanwhile; only what describes the letters of the page is read after it.
 */
export async function listDeadLetters(store: StoreClient, filter: DeadLetterFilter, page: DeadLetterPage) {
  const { place, letter, parameters, died } = conditionsOf(filter);
  const rows = await store.query(
    `${withPlaces({ hit: place })}
     SELECT ${NAMES} AS place_names, is_resolved, count() AS letters, countIf(matches > 0) AS matching,
       groupArraySortedIf({limit:UInt32})(in_list, matches = 2 AND in_list > {after:UInt128}) AS newest
     FROM (
       SELECT letter_place, is_resolved, if(${letter}, transform(letter_place, places.ids, places.hits, toUInt8(0)), 0) AS matches, ${PLACE_IN_LIST} AS in_list
       FROM (${standingsSql({ also: died })})
     ) GROUP BY letter_place, is_resolved ${IN_ONE_THREAD}`,
    { ...parameters, limit: page.limit, after: page.after === undefined ? '0' : String(toListed(page.after)) },
    groupRow,
  );
  const listed = rows
    .flatMap(({ newest, is_resolved: resolved }) => newest.map((number) => ({ number, resolved: resolved === 1 })))
    .sort((a, b) => (a.number < b.number ? -1 : 1))
    .slice(0, page.limit)
    .map(({ number, resolved }) => ({ ...fromListed(number), resolved }));
  return {
    letters: await readDetails(store, listed, filter.at),
    groups: rows.map(
      ({ place_names: names, is_resolved: resolved, letters, matching }): LetterGroup => ({
        ...names,
        resolved: resolved === 1,
        letters,
        matching,
      }),
    ),
  };
}

function toListed({ seenAt, id }: DeadLetterPlace): bigint {
  return ((LARGEST_TIME - BigInt(seenAt)) << 64n) | (LARGEST_ID - BigInt(`0x${id}`));
}

function fromListed(number: bigint): { letter: bigint; seenAt: UnixNano } {
  return { letter: LARGEST_ID - (number & LARGEST_ID), seenAt: LARGEST_TIME - (number >> 64n) };
}

/** SQL of a filter: of places (2 where all fits, 1 where all but the reason does), and of single letters. */
function conditionsOf(filter: DeadLetterFilter) {
  const parameters: Record<string, unknown> = { at: String(filter.at) };
  const places: string[] = [];
  const letters: string[] = ['true'];
  const where = (conditions: string[], sql: string, name: string, value: unknown): void => {
    if (value === undefined) return;
    conditions.push(sql);
    parameters[name] = value;
  };
  where(places, 'broker = {broker:String}', 'broker', filter.broker);
  where(places, 'vhost = {vhost:String}', 'vhost', filter.vhost);
  where(places, 'queue = {queue:String}', 'queue', filter.queue);
  where(places, 'origin_queue = {origin:String}', 'origin', filter.originQueue);
  const reasons: string[] = [];
  where(reasons, 'reason = {reason:String}', 'reason', filter.reason);
  where(letters, 'died_nano >= {since:Int64}', 'since', filter.since?.toString());
  if (filter.resolved !== undefined) letters.push(`is_resolved = ${Number(filter.resolved)}`);
  const ofOrder = `letter IN (SELECT letter FROM (${ownersSql(`letter IN (SELECT letter FROM dead_letters WHERE ${MAY_BE_OF_ORDERS})`)}) WHERE order_of IN {orders:Array(String)})`;
  where(letters, ofOrder, 'orders', filter.order === undefined ? undefined : [filter.order]);
  const ofMessage = 'letter IN (SELECT letter FROM dead_letters WHERE message_id = {messageId:String})';
  where(letters, ofMessage, 'messageId', filter.messageId);
  const all = places.length === 0 ? 'true' : places.join(' AND ');
  return {
    place: `if(${all}, if(${reasons[0] ?? 'true'}, 2, 1), 0)`,
    letter: letters.join(' AND '),
    // One aggregate less where nobody asks.
    ...(filter.since === undefined ? {} : { died: 'toUnixTimestamp64Nano(min(observed_at)) AS died_nano' }),
    parameters,
  };
}
