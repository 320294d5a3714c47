import type { Alias, OrderAttribute, StatusFact } from '../model/order.ts';
import type { SpanBatch } from '../model/span-batch.ts';
import type { UnixNano } from '../model/units.ts';

/** What the spans of a batch say about orders; row i belongs to span i. */
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

/** A batch on its way through the stages; each stage fills what the next one needs. */
export interface InFlight {
  readonly observedAt: UnixNano;
  readonly spans: SpanBatch | undefined;
  /** Facts of the batch itself, and those that the bind stage finds in its spans. */
  readonly facts: StatusFact[];
  /** Attributes of orders, of the batch itself and found in its spans. */
  readonly attributes: OrderAttribute[];
  binding: SpanBinding | undefined;
}
