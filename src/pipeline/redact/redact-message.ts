import type { DeadLetter, MessageEvent, MessageProperties, TextPair } from '../../model/message.ts';
import type { InFlightMessage } from '../in-flight.ts';
import { redactFreeText } from './free-text.ts';
import { isSensitiveKey, isUrlKey, REDACTED, redactJson, redactUrl } from './sensitive-keys.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Replaces what must not be stored in the headers and the body of a message; returns how many values it replaced. */
export function redactMessage<Event extends MessageEvent | DeadLetter>(
  message: InFlightMessage<Event>,
  extra: ReadonlySet<string>,
): number {
  const { event } = message;
  let redacted = 0;
  const headers = event.headers.map((pair) => {
    const safe = redactPair(pair, extra);
    if (safe !== pair) redacted += 1;
    return safe;
  });
  const parsed = event.body === null ? undefined : parseJson(event.body);
  const text = parsed === undefined ? undefined : redactJson(JSON.stringify(parsed), extra);
  if (text !== undefined) redacted += 1;
  message.json = text === undefined ? parsed : JSON.parse(text);
  const properties = redactProperties(event.properties, extra);
  if (properties !== event.properties) redacted += 1;
  message.event = { ...event, properties, headers, body: null };
  return redacted;
}

/** Ids are texts of the publisher, and are shown and searched: they go by the same rules as headers of their names, and as prose. */
function redactProperties(properties: MessageProperties, extra: ReadonlySet<string>): MessageProperties {
  const safe = (key: string, value: string | null): string | null =>
    value === null ? null : redactFreeText(redactPair({ key, value }, extra).value, extra);
  const messageId = safe('message_id', properties.messageId);
  const correlationId = safe('correlation_id', properties.correlationId);
  if (messageId === properties.messageId && correlationId === properties.correlationId) return properties;
  return { ...properties, messageId, correlationId };
}

function redactPair(pair: TextPair, extra: ReadonlySet<string>): TextPair {
  const { key, value } = pair;
  if (isSensitiveKey(key, extra)) return value === REDACTED ? pair : { key, value: REDACTED };
  if (isUrlKey(key)) {
    const safe = redactUrl(value, extra);
    return safe === value ? pair : { key, value: safe };
  }
  if (!value.startsWith('{') && !value.startsWith('[')) return pair;
  // Composite headers are JSON; text that only looks so is not, and what is not understood is not kept.
  const safe = redactJson(value, extra);
  return safe === undefined ? pair : { key, value: safe };
}

/** A JSON object or array; undefined for every other body. */
function parseJson(body: Uint8Array): unknown {
  const first = body.find((byte) => byte > 0x20);
  if (first !== 0x7b && first !== 0x5b) return undefined;
  try {
    return JSON.parse(decoder.decode(body));
  } catch {
    return undefined;
  }
}
