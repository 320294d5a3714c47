import type { MessageEvent, MessageKey } from '../../model/message.ts';
import { msToNano, type UnixNano } from '../../model/units.ts';
import { headerPairs } from '../../wire/amqp/field-values.ts';
import { decodeFirehoseEvent, type FirehoseEvent } from '../../wire/amqp/firehose-event.ts';
import { messageKeyOf } from '../../wire/amqp/message-key.ts';
import type { Occurrences } from './occurrences.ts';

/** A delivery to the tracer, as the client library gives it. */
export interface TracedDelivery {
  readonly routingKey: string;
  readonly headers: unknown;
  readonly body: unknown;
  /** The broker gave us this event before. */
  readonly redelivered: boolean;
}

/** What is known of a sighting before its batch is complete: all but the name of the client and whether the tracer kept up. */
export interface Sighting {
  readonly firehose: FirehoseEvent;
  readonly message: MessageKey;
  /** The key without the run of the tracer: a dead letter is recognised by it, wherever it is seen. */
  readonly messageKey: string;
  readonly arrivedAt: UnixNano;
  /** The same on the monotonic clock, in milliseconds. */
  readonly receivedAt: number;
  /** See `Arrival`. */
  readonly burstMs: number;
  readonly repeated: boolean;
  readonly bodyBytes: number;
  /** Only where somebody asked for it. */
  readonly body: Uint8Array | null;
}

/** When bytes came in, by our own clock. */
export interface Arrival {
  readonly at: UnixNano;
  /** The same on the monotonic clock, in milliseconds. */
  readonly monotonicMs: number;
  /**
   * Milliseconds since events began to come without a gap. A broker passes them on one after another, so what comes in a burst may have
   * happened when the burst began, and not before.
   */
  readonly burstMs: number;
}

/** Events that come after a longer time without any, in milliseconds, found the way free; a broker needs 0.1 ms for one. */
const BURST_GAP_MS = 0.5;

/** Headers that say nothing about the message itself, or are kept elsewhere. */
const LEFT_OUT: ReadonlySet<string> = new Set(['x-death']);

/** Queues of tracers: what is copied there is no business of the company. */
const OWN_QUEUES = 'trace.';

/** Why a delivery gives no sighting: it is no event, its number is not known any more, or it is about a queue of a tracer. */
export type Unusable = 'malformed' | 'repeated' | 'own';

const NO_BYTES = new Uint8Array(0);

/** What is needed to read deliveries. */
export interface SightingReader {
  /** See `messageKeyOf`. */
  readonly salt: string;
  readonly occurrences: Occurrences;
  readonly needsBody: (exchange: string, routingKey: string, bytes: number) => boolean;
}

/** Reads a delivery of the trace queue; why not, where it cannot be used. */
export function readSighting(
  delivery: TracedDelivery,
  arrival: Arrival,
  { salt, occurrences, needsBody }: SightingReader,
): Sighting | Unusable {
  const decoded = decodeFirehoseEvent(delivery.routingKey, delivery.headers, Number(arrival.at / 1_000_000n));
  if (decoded === undefined) return 'malformed';
  const queues = decoded.queues?.filter((queue) => !queue.startsWith(OWN_QUEUES)) ?? null;
  if (decoded.kind === 'deliver' && queues?.length === 0) return 'own';
  const firehose = { ...decoded, queues };
  const body = delivery.body instanceof Uint8Array ? delivery.body : NO_BYTES;
  const { context, properties, origin } = firehose;
  const { kind, key } = messageKeyOf({ context, properties, ...origin, body }, salt);
  // Equal messages are told apart by their number alone, and an event that comes again would be numbered twice.
  if (kind === 'body' && delivery.redelivered) return 'repeated';
  const message = kind === 'body' ? numbered(key, firehose, occurrences) : { kind, key, occurrence: 0 };
  const wantsBody = needsBody(firehose.exchange, firehose.routingKeys[0] ?? '', body.length);
  return {
    firehose,
    message,
    messageKey: key,
    arrivedAt: arrival.at,
    receivedAt: arrival.monotonicMs,
    burstMs: arrival.burstMs,
    repeated: delivery.redelivered,
    bodyBytes: body.length,
    body: wantsBody ? body : null,
  };
}

