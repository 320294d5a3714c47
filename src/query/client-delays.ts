import { z } from 'zod';
import type { UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { type QueueFigures, type QueuePlace, queueKey } from './queues.ts';

/** How long messages of a queue took from the span that sent them to the first span that received them. Milliseconds. */
export interface ClientDelays {
  readonly queue: string;
  readonly count: number;
  readonly meanMs: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly uncertaintyMs: number | null;
  /** Received before they were sent, by the clocks of two hosts: left out. */
  readonly anomalies: number;
}

/** Days behind `since` in which the sending of a message that was received later is looked for. */
const SENT_DAYS_BEFORE = 2;
const MAX_QUEUES = 2000;
/** Spans that received one message, over all queues; further ones are redeliveries that say nothing about the first delivery. */
const MAX_RECEIVED = 100;

const row = z.object({
  queue: z.string(),
  delays: z.coerce.number(),
  mean_ms: z.number().nullable(),
  quantiles_ms: z.array(z.number().nullable()),
  uncertainty_ms: z.number().nullable(),
  anomalies: z.coerce.number(),
});

/**
 * Delays by the spans of clients, per queue; spans say nothing about virtual hosts.
 *
 * A message leaves somewhere between the begin and the end of the span that sends it: clients may wait for the broker's confirmation in it, so
 * it may be received before the end, which counts as no wait. So one delay is too short by the length of that span at most. The clocks of two
 * hosts differ besides; what is known of that are messages that seem to be received before they were sent, and the most of that is added.
 */
export async function clientDelays(
  store: StoreClient,
  { since, at }: { readonly since: UnixNano; readonly at: UnixNano },
): Promise<ClientDelays[]> {
  const rows = await store.query(
    `SELECT queue_name AS queue, countIf(NOT is_early) AS delays, countIf(is_early) AS anomalies,
       if(delays = 0, NULL, avgIf(delay_ms, NOT is_early)) AS mean_ms,
       if(delays = 0, [NULL, NULL], quantilesExactInclusiveIf(0.5, 0.95)(delay_ms, NOT is_early)) AS quantiles_ms,
       if(delays = 0, NULL, quantileExactInclusiveIf(0.95)(sending_ms, NOT is_early) + max(greatest(0, early_ms))) AS uncertainty_ms
     FROM (
       SELECT received.1 AS queue_name, received.2 AS came, (sent - came) / 1e6 AS early_ms, early_ms > 0 AS is_early,
         greatest(0, duration) / 1e6 AS sending_ms, greatest(0, (came - sent) / 1e6 - sending_ms) AS delay_ms
       FROM (
         SELECT trace_id, span_id, minIf(toUnixTimestamp64Nano(started), queue = '') AS sent, maxIf(duration_nano, queue = '') AS duration,
           groupArrayIf(${MAX_RECEIVED})((toString(queue), toUnixTimestamp64Nano(started)), queue != '') AS came_to,
           arrayMap(name -> (name, arrayMin(arrayMap(each -> each.2, arrayFilter(each -> each.1 = name, came_to)))),
             arrayDistinct(came_to.1)) AS first_received
         FROM client_messages
         WHERE observed_at >= fromUnixTimestamp64Nano({since:Int64}) - INTERVAL ${SENT_DAYS_BEFORE} DAY
           AND observed_at <= fromUnixTimestamp64Nano({at:Int64}) + INTERVAL 1 HOUR
         GROUP BY trace_id, span_id HAVING countIf(queue = '') > 0 AND notEmpty(came_to)
       ) ARRAY JOIN first_received AS received
       WHERE came BETWEEN {since:Int64} AND {at:Int64}
     ) GROUP BY queue_name ORDER BY queue_name LIMIT ${MAX_QUEUES} SETTINGS optimize_aggregation_in_order = 1`,
    { since: String(since), at: String(at) },
    row,
  );
  return rows.map(({ quantiles_ms: [p50Ms = null, p95Ms = null], ...each }) => ({
    queue: each.queue,
    count: each.delays,
    meanMs: each.mean_ms,
    p50Ms,
    p95Ms,
    uncertaintyMs: each.uncertainty_ms,
    anomalies: each.anomalies,
  }));
}

/**
 * Fills in where the broker gave no delay of a queue. Spans do not name broker and virtual host, so a queue of that name in exactly one is taken
 * for it; else it stands by itself with empty ones.
 */
export function withClientDelays(
  figures: readonly QueueFigures[],
  clients: readonly ClientDelays[],
  known: readonly QueuePlace[],
): QueueFigures[] {
  const everyPlace = new Map(
    [...figures, ...known].map(({ broker, vhost, queue }) => [
      queueKey({ broker, vhost, queue }),
      { broker, vhost, queue },
    ]),
  );
  const places = Map.groupBy(everyPlace.values(), ({ queue }) => queue);
  const filled = new Map(figures.map((each) => [queueKey(each), each]));
  for (const { queue, ...delay } of clients) {
    const [only, second] = places.get(queue) ?? [];
    const place = only === undefined || second !== undefined ? { broker: '', vhost: '', queue } : only;
    const own = filled.get(queueKey(place)) ?? withoutMessages(place);
    // What a broker shows is nearer to the queue than what its clients say.
    if (own.delay.count > 0) continue;
    const source = delay.count === 0 ? null : ('client_spans' as const);
    const anomalies = own.delay.anomalies + delay.anomalies;
    filled.set(queueKey(place), { ...own, delay: { ...own.delay, ...delay, source, anomalies } });
  }
  return [...filled.values()];
}

/** A queue of which no message was seen. */
export function withoutMessages({ broker, vhost, queue }: QueuePlace): QueueFigures {
  return {
    broker,
    vhost,
    queue,
    delay: {
      count: 0,
      meanMs: null,
      p50Ms: null,
      p95Ms: null,
      source: null,
      uncertaintyMs: null,
      estimatedP95Ms: null,
      suppressed: 0,
      anomalies: 0,
    },
    waiting: { count: 0, oldestMs: null, p50AgeMs: null },
    paired: null,
    redelivered: 0,
  };
}
