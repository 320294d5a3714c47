import type { UnixNano } from './units.ts';

/** Messages a second as the broker counts them; null where it does not say. */
export interface QueueRates {
  readonly publish: number;
  /** Handed to consumers, redeliveries included. */
  readonly deliver: number;
  readonly ack: number;
}

/** A queue whose dead letters come into another one. */
export interface DeadLetterSource {
  readonly queue: string;
  /** Dead-letter exchange; empty for the default exchange. */
  readonly exchange: string;
  /** Dead-letter routing key; null where messages keep their own. */
  readonly routingKey: string | null;
  /** False where it depends on the message's own routing key or headers whether it comes here. */
  readonly certain: boolean;
  /** Its dead letters come back by themselves: a retry queue and its work queue. */
  readonly cyclic: boolean;
}

/**
 * How dead letters in a queue become known: by copies in a queue of ours on the same exchange; only when the tracer sees them
 * handed to a consumer; or not at all.
 */
export type DeadLetterWatch = 'shadow' | 'firehose' | 'none';

/** Why dead letters in a queue are not, or not fully, seen. */
export type WatchLimit =
  | 'default_exchange' // nothing can be bound to the default exchange
  | 'not_permitted' // the user may not read the exchange
  | 'too_many' // more dead-letter queues than are watched
  | 'switched_off'
  | 'not_connected'
  | 'stream'; // messages stay in a stream, whoever reads them

/** What a queue is, which rarely changes. */
export interface QueueDetails {
  readonly durable: boolean;
  readonly policy: string | null;
  /** Empty for the default exchange; null where it has none. */
  readonly deadLetterExchange: string | null;
  readonly deadLetterRoutingKey: string | null;
  readonly messageTtlMs: number | null;
  readonly maxLength: number | null;
  readonly maxLengthBytes: number | null;
  readonly overflow: string | null;
  readonly deliveryLimit: number | null;
  /** At most 50; without that of the default exchange. */
  readonly bindings: readonly { readonly exchange: string; readonly routingKey: string }[];
  /** Not empty where it is a dead-letter queue; at most 100. */
  readonly deadLetterOf: readonly DeadLetterSource[];
  /** Where its dead letters come to. */
  readonly deadLetterTo: readonly string[];
  /** Its dead-letter exchange is missing or leads to no queue: its dead letters are lost. */
  readonly deadLettersLost: boolean;
  /** Null where it is no dead-letter queue. */
  readonly watch: DeadLetterWatch | null;
  readonly watchLimit: WatchLimit | null;
}

/** How a queue stood at a moment. */
export interface QueueSample {
  readonly vhost: string;
  readonly queue: string;
  /** Our clock. */
  readonly sampledAt: UnixNano;
  /** `classic`, `quorum`, `stream`; empty where only depths are known. */
  readonly type: string;
  readonly ready: number;
  readonly unacked: number;
  readonly consumers: number;
  readonly rates: QueueRates | null;
  /** Null where only depths are known. */
  readonly details: QueueDetails | null;
  /** The broker has no such queue any more. */
  readonly gone: boolean;
}
