import type { LogBatch } from '../model/log-batch.ts';
import type { DeadLetter, MessageEvent } from '../model/message.ts';
import type { MetricBatch } from '../model/metric-batch.ts';
import type { Alias, OrderAttribute, OrderReference, StatusFact } from '../model/order.ts';
import type { QueueSample } from '../model/queue.ts';
import type { SpanBatch } from '../model/span-batch.ts';
import type { UnixNano } from '../model/units.ts';
import type { ClientMessageBatch } from './messages/client-messages.ts';

/** What the spans, or the log records, of a batch say about orders; row i belongs to span (record) i. */
export interface SpanBinding {
  /** The order that span i itself names; empty when it names none, several, or only an alias. */
  readonly orderIds: string[];
  /** The alias that span i itself names when it names no order. */
  readonly aliases: (Alias | undefined)[];
  /** Distinct pairs of an order (or alias) and a trace that named it. */
  readonly orderTraces: OrderTrace[];
  readonly aliasBindings: AliasBinding[];
  /** Traces with a span in error: their orders have a failure more, whether or not the span names one. 32 hex digits. */
  readonly failedTraces: ReadonlySet<string>;
}

export interface OrderTrace {
  readonly orderId: string;
  readonly alias: Alias | undefined;
  /** 16 bytes. */
  readonly traceId: Uint8Array;
}

export interface AliasBinding {
  readonly orderId: string;
  readonly alias: Alias;
  readonly boundAt: UnixNano;
}

/** A sighting of a message on its way through the stages. */
export interface InFlightMessage<Event extends MessageEvent | DeadLetter = MessageEvent> {
  /** The redact stage replaces it by what may be stored; its body is gone then. */
  event: Event;
  /** The JSON of the body after redaction; undefined where there is none. */
  json: unknown;
  /** The order that the message itself names; the bind stage fills it. */
  order: OrderReference;
  /** Another id of the same order that the message names. */
  alias: Alias | undefined;
  /** The trace that it carries or that is made for it, 32 hex digits; the bind stage fills it. Null: none. */
  traceId: string | null;
}

/** Sightings of messages at a broker, on their way. */
export interface InFlightMessages {
  /** Name of the configured broker. */
  readonly broker: string;
  readonly events: readonly InFlightMessage[];
  readonly deadLetters: readonly InFlightMessage<DeadLetter>[];
}

/** A batch on its way through the stages; each stage fills what the next one needs. */
export interface InFlight {
  readonly observedAt: UnixNano;
  /** Those of the sender, or those that the bind stage makes of messages. */
  spans: SpanBatch | undefined;
  /** Undefined where the batch is not of a broker. */
  readonly messages: InFlightMessages | undefined;
  /** Messages of RabbitMQ that spans of clients tell of; the bind stage fills it. */
  clientMessages?: ClientMessageBatch | undefined;
  /** How queues stand; absent where the batch does not say. */
  readonly samples?: { readonly broker: string; readonly queues: readonly QueueSample[] };
  readonly logs?: LogBatch | undefined;
  readonly metrics?: MetricBatch | undefined;
  /** Facts of the batch itself, and those that the bind stage finds in its spans. */
  readonly facts: StatusFact[];
  /** Attributes of orders, of the batch itself and found in its spans. */
  readonly attributes: OrderAttribute[];
  binding: SpanBinding | undefined;
}
