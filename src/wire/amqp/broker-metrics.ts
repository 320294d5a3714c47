import type { DeathReason } from '../../model/message.ts';
import { parsePrometheus } from './prometheus-text.ts';

/** Depth of a queue as `/metrics/detailed` gives it. */
export interface QueueDepth {
  readonly vhost: string;
  readonly queue: string;
  ready: number;
  unacked: number;
  consumers: number;
}

/** Path and query of the per-queue depths: the cheapest that a broker has (3.10 and later). */
export const DETAILED_PATH = '/metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count';

const READY = 'rabbitmq_detailed_queue_messages_ready';
const UNACKED = 'rabbitmq_detailed_queue_messages_unacked';
const CONSUMERS = 'rabbitmq_detailed_queue_consumers';
const DEPTHS: ReadonlySet<string> = new Set([READY, UNACKED, CONSUMERS]);

/** Depths of the queues whose leader is on the answering node, out of the answer to DETAILED_PATH. */
export function parseQueueDepths(text: string): QueueDepth[] {
  const depths = new Map<string, QueueDepth>();
  for (const { name, labels, value } of parsePrometheus(text, DEPTHS)) {
    const vhost = labels.get('vhost');
    const queue = labels.get('queue');
    if (vhost === undefined || queue === undefined) continue;
    const key = `${vhost}\n${queue}`;
    const depth = depths.get(key) ?? { vhost, queue, ready: 0, unacked: 0, consumers: 0 };
    depths.set(key, depth);
    if (name === READY) depth.ready = value;
    else if (name === UNACKED) depth.unacked = value;
    else depth.consumers = value;
  }
  return [...depths.values()];
}

/** What a node counted since its start, over all queues. */
export interface NodeCounters {
  /** Messages that went to a dead-letter exchange, by reason. */
  readonly deadLettered: ReadonlyMap<DeathReason, number>;
  /** Messages that died in queues without a dead-letter exchange: they are gone. */
  readonly discarded: ReadonlyMap<DeathReason, number>;
  /** Messages that no queue took, returned to the publisher or dropped. */
  readonly unroutable: number;
}

const REASON_OF: ReadonlyMap<string, DeathReason> = new Map(
  (['rejected', 'expired', 'maxlen', 'delivery_limit'] as const).map((reason) => [
    `rabbitmq_global_messages_dead_lettered_${reason}_total`,
    reason,
  ]),
);
const UNROUTABLE: ReadonlySet<string> = new Set([
  'rabbitmq_global_messages_unroutable_dropped_total',
  'rabbitmq_global_messages_unroutable_returned_total',
]);
const COUNTERS: ReadonlySet<string> = new Set([...REASON_OF.keys(), ...UNROUTABLE]);

/** Counters of dead letters and of unroutable messages, out of the answer to `/metrics`. */
export function parseNodeCounters(text: string): NodeCounters {
  const deadLettered = new Map<DeathReason, number>();
  const discarded = new Map<DeathReason, number>();
  let unroutable = 0;
  for (const { name, labels, value } of parsePrometheus(text, COUNTERS)) {
    const reason = REASON_OF.get(name);
    if (reason === undefined) {
      unroutable += value;
      continue;
    }
    const counts = labels.get('dead_letter_strategy') === 'disabled' ? discarded : deadLettered;
    counts.set(reason, (counts.get(reason) ?? 0) + value);
  }
  return { deadLettered, discarded, unroutable };
}
