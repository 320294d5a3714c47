import { z } from 'zod';
import type { StoreClient } from '../store/client.ts';
import { nanoField, nanoOrNullField } from './time-sql.ts';

const text = z.string();

const row = z
  .object({
    action_id: text,
    what: text,
    person: text,
    about: text,
    from_broker: text,
    place: text,
    from_queue: text,
    to_queue: text,
    order_of: text,
    began_text: nanoField,
    ended_text: nanoOrNullField,
    result: text,
    reason: text,
  })
  .transform((found) => ({
    id: found.action_id,
    action: found.what,
    who: found.person,
    deadLetterId: found.about,
    broker: found.from_broker,
    vhost: found.place,
    queue: found.from_queue,
    originQueue: found.to_queue,
    orderId: found.order_of || null,
    at: found.began_text,
    outcome: found.result || null,
    detail: found.reason || null,
    outcomeAt: found.ended_text,
  }));

/** What people did, the newest first; `outcome` is null where an action runs, or Waybill ended while it ran. */
export function listAudit(store: StoreClient, limit: number): Promise<z.output<typeof row>[]> {
  return store.query(
    `SELECT action_id, any(action) AS what, any(who) AS person, any(subject) AS about, any(broker) AS from_broker, any(vhost) AS place, any(queue) AS from_queue,
       any(origin_queue) AS to_queue, any(order_id) AS order_of, max(outcome) AS result, max(detail) AS reason,
       toString(toUnixTimestamp64Nano(min(at))) AS began_text,
       if(countIf(stage = 'outcome') = 0, NULL, toString(toUnixTimestamp64Nano(max(at)))) AS ended_text
     FROM audit GROUP BY action_id ORDER BY min(at) DESC, action_id LIMIT {limit:UInt32}`,
    { limit },
    row,
  );
}
