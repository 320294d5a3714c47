import { z } from 'zod';
import { productLimit, survivalQuantile } from '../lifecycle/dwell/kaplan-meier.ts';
import type { UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { IN_ORDER, messagesSql, STAMP_UNCERTAINTY_MS } from './queue-messages.ts';
import { nanoField } from './time-sql.ts';

/** A queue among those of all brokers. */
export interface QueuePlace {
  /** Name of the configured broker. */
  readonly broker: string;
  readonly vhost: string;
  readonly queue: string;
}

/** A queue as the key of a map. */
export function queueKey({ broker, vhost, queue }: QueuePlace): string {
  return JSON.stringify([broker, vhost, queue]);
}

/** Which time figures of queues are about. */
export interface QueueWindow {
  /** Deliveries before it do not count. */
  readonly since: UnixNano;
  /** As it was known then: later deliveries have not happened. */
  readonly at: UnixNano;
  /**
   * Since when the tracers of virtual hosts run without a break. Messages that are told apart by their order alone are followed no further
   * back, so older ones do not count as waiting.
   */
  readonly followedSince: readonly { readonly broker: string; readonly vhost: string; readonly from: UnixNano }[];
}

/** How long messages wait in one queue, from publication to first delivery. Milliseconds; null where nothing is known. */
export interface QueueFigures {
  readonly broker: string;
  readonly vhost: string;
  readonly queue: string;
  readonly delay: {
    readonly count: number;
    readonly meanMs: number | null;
    readonly p50Ms: number | null;
    readonly p95Ms: number | null;
    /** Clock of the figures: the broker's stamps, arrivals at the tracer, some of both; or, where these give none, the clients' spans. */
    readonly source: 'broker' | 'firehose_arrival' | 'mixed' | 'client_spans' | null;
    /** 95 of 100 delays are off by no more. */
    readonly uncertaintyMs: number | null;
    /** Kaplan–Meier over delivered and waiting messages. */
    readonly estimatedP95Ms: number | null;
    /** Messages whose both ends were seen while the tracer lagged: left out. */
    readonly suppressed: number;
    /** Deliveries that seem to come before their publication: left out. */
    readonly anomalies: number;
  };
  readonly waiting: { readonly count: number; readonly oldestMs: number | null; readonly p50AgeMs: number | null };
  /** Share of deliveries whose publication was seen; null without deliveries. */
  readonly paired: number | null;
  readonly redelivered: number;
}

/** Messages of a publication that no queue took. */
export interface Unroutable {
  readonly broker: string;
  readonly vhost: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly count: number;
  /** RFC 3339. */
  readonly lastAt: string;
}

/** Days behind `since` in which the publication of a message that was delivered later is looked for. */
const PUBLISHED_DAYS_BEFORE = 2;
const MAX_QUEUES = 2000;
const MAX_UNROUTABLE = 100;
/** Bins per unit of the natural logarithm: half a bin is 1 %. */
const BINS_PER_E = 50;

const WINDOW = `observed_at >= fromUnixTimestamp64Nano({since:Int64}) - INTERVAL ${PUBLISHED_DAYS_BEFORE} DAY
  AND observed_at <= fromUnixTimestamp64Nano({at:Int64}) + INTERVAL 1 MINUTE`;

/** Messages in the window as they were known: what was delivered later waits. */
const KNOWN = `SELECT *, isNotNull(delivered) AND assumeNotNull(delivered) <= {at:Int64} AS is_delivered,
    isNotNull(published) AND assumeNotNull(published) <= {at:Int64} AND NOT is_delivered AND is_direct_reply = 0
      AND (kind < 3 OR assumeNotNull(published) >= transform(concat(broker, '\\n', vhost), {vhosts:Array(String)}, {followed:Array(Int64)}, {at:Int64}))
      AND (broker, vhost, queue, message_key) NOT IN (SELECT broker, vhost, origin_queue, message_key FROM dead_letters) AS is_waiting,
    is_delivered AND assumeNotNull(delivered) >= {since:Int64} AS counts
  FROM (${messagesSql(`queue != '' AND ${WINDOW}`)})`;

const figureRow = z.object({
  broker: z.string(),
  vhost: z.string(),
  queue: z.string(),
  delays: z.coerce.number(),
  mean_ms: z.number().nullable(),
  quantiles_ms: z.array(z.number().nullable()),
  uncertainty_ms: z.number().nullable(),
  stamped: z.coerce.number(),
  suppressed: z.coerce.number(),
  anomalies: z.coerce.number(),
  waiting: z.coerce.number(),
  oldest_ms: z.number().nullable(),
  age_ms: z.number().nullable(),
  deliveries: z.coerce.number(),
  paired: z.coerce.number(),
  redelivered: z.coerce.number(),
});

const stepRow = z.object({
  broker: z.string(),
  vhost: z.string(),
  queue: z.string(),
  dwell_ms: z.number(),
  completed: z.coerce.number(),
  open: z.coerce.number(),
});

const unroutableRow = z.object({
  broker: z.string(),
  vhost: z.string(),
  exchange_name: z.string(),
  routing: z.string(),
  messages: z.coerce.number(),
  last_at: nanoField,
});

/** Figures of every queue that messages were seen in. */
export async function queueFigures(store: StoreClient, window: QueueWindow): Promise<QueueFigures[]> {
  const parameters = parametersOf(window);
  const [rows, estimates] = await Promise.all([
    store.query(
      `SELECT broker, vhost, queue, countIf(has_delay) AS delays, if(delays = 0, NULL, avgIf(toFloat64(delay) / 1e6, has_delay)) AS mean_ms,
         if(delays = 0, [NULL, NULL], quantilesExactInclusiveIf(0.5, 0.95)(toFloat64(ifNull(delay, 0)) / 1e6, has_delay)) AS quantiles_ms,
         if(delays = 0, NULL, quantileExactInclusiveIf(0.95)(if(is_stamped, ${STAMP_UNCERTAINTY_MS}, toFloat64(late_ms)), has_delay)) AS uncertainty_ms,
         countIf(has_delay AND is_stamped) AS stamped, countIf(counts AND is_suppressed) AS suppressed,
         countIf(counts AND ifNull(delay < 0, 0)) AS anomalies, countIf(is_waiting) AS waiting,
         if(waiting = 0, NULL, maxIf(({at:Int64} - assumeNotNull(published)) / 1e6, is_waiting)) AS oldest_ms,
         if(waiting = 0, NULL, quantileExactInclusiveIf(0.5)(({at:Int64} - assumeNotNull(published)) / 1e6, is_waiting)) AS age_ms,
         sumIf(greatest(handed_out, 1), counts) AS deliveries, countIf(counts AND isNotNull(published)) AS paired,
         countIf(counts AND is_redelivered = 1) AS redelivered
       FROM (SELECT *, counts AND isNotNull(delay) AND ifNull(delay >= 0, 0) AS has_delay FROM (${KNOWN}))
       GROUP BY broker, vhost, queue ORDER BY broker, vhost, queue LIMIT ${MAX_QUEUES} ${IN_ORDER}`,
      parameters,
      figureRow,
    ),
    estimatedP95s(store, parameters),
  ]);
  return rows.map((row) => ({
    broker: row.broker,
    vhost: row.vhost,
    queue: row.queue,
    delay: {
      count: row.delays,
      meanMs: row.mean_ms,
      p50Ms: row.quantiles_ms[0] ?? null,
      p95Ms: row.quantiles_ms[1] ?? null,
      source: sourceOf(row.delays, row.stamped),
      uncertaintyMs: row.uncertainty_ms,
      estimatedP95Ms: estimates.get(queueKey(row)) ?? null,
      suppressed: row.suppressed,
      anomalies: row.anomalies,
    },
    waiting: { count: row.waiting, oldestMs: row.oldest_ms, p50AgeMs: row.age_ms },
    paired: row.deliveries === 0 ? null : Math.min(1, row.paired / row.deliveries),
    redelivered: row.redelivered,
  }));
}

/** Publications that no queue took, direct replies left out; the most frequent first. */
export async function unroutableMessages(store: StoreClient, window: QueueWindow): Promise<Unroutable[]> {
  const { since, at } = parametersOf(window);
  const rows = await store.query(
    `SELECT broker, vhost, from_exchange AS exchange_name, key AS routing, count() AS messages, toString(max(assumeNotNull(published))) AS last_at
     FROM (${messagesSql(`queue = '' AND ${WINDOW}`)})
     WHERE is_direct_reply = 0 AND isNotNull(published) AND assumeNotNull(published) BETWEEN {since:Int64} AND {at:Int64}
     GROUP BY broker, vhost, exchange_name, routing ORDER BY messages DESC, broker, vhost, exchange_name, routing LIMIT ${MAX_UNROUTABLE} ${IN_ORDER}`,
    { since, at },
    unroutableRow,
  );
  return rows.map((row) => ({
    broker: row.broker,
    vhost: row.vhost,
    exchange: row.exchange_name,
    routingKey: row.routing,
    count: row.messages,
    lastAt: row.last_at,
  }));
}

async function estimatedP95s(
  store: StoreClient,
  parameters: ReturnType<typeof parametersOf>,
): Promise<Map<string, number | null>> {
  const rows = await store.query(
    `SELECT broker, vhost, queue, exp(round(log(greatest(time, 1)) * ${BINS_PER_E}) / ${BINS_PER_E}) / 1e6 AS dwell_ms,
       countIf(NOT is_waiting) AS completed, countIf(is_waiting) AS open
     FROM (
       SELECT broker, vhost, queue, is_waiting, if(is_waiting, {at:Int64} - assumeNotNull(published), ifNull(delay, -1)) AS time
       FROM (${KNOWN}) WHERE is_waiting OR counts
     ) WHERE time >= 0 GROUP BY broker, vhost, queue, dwell_ms ORDER BY broker, vhost, queue, dwell_ms ${IN_ORDER}`,
    parameters,
    stepRow,
  );
  const quantiles = new Map<string, number | null>();
  for (const [queue, steps] of Map.groupBy(rows, queueKey)) {
    const curve = productLimit(
      steps.map(({ dwell_ms: time, completed, open }) => ({ time, events: completed, censored: open })),
    );
    quantiles.set(queue, survivalQuantile(curve, 0.95).value);
  }
  return quantiles;
}

function parametersOf({ since, at, followedSince }: QueueWindow) {
  return {
    since: String(since),
    at: String(at),
    vhosts: followedSince.map(({ broker, vhost }) => `${broker}\n${vhost}`),
    followed: followedSince.map(({ from }) => from),
  };
}

function sourceOf(delays: number, stamped: number): 'broker' | 'firehose_arrival' | 'mixed' | null {
  if (delays === 0) return null;
  return stamped === 0 ? 'firehose_arrival' : stamped === delays ? 'broker' : 'mixed';
}
