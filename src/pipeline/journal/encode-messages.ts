import { aliasText } from '../../model/alias-text.ts';
import type { DeadLetter, MessageEvent, MessageKeyKind } from '../../model/message.ts';
import { NO_SPAN, NO_TRACE } from '../../model/no-id.ts';
import type { OrderReference } from '../../model/order.ts';
import type { UnixNano } from '../../model/units.ts';
import { bytesOf, constantMilliTime, fixed, lowCardinality } from '../../wire/native/column-makers.ts';
import { planBlock } from '../../wire/native/encode.ts';
import type { InFlightMessage, InFlightMessages } from '../in-flight.ts';
import type { ClientMessageBatch } from '../messages/client-messages.ts';
import { encodeRows } from './encode-rows.ts';
import type { TableBlock } from './record.ts';

const KEY_KINDS: Readonly<Record<MessageKeyKind, number>> = { trace: 0, message_id: 1, correlation_id: 2, body: 3 };

/** A copy of a message in one queue, as one sighting shows it. */
interface QueueRow {
  readonly message: InFlightMessage;
  readonly event: MessageEvent;
  readonly isPublish: boolean;
  readonly queue: string;
}

/** Longest routing key and id that are kept, as AMQP's short strings. */
const MAX_TEXT = 255;

/** Rows of table `queue_messages`; undefined when there are none. A publication has one for each queue that it went to. */
export function encodeQueueMessages(
  { broker, events }: InFlightMessages,
  observedAt: UnixNano,
): TableBlock | undefined {
  const sightings: QueueRow[] = [];
  for (const message of events) {
    const { event } = message;
    const isPublish = event.kind === 'publish';
    const queues = event.queues.length === 0 ? [''] : event.queues;
    for (const queue of queues) sightings.push({ message, event, isPublish, queue });
  }
  return encodeRows('queue_messages', sightings, (rows) => [
    rows.word('broker', () => broker),
    rows.word('vhost', ({ event }) => event.vhost),
    rows.word('queue', ({ queue }) => queue),
    rows.hex('message_key', 16, ({ event }) => event.message.key),
    rows.uint32('occurrence', ({ event }) => event.message.occurrence),
    rows.constantMilliTime('observed_at', observedAt),
    rows.uint8('key_kind', ({ event }) => KEY_KINDS[event.message.kind]),
    rows.word('exchange', ({ event }) => event.exchange),
    rows.text('routing_key', ({ event }) => (event.routingKeys[0] ?? '').slice(0, MAX_TEXT)),
    rows.word('publisher', ({ event, isPublish }) => (isPublish ? event.service : '')),
    rows.word('consumer', ({ event, isPublish }) => (isPublish ? '' : event.service)),
    rows.hex('trace_id', 16, ({ message }) => message.traceId ?? NO_TRACE),
    rows.hex('span_id', 8, ({ event }) => event.context?.spanId ?? NO_SPAN),
    rows.text('order_id', ({ message }) => idOf(message.order)),
    rows.text('alias', ({ message }) => aliasOf(message.order)),
    rows.text('message_id', ({ event }) => (event.properties.messageId ?? '').slice(0, MAX_TEXT)),
    rows.nanoTimeOrNull('published_at', ({ event, isPublish }) => (isPublish ? event.arrivedAt : null)),
    rows.nanoTimeOrNull('published_stamp', ({ event, isPublish }) => (isPublish ? event.stampedAt : event.enteredAt)),
    rows.nanoTimeOrNull('delivered_at', ({ event, isPublish }) => (isPublish ? null : event.arrivedAt)),
    rows.nanoTimeOrNull('delivered_stamp', ({ event, isPublish }) => (isPublish ? null : event.stampedAt)),
    rows.nanoTimeOrNull('last_delivered_at', ({ event, isPublish }) => (isPublish ? null : event.arrivedAt)),
    // A sighting that the broker shows again may have been counted already.
    rows.uint64('deliveries', ({ event, isPublish }) => (isPublish || event.repeated ? 0 : 1)),
    rows.uint8('redelivered', ({ event }) => Number(event.redelivered)),
    rows.uint8('unreliable', ({ event }) => Number(!event.reliable)),
    rows.float32('lateness_ms', ({ event }) => event.latenessMs),
    rows.uint8('direct_reply', ({ event }) => Number(event.directReply)),
    rows.uint32('body_bytes', ({ event }) => Math.min(event.bodyBytes, 0xffffffff)),
  ]);
}

/** Rows of table `dead_letters`; undefined when there are none. */
export function encodeDeadLetters({ broker, deadLetters }: InFlightMessages): TableBlock | undefined {
  return encodeRows('dead_letters', deadLetters, (rows) => [
    rows.word('broker', () => broker),
    rows.word('vhost', ({ event }) => event.vhost),
    rows.word('queue', ({ event }) => event.queue),
    rows.hex('message_key', 16, ({ event }) => event.messageKey),
    rows.word('origin_queue', ({ event }) => event.originQueue),
    rows.word('reason', ({ event }) => event.reason),
    rows.word('exchange', ({ event }) => event.exchange),
    rows.texts('routing_keys', ({ event }) => event.routingKeys),
    rows.nanoTimeOrNull('first_at', ({ event }) => event.firstAt),
    rows.uint32('count', ({ event }) => event.count),
    rows.text('deaths', ({ event }) => JSON.stringify(event.deaths.map(toJson))),
    rows.hex('trace_id', 16, ({ traceId }) => traceId ?? NO_TRACE),
    rows.hex('span_id', 8, ({ event }) => event.context?.spanId ?? NO_SPAN),
    rows.text('order_id', ({ order }) => idOf(order)),
    rows.text('alias', ({ order }) => aliasOf(order)),
    rows.text('message_id', ({ event }) => event.properties.messageId ?? ''),
    rows.text('correlation_id', ({ event }) => event.properties.correlationId ?? ''),
    rows.word('content_type', ({ event }) => event.properties.contentType ?? ''),
    rows.words('header_keys', ({ event }) => event.headers.map(({ key }) => key)),
    rows.texts('header_values', ({ event }) => event.headers.map(({ value }) => value)),
    rows.uint32('body_bytes', ({ event }) => Math.min(event.bodyBytes, 0xffffffff)),
    rows.word('resolution', ({ event }) => event.resolution ?? ''),
    rows.nanoTime('observed_at', ({ event }) => event.observedAt),
  ]);
}

/** Rows of table `client_messages`; undefined when there are none. */
export function encodeClientMessages(found: ClientMessageBatch, observedAt: UnixNano): TableBlock | undefined {
  const rows = found.length;
  if (rows === 0) return undefined;
  const columns = [
    fixed('trace_id', 'FixedString(16)', found.traceIds.bytes),
    fixed('span_id', 'FixedString(8)', found.spanIds.bytes),
    lowCardinality('queue', found.queueIds.values, found.strings),
    fixed('started', "DateTime64(9, 'UTC')", bytesOf(found.starts)),
    fixed('duration_nano', 'Int64', bytesOf(found.durations)),
    constantMilliTime('observed_at', observedAt, rows),
  ];
  return { table: 'client_messages', rows, block: planBlock(columns, rows) };
}

function toJson({ firstAt, ...death }: DeadLetter['deaths'][number]) {
  return { ...death, firstAt: firstAt === null ? null : String(firstAt) };
}

function idOf(order: OrderReference): string {
  return order.kind === 'order' ? order.orderId : '';
}

function aliasOf(order: OrderReference): string {
  return order.kind === 'alias' ? aliasText(order.alias) : '';
}
