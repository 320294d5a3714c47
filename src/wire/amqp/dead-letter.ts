import type { CreationContext, DeadLetter, MessageProperties } from '../../model/message.ts';
import type { UnixNano } from '../../model/units.ts';
import { firstDeath, readDeaths } from './deaths.ts';
import { type FieldTable, headerPairs } from './field-values.ts';

/** A message that was seen in a queue, or leaving it. */
export interface QueueSighting {
  readonly vhost: string;
  readonly queue: string;
  readonly headers: FieldTable;
  readonly properties: MessageProperties;
  readonly context: CreationContext | null;
  /** 32 hex digits; see `messageKeyOf`. */
  readonly messageKey: string;
  readonly bodyBytes: number;
  /** Only where a rule wants to look into it. */
  readonly body: Uint8Array | null;
  readonly observedAt: UnixNano;
  readonly resolution: DeadLetter['resolution'];
}

/** What brokers write about deaths: it is kept in fields of its own. */
const DEATH_HEADERS: ReadonlySet<string> = new Set([
  'x-death',
  ...['first', 'last'].flatMap((which) => ['queue', 'reason', 'exchange'].map((what) => `x-${which}-death-${what}`)),
]);

/**
 * The dead letter that a message in a queue is; undefined where it did not come there by dying: it has no deaths, or died last in this
 * very queue and was put back by hand.
 *
 * Reason and origin are those of the latest death, which is why the message is in this queue; exchange, routing keys and time are those of
 * the first one, before which the message was as it had been published.
 */
export function deadLetterOf(sighting: QueueSighting): DeadLetter | undefined {
  const { headers, ...seen } = sighting;
  const deaths = readDeaths(headers);
  const [latest] = deaths;
  if (latest === undefined || latest.queue === sighting.queue) return undefined;
  const first = firstDeath(headers, deaths) ?? latest;
  return {
    ...seen,
    reason: latest.reason,
    originQueue: latest.queue,
    exchange: first.exchange,
    routingKeys: first.routingKeys,
    firstAt: first.firstAt,
    count: deaths.reduce((sum, { count }) => sum + count, 0),
    deaths,
    headers: headerPairs(headers, DEATH_HEADERS),
  };
}
