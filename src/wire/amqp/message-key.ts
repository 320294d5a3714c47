import { hash } from 'node:crypto';
import type { CreationContext, MessageKey, MessageProperties } from '../../model/message.ts';

/** What a message is told by: everything in it that stays the same from its publication to its last delivery. */
export interface MessageIdentity {
  readonly context: CreationContext | null;
  readonly properties: Pick<MessageProperties, 'messageId' | 'correlationId'>;
  /** Exchange and first routing key of the first publication: those of the first death where the message was dead-lettered. */
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Uint8Array;
}

/** Bytes of a body that are hashed, half at each end; the length counts too. */
const HASHED_BYTES = 65_536;

/**
 * Names a message: by the span that created it, else by its message id, else by its correlation id, else by its body alone. The body is
 * part of every name, because spans, ids and correlations are shared by messages that are not the same.
 *
 * @param salt of this installation: names tell nothing about bodies to who does not know it
 */
export function messageKeyOf(identity: MessageIdentity, salt: string): Omit<MessageKey, 'occurrence'> {
  const { context, properties, exchange, routingKey, body } = identity;
  const content = bodyDigest(body);
  const { messageId, correlationId } = properties;
  const ids = `${messageId ?? ''}\n${correlationId ?? ''}`;
  if (context !== null) return named('trace', `${context.traceId}${context.spanId}\n${ids}`, content, salt);
  if (messageId !== null && messageId !== '') return named('message_id', ids, content, salt);
  const route = `${exchange}\n${routingKey}`;
  if (correlationId !== null && correlationId !== '') {
    return named('correlation_id', `${correlationId}\n${route}`, content, salt);
  }
  return named('body', route, content, salt);
}

function named(kind: MessageKey['kind'], by: string, content: string, salt: string): Omit<MessageKey, 'occurrence'> {
  return { kind, key: hash('sha256', `${salt}\n${kind}\n${by}\n${content}`, 'hex').slice(0, 32) };
}

function bodyDigest(body: Uint8Array): string {
  const { length } = body;
  if (length <= HASHED_BYTES) return hash('sha1', body, 'hex');
  const ends = Buffer.concat([body.subarray(0, HASHED_BYTES / 2), body.subarray(length - HASHED_BYTES / 2)]);
  return `${length} ${hash('sha1', ends, 'hex')}`;
}
