import type { DeadLetter, MessageEvent } from '../../model/message.ts';
import type { Alias, OrderReference } from '../../model/order.ts';
import { formatRfc3339, MAX_UNIX_NANO, msToNano, parseRfc3339, type UnixNano } from '../../model/units.ts';
import { isId } from '../bind/namings.ts';
import { REDACTED } from '../redact/sensitive-keys.ts';
import type { MessageConfig, OrderRule, Place, TransitionRule } from './config.ts';
import { matchesTopic, valueInRoutingKey } from './topic-pattern.ts';

/** What rules look at: a sighting after redaction, with its parsed body. */
export interface ReadMessage {
  readonly event: Pick<MessageEvent | DeadLetter, 'exchange' | 'routingKeys' | 'headers' | 'properties'>;
  /** The JSON of the body, redacted; undefined where there is none or no rule asks for it. */
  readonly json: unknown;
}

/** What a message says about orders. */
export interface MessageNaming {
  readonly order: OrderReference;
  /** Another id of the same order. */
  readonly alias: Alias | undefined;
}

/** A status that a message reports. */
export interface ReportedStatus {
  readonly status: string;
  /** Undefined where the message says no time. */
  readonly at: UnixNano | undefined;
}

const NO_ORDER: MessageNaming = { order: { kind: 'trace' }, alias: undefined };

/** Exchanges and routing keys whose decision is remembered; the table starts anew beyond it. */
const MAX_REMEMBERED = 10_000;

/** The configured rules over messages. */
export class MessageRules {
  readonly #config: MessageConfig;
  readonly #needsBody = new Map<string, boolean>();

  constructor(config: MessageConfig) {
    this.#config = config;
  }

  /** Whether a rule looks into bodies of such messages, or bodies are stored: only then is a body worth carrying. */
  needsBody(exchange: string, routingKey: string, bytes: number): boolean {
    if (bytes === 0 || bytes > this.#config.maxParsedBodyBytes) return false;
    if (this.#config.storeBodies) return true;
    const place = `${exchange}\n${routingKey}`;
    const known = this.#needsBody.get(place);
    if (known !== undefined) return known;
    const needs =
      this.#config.orders.some((rule) => rule.from.body !== undefined && concerns(rule, exchange, [routingKey])) ||
      this.#config.transitions.some(
        (rule) =>
          (rule.status?.body !== undefined || rule.at?.body !== undefined) && concerns(rule, exchange, [routingKey]),
      );
    if (this.#needsBody.size >= MAX_REMEMBERED) this.#needsBody.clear();
    this.#needsBody.set(place, needs);
    return needs;
  }

  /** The order that a message names: the first rule that finds a canonical id; an alias beside it is bound to it. */
  namingOf(message: ReadMessage): MessageNaming {
    let orderId: string | undefined;
    let alias: Alias | undefined;
    for (const rule of this.#config.orders) {
      if (rule.alias === undefined ? orderId !== undefined : alias !== undefined) continue;
      if (!concerns(rule, message.event.exchange, message.event.routingKeys)) continue;
      const value = valueAt(rule.from, message);
      if (value === undefined || !isId(value) || value === REDACTED) continue;
      if (rule.alias === undefined) orderId = value;
      else alias = { name: rule.alias, value };
    }
    if (orderId !== undefined) return { order: { kind: 'order', orderId }, alias };
    return alias === undefined ? NO_ORDER : { order: { kind: 'alias', alias }, alias };
  }

  /** The status that a message reports; the first rule that finds one wins. */
  statusOf(message: ReadMessage): ReportedStatus | undefined {
    for (const rule of this.#config.transitions) {
      if (!concerns(rule, message.event.exchange, message.event.routingKeys)) continue;
      const word = rule.is ?? (rule.status === undefined ? undefined : valueAt(rule.status, message));
      if (word === undefined || word === REDACTED) continue;
      const status = rule.map !== undefined && Object.hasOwn(rule.map, word) ? (rule.map[word] ?? word) : word;
      if (!isId(status)) continue;
      return { status, at: rule.at === undefined ? undefined : timeOf(valueAt(rule.at, message)) };
    }
    return undefined;
  }
}

function concerns(rule: OrderRule | TransitionRule, exchange: string, routingKeys: readonly string[]): boolean {
  if (rule.exchange !== undefined && rule.exchange !== exchange) return false;
  const { pattern } = rule;
  return pattern === undefined || routingKeys.some((key) => matchesTopic(pattern, key));
}

function valueAt(place: Place, { event, json }: ReadMessage): string | undefined {
  if (place.header !== undefined) return event.headers.find(({ key }) => key === place.header)?.value;
  if (place.body !== undefined) return valueInBody(json, place.body);
  if (place.routingKey !== undefined) {
    const template = place.routingKey;
    for (const key of event.routingKeys) {
      const value = valueInRoutingKey(template, key);
      if (value !== undefined) return value;
    }
    return undefined;
  }
  const { messageId, correlationId, type, appId, timestamp } = event.properties;
  const properties = {
    message_id: messageId,
    correlation_id: correlationId,
    type,
    app_id: appId,
    timestamp: timestamp === null ? null : formatRfc3339(timestamp),
  };
  return (place.property === undefined ? null : properties[place.property]) ?? undefined;
}

/** The text or number at a path of dotted names. */
function valueInBody(json: unknown, path: string): string | undefined {
  let at = json;
  for (const part of path.split('.')) {
    if (at === null || typeof at !== 'object') return undefined;
    const inner: unknown = Object.hasOwn(at, part) ? Reflect.get(at, part) : undefined;
    at = inner;
  }
  return typeof at === 'string' ? at : typeof at === 'number' && Number.isFinite(at) ? String(at) : undefined;
}

function timeOf(text: string | undefined): UnixNano | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{12,14}$/.test(text)) return parseRfc3339(text);
  const at = msToNano(Number(text));
  return at > MAX_UNIX_NANO ? undefined : at;
}
