import { z } from 'zod';
import type { UnixNano } from '../../model/units.ts';
import type { StoreClient } from '../../store/client.ts';
import { IN_ORDER, messagesSql } from '../queue-messages.ts';
import { DURATION_BOUNDS_NANO, type DurationHistogram, spreadBuckets } from './duration-buckets.ts';

const count = z.coerce.number();

const row = z.object({
  broker: z.string(),
  vhost: z.string(),
  queue: z.string(),
  indices: z.array(count),
  counts: z.array(count),
  seconds: z.number(),
  suppressed: count,
});

/** Delays of one queue. */
export interface QueueDelays {
  readonly broker: string;
  readonly vhost: string;
  readonly queue: string;
  readonly delays: DurationHistogram;
  /** Messages left out because the tracer lagged. */
  readonly suppressed: number;
}

/** The busiest queues are told apart; further ones are left out. */
const MAX_QUEUES = 200;

/** Delays of messages that were seen in the hour before `now`: what is asked often must read little. */
export async function queueDelays(store: StoreClient, now: UnixNano): Promise<QueueDelays[]> {
  const rows = await store.query(
    `SELECT broker, vhost, queue, groupArray(bucket) AS indices, groupArray(messages) AS counts, sum(nanos) / 1e9 AS seconds,
       sum(left_out) AS suppressed
     FROM (
       SELECT broker, vhost, queue, arrayCount(bound -> bound < delay, {bounds:Array(Int64)}) AS bucket, countIf(isNotNull(delay)) AS messages,
         sum(toFloat64(ifNull(delay, 0))) AS nanos, countIf(is_suppressed) AS left_out
       FROM (${messagesSql("queue != '' AND observed_at >= fromUnixTimestamp64Nano({now:Int64}) - INTERVAL 1 HOUR")})
       WHERE is_suppressed OR (isNotNull(delay) AND assumeNotNull(delay) >= 0)
       GROUP BY broker, vhost, queue, bucket
     )
     GROUP BY broker, vhost, queue ORDER BY sum(messages) DESC, broker, vhost, queue LIMIT ${MAX_QUEUES} ${IN_ORDER}`,
    { now: String(now), bounds: [...DURATION_BOUNDS_NANO] },
    row,
  );
  return rows.map(({ broker, vhost, queue, indices, counts, seconds, suppressed }) => ({
    broker,
    vhost,
    queue,
    delays: { counts: spreadBuckets(indices, counts), sumSeconds: seconds },
    suppressed,
  }));
}
