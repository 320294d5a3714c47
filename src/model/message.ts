import type { UnixNano } from './units.ts';

/** A header or property of a message as text; composite values are JSON. */
export interface TextPair {
  readonly key: string;
  readonly value: string;
}

/** The trace context that a message carries: the span that created it. */
export interface CreationContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
}

/** By what a message is told from others, the surest first; `body` is the last resort and needs the order of equal messages. */
export type MessageKeyKind = 'trace' | 'message_id' | 'correlation_id' | 'body';

/** Names one message. A broker gives messages no id, so it is made of what stays the same from publication to delivery. */
export interface MessageKey {
  readonly kind: MessageKeyKind;
  /** 32 hex digits. */
  readonly key: string;
  /** Tells messages of kind `body` apart that look the same: the n-th one published is the n-th one delivered. Else 0. */
  readonly occurrence: number;
}

/** Properties of a message that say what it is; null where the publisher set none. */
export interface MessageProperties {
  readonly messageId: string | null;
  readonly correlationId: string | null;
  readonly contentType: string | null;
  readonly type: string | null;
  readonly appId: string | null;
  readonly replyTo: string | null;
  /** The publisher's clock; seconds or milliseconds precision. */
  readonly timestamp: UnixNano | null;
}

/** One sighting of a message at a broker: it was published, or handed to a consumer. */
export interface MessageEvent {
  readonly kind: 'publish' | 'deliver';
  readonly vhost: string;
  /**
   * Publish: the queues that got a copy; empty when no queue did (unroutable, or a direct reply). Deliver: the one queue.
   */
  readonly queues: readonly string[];
  /** Empty for the default exchange. */
  readonly exchange: string;
  /** The first routing key, and those of the CC and BCC headers. */
  readonly routingKeys: readonly string[];
  readonly message: MessageKey;
  /** Our clock, when the tracer received the sighting. */
  readonly arrivedAt: UnixNano;
  /** The broker's clock, where the broker stamps messages; null where it does not. Publish: entry; deliver: hand-over. */
  readonly stampedAt: UnixNano | null;
  /** Deliver only: when the broker took the message in, by its own stamp; null where it does not stamp. */
  readonly enteredAt: UnixNano | null;
  /** False while the tracer lags: the arrival then says little about when it happened. */
  readonly reliable: boolean;
  /** Milliseconds that the arrival may have come after the event at most, as far as was noticed; bounds the error of a delay. */
  readonly latenessMs: number;
  /** Deliver: the broker hands the message out again. */
  readonly redelivered: boolean;
  /** The broker may have shown this sighting before. */
  readonly repeated: boolean;
  /** A reply over `amq.rabbitmq.reply-to`: no queue, and yet not lost. */
  readonly directReply: boolean;
  /** Name of the publishing or consuming client. */
  readonly service: string;
  readonly node: string;
  readonly context: CreationContext | null;
  readonly properties: MessageProperties;
  /** Headers that the publisher set, bounded; redacted by the pipeline. */
  readonly headers: readonly TextPair[];
  readonly bodyBytes: number;
  /** Only where a rule wants to look into it or bodies are to be stored; else null. Never stored as it is. */
  readonly body: Uint8Array | null;
}

/** Why a broker dead-lettered a message. */
export type DeathReason = 'rejected' | 'expired' | 'maxlen' | 'delivery_limit' | 'unknown';

/** One entry of `x-death`. */
export interface Death {
  readonly reason: DeathReason;
  readonly queue: string;
  readonly exchange: string;
  readonly routingKeys: readonly string[];
  readonly count: number;
  /** Of the first death in that queue for that reason; seconds precision; null where the broker did not say. */
  readonly firstAt: UnixNano | null;
}

/**
 * How a dead letter left its queue: handed to a consumer; published again by somebody; gone back to work by itself after its time in a
 * retry queue; or put back by Waybill.
 */
export type DeadLetterResolution = 'consumed' | 'republished' | 'returned' | 'replayed';

/** A message seen in a dead-letter queue, or leaving it. */
export interface DeadLetter {
  readonly vhost: string;
  /** The queue that holds it; empty where only the dead-letter exchange is known. */
  readonly queue: string;
  readonly reason: DeathReason;
  readonly originQueue: string;
  /** Exchange and routing keys under which it was first published. */
  readonly exchange: string;
  readonly routingKeys: readonly string[];
  /** First death; null where unknown. */
  readonly firstAt: UnixNano | null;
  /** Times that it was dead-lettered, over all entries. */
  readonly count: number;
  /** Newest first. */
  readonly deaths: readonly Death[];
  /** 32 hex digits; the same as that of the message in its origin queue where that can be told. */
  readonly messageKey: string;
  readonly context: CreationContext | null;
  readonly properties: MessageProperties;
  /** Without `x-death`; redacted by the pipeline. */
  readonly headers: readonly TextPair[];
  readonly bodyBytes: number;
  /** As in MessageEvent. */
  readonly body: Uint8Array | null;
  readonly observedAt: UnixNano;
  /** Null for a sighting in the queue; else how it left it. A later sighting resolves an earlier one. */
  readonly resolution: DeadLetterResolution | null;
}
