import type { AsyncMessage } from 'rabbitmq-client';
import type { DeadLetter, MessageProperties } from '../../../model/message.ts';
import { msToNano, type UnixNano } from '../../../model/units.ts';
import { creationContext } from '../../../wire/amqp/creation-context.ts';
import { deadLetterOf } from '../../../wire/amqp/dead-letter.ts';
import { firstDeath, readDeaths } from '../../../wire/amqp/deaths.ts';
import { asTable, type FieldTable } from '../../../wire/amqp/field-values.ts';
import { messageKeyOf } from '../../../wire/amqp/message-key.ts';

/** What is needed to read dead letters. */
export interface LetterReader {
  readonly vhost: string;
  /** See `messageKeyOf`. */
  readonly salt: string;
  /** Whether a rule wants to look into the body of such a message. */
  readonly needsBody: (exchange: string, routingKey: string, bytes: number) => boolean;
  readonly now: () => UnixNano;
}

type Delivered = Pick<
  AsyncMessage,
  | 'headers'
  | 'body'
  | 'exchange'
  | 'routingKey'
  | 'messageId'
  | 'correlationId'
  | 'contentType'
  | 'type'
  | 'appId'
  | 'replyTo'
  | 'timestamp'
>;

const NO_BYTES = new Uint8Array(0);
const NO_HEADERS: FieldTable = {};

/** Reads a copy of a message that came to a dead-letter queue; undefined where the message did not die. */
export function readLetter(message: Delivered, queue: string, reader: LetterReader): DeadLetter | undefined {
  const headers = asTable(message.headers) ?? NO_HEADERS;
  const first = firstDeath(headers, readDeaths(headers));
  const body: Uint8Array = message.body instanceof Uint8Array ? message.body : NO_BYTES;
  const exchange = first?.exchange ?? message.exchange;
  const routingKey = first?.routingKeys[0] ?? message.routingKey;
  const properties = propertiesOf(message);
  const context = creationContext(headers);
  return deadLetterOf({
    vhost: reader.vhost,
    queue,
    headers,
    properties,
    context,
    messageKey: messageKeyOf({ context, properties, exchange, routingKey, body }, reader.salt).key,
    bodyBytes: body.length,
    body: reader.needsBody(exchange, routingKey, body.length) ? body : null,
    observedAt: reader.now(),
    resolution: null,
  });
}

function propertiesOf(message: Delivered): MessageProperties {
  return {
    messageId: message.messageId ?? null,
    correlationId: message.correlationId ?? null,
    contentType: message.contentType ?? null,
    type: message.type ?? null,
    appId: message.appId ?? null,
    replyTo: message.replyTo ?? null,
    timestamp: timeOf(message.timestamp),
  };
}

/** AMQP says seconds, many clients write milliseconds: a second of the year 5138 is taken for a millisecond. */
function timeOf(timestamp: number | undefined): UnixNano | null {
  if (timestamp === undefined || !Number.isSafeInteger(timestamp) || timestamp <= 0) return null;
  const ms = timestamp < 100_000_000_000 ? timestamp * 1000 : timestamp;
  return ms < 9_000_000_000_000 ? msToNano(ms) : null;
}