/** Key and number of a message that is told by its body alone; they belong to one run of the tracer without losses. */
function numbered(key: string, firehose: FirehoseEvent, occurrences: Occurrences): MessageKey {
  const queues = firehose.queues ?? [];
  const occurrence =
    firehose.kind === 'publish'
      ? occurrences.published(key, queues)
      : occurrences.delivered(key, queues[0] ?? '', firehose.redelivered);
  const run = messageKeyOf(
    {
      context: null,
      properties: { messageId: occurrences.epoch, correlationId: key },
      exchange: '',
      routingKey: '',
      body: NO_BYTES,
    },
    '',
  ).key;
  // Without its publication a delivery has no number; the highest one is nobody's.
  return { kind: 'body', key: run, occurrence: occurrence ?? 0xffffffff };
}

/** The sighting as the pipeline takes it. */
export function toMessageEvent(
  sighting: Sighting,
  seen: {
    readonly service: string;
    readonly reliable: boolean;
    readonly latenessMs: number;
    readonly isMissing: (queue: string) => boolean;
  },
): MessageEvent {
  const { service, reliable, latenessMs, isMissing } = seen;
  const { firehose, message, arrivedAt, repeated, bodyBytes, body } = sighting;
  const isPublish = firehose.kind === 'publish';
  return {
    kind: firehose.kind,
    vhost: firehose.vhost,
    queues: firehose.directReply ? [] : (firehose.queues?.filter((queue) => !isPublish || !isMissing(queue)) ?? []),
    exchange: firehose.exchange,
    routingKeys: firehose.routingKeys,
    message,
    arrivedAt,
    stampedAt: isPublish ? firehose.enteredAt : firehose.sentAt,
    enteredAt: isPublish ? null : firehose.enteredAt,
    reliable,
    latenessMs,
    redelivered: firehose.redelivered,
    repeated,
    directReply: firehose.directReply,
    service,
    node: firehose.node,
    context: firehose.context,
    properties: firehose.properties,
    headers: headerPairs(firehose.headers, LEFT_OUT),
    bodyBytes,
    body,
  };
}

/** A clock finer than a millisecond, that follows the system's: the two drift apart and the system's may be set. */
export class ArrivalClock {
  readonly #now: () => number;
  #offsetMs = performance.timeOrigin;
  #current: Arrival | undefined;
  #burstFrom = 0;
  /** When the last chunk was through: while one is decoded the next one waits. */
  #freeAt = 0;

  /** @param now the monotonic clock in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * When the delivery at hand arrived: all that were read from the socket together arrived together. Without that the last of a hundred
   * would seem to come as much later as it takes to decode ninety-nine, which is milliseconds.
   */
  arrival(): Arrival {
    if (this.#current === undefined) {
      this.#current = this.#read();
      // The client library decodes a chunk in microtasks; a tick comes when these are through, and before the next chunk is read.
      process.nextTick(() => {
        this.#current = undefined;
        this.#freeAt = this.#now();
      });
    }
    return this.#current;
  }

  #read(): Arrival {
    const monotonicMs = this.#now();
    if (monotonicMs - this.#freeAt > BURST_GAP_MS) this.#burstFrom = monotonicMs;
    const at = this.#offsetMs + monotonicMs;
    const whole = Math.floor(at);
    return {
      at: msToNano(whole) + BigInt(Math.floor((at - whole) * 1e6)),
      monotonicMs,
      burstMs: monotonicMs - this.#burstFrom,
    };
  }

  /** Follows the system's clock where it went away by more than 2 ms; to be called now and then, not between two arrivals of a batch. */
  adjust(): void {
    const offset = Date.now() - this.#now();
    if (Math.abs(offset - this.#offsetMs) > 2) this.#offsetMs = offset;
  }
}
