import type { LogBatch } from './log-batch.ts';
import type { DeadLetter, MessageEvent } from './message.ts';
import type { MetricBatch } from './metric-batch.ts';
import type { OrderAttribute, StatusFact } from './order.ts';
import type { QueueSample } from './queue.ts';
import type { SpanBatch } from './span-batch.ts';

/** Spans in columns, as a decoder made them. */
export interface Spans {
  readonly kind: 'spans';
  readonly spans: SpanBatch;
}

/** Status facts that did not come from spans: `POST /api/transitions`, imports. */
export interface Facts {
  readonly kind: 'facts';
  readonly facts: readonly StatusFact[];
  readonly attributes?: readonly OrderAttribute[];
}

/** Sightings of messages at a broker. */
export interface Messages {
  readonly kind: 'messages';
  /** Name of the configured broker: queues are told apart by it, their virtual host and their name. */
  readonly broker: string;
  readonly messages: readonly MessageEvent[];
  readonly deadLetters: readonly DeadLetter[];
}

/** Log records in columns, as a decoder made them. */
export interface Logs {
  readonly kind: 'logs';
  readonly logs: LogBatch;
}

/** Data points of metrics in columns, as a decoder made them. */
export interface Metrics {
  readonly kind: 'metrics';
  readonly metrics: MetricBatch;
}

/** How queues of a broker stand. */
export interface Queues {
  readonly kind: 'queues';
  /** As in Messages. */
  readonly broker: string;
  readonly samples: readonly QueueSample[];
}

/** What flows from receivers through the pipeline. */
export type Batch = Spans | Facts | Messages | Queues | Logs | Metrics;
