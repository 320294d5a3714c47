import type { CreationContext, Death, MessageProperties } from '../../model/message.ts';
import type { UnixNano } from '../../model/units.ts';
import { creationContext } from './creation-context.ts';
import { firstDeath, readDeaths } from './deaths.ts';
import { asInteger, asTable, asText, asTexts, type FieldTable } from './field-values.ts';
import { stampMs, tracedTimestamp } from './message-timestamp.ts';

/** An event of the exchange `amq.rabbitmq.trace`, decoded (RabbitMQ Firehose; verified on 3.10.8, the same in the source of 4.3). */
export interface FirehoseEvent {
  readonly kind: 'publish' | 'deliver';
  readonly vhost: string;
  /** Node that saw it. */
  readonly node: string;
  /** `peer -> server`, or `<node.…>` for direct connections; empty on brokers before 3.4. */
  readonly connection: string;
  /** 0 for MQTT and STOMP. */
  readonly channel: number;
  readonly user: string;
  /** Empty for the default exchange; the dead-letter exchange for a dead letter. */
  readonly exchange: string;
  /** The routing key, then those of CC and BCC. */
  readonly routingKeys: readonly string[];
  /** Publish: the queues that got a copy; null on brokers before 3.5, which do not say. Deliver: the one queue. */
  readonly queues: readonly string[] | null;
  readonly redelivered: boolean;
  /** A reply over `amq.rabbitmq.reply-to`, or its delivery: no queue holds it. */
  readonly directReply: boolean;
  readonly properties: MessageProperties;
  /** Headers of the message itself. */
  readonly headers: FieldTable;
  readonly context: CreationContext | null;
  readonly deaths: readonly Death[];
  /** Exchange and first routing key of the first publication: the message's own unless it was dead-lettered. */
  readonly origin: { readonly exchange: string; readonly routingKey: string };
  /** When the broker took the message in, where it stamps messages (3.12 and later, by configuration). */
  readonly enteredAt: UnixNano | null;
  /** When the broker handed it over (4.2 and later, by configuration). */
  readonly sentAt: UnixNano | null;
}

const REPLY_TO = 'amq.rabbitmq.reply-to.';
const NO_HEADERS: FieldTable = {};

/**
 * Decodes an event by its routing key (`publish.<exchange>`, `deliver.<queue>`) and its headers; undefined for what is no event.
 *
 * @param arrivedAtMs our clock, milliseconds since 1970: what decides how a cut timestamp is read
 */
export function decodeFirehoseEvent(
  routingKey: string,
  headers: unknown,
  arrivedAtMs: number,
): FirehoseEvent | undefined {
  const event = asTable(headers);
  const properties = asTable(event?.['properties']);
  const isPublish = routingKey.startsWith('publish.');
  if (event === undefined || properties === undefined || (!isPublish && !routingKey.startsWith('deliver.'))) {
    return undefined;
  }
  const own = asTable(properties['headers']) ?? NO_HEADERS;
  const exchange = textOf(event['exchange_name']);
  const routingKeys = asTexts(event['routing_keys']);
  const deaths = readDeaths(own);
  const queue = routingKey.slice('deliver.'.length);
  return {
    kind: isPublish ? 'publish' : 'deliver',
    vhost: textOf(event['vhost']),
    node: textOf(event['node']),
    connection: textOf(event['connection']),
    channel: asInteger(event['channel']) ?? 0,
    user: textOf(event['user']),
    exchange,
    routingKeys,
    queues: isPublish ? routedQueues(event['routed_queues']) : [queue],
    redelivered: event['redelivered'] === 1 || event['redelivered'] === true,
    directReply: isPublish ? exchange === '' && isReply(routingKeys[0]) : isReply(queue),
    properties: readProperties(properties, arrivedAtMs),
    headers: own,
    context: creationContext(own),
    deaths,
    origin: originOf(firstDeath(own, deaths) ?? { exchange, routingKeys }),
    enteredAt: stampMs(own['timestamp_in_ms']),
    sentAt: stampMs(own['x-opt-rabbitmq-sent-time']),
  };
}

function textOf(value: unknown): string {
  return asText(value) ?? '';
}

function originOf({ exchange, routingKeys }: Pick<Death, 'exchange' | 'routingKeys'>): FirehoseEvent['origin'] {
  return { exchange, routingKey: routingKeys[0] ?? '' };
}

function routedQueues(value: unknown): string[] | null {
  return Array.isArray(value) ? asTexts(value) : null;
}

function isReply(name: string | undefined): boolean {
  return name?.startsWith(REPLY_TO) ?? false;
}

function readProperties(properties: FieldTable, arrivedAtMs: number): MessageProperties {
  return {
    messageId: asText(properties['message_id']) ?? null,
    correlationId: asText(properties['correlation_id']) ?? null,
    contentType: asText(properties['content_type']) ?? null,
    type: asText(properties['type']) ?? null,
    appId: asText(properties['app_id']) ?? null,
    replyTo: asText(properties['reply_to']) ?? null,
    timestamp: tracedTimestamp(asInteger(properties['timestamp']), arrivedAtMs),
  };
}
