import type { DeadLetterWatch, QueueDetails, WatchLimit } from '../../../model/queue.ts';
import type { BrokerQueue } from '../../../wire/amqp/management.ts';
import { type BrokerObjects, type DeadLetterTopology, rulesOf } from './topology.ts';

/** Bindings and sources of one queue that are kept. */
const MAX_BINDINGS = 50;
const MAX_SOURCES = 100;

/** How a dead-letter queue is watched. */
export interface WatchState {
  readonly watch: DeadLetterWatch;
  readonly limit: WatchLimit | null;
}

/** Puts together what is known of a queue besides its depth. */
export function detailsOf(
  queue: BrokerQueue,
  objects: BrokerObjects,
  topology: DeadLetterTopology,
  watchOf: (queue: string) => WatchState,
): QueueDetails {
  const found = topology.queues.get(queue.name);
  const state = found === undefined ? undefined : watchOf(queue.name);
  return {
    durable: queue.durable,
    policy: queue.policy,
    ...rulesOf(queue),
    bindings: objects.bindings
      .filter(({ toQueue, destination, source }) => toQueue && destination === queue.name && source !== '')
      .slice(0, MAX_BINDINGS)
      .map(({ source, routingKey }) => ({ exchange: source, routingKey })),
    deadLetterOf: found?.sources.slice(0, MAX_SOURCES) ?? [],
    deadLetterTo: (topology.targets.get(queue.name) ?? []).slice(0, MAX_SOURCES),
    deadLettersLost: topology.lost.has(queue.name),
    watch: state?.watch ?? null,
    watchLimit: state?.limit ?? null,
  };
}
