import type { StatusFact } from '../../model/order.ts';
import type { InFlight, InFlightMessage } from '../in-flight.ts';
import { ClientMessages } from './client-messages.ts';
import type { MessageConfig } from './config.ts';
import type { MessageRules } from './message-rules.ts';
import { MessageSpans, timeOf, traceIdOf } from './message-spans.ts';

/**
 * Binds messages to the orders that they name, finds the statuses that they report, and makes spans of them. Of spans that clients sent
 * themselves it reads when messages were sent and received.
 */
export class MessageBinder {
  readonly #config: MessageConfig;
  readonly #rules: MessageRules;
  readonly #spans: MessageSpans;
  readonly #clients = new ClientMessages();

  /** @param orderIdAttribute an attribute that the binder of spans takes for the canonical order id */
  constructor(config: MessageConfig, rules: MessageRules, orderIdAttribute: string) {
    this.#config = config;
    this.#rules = rules;
    const storedBodyBytes = config.storeBodies ? config.maxStoredBodyBytes : 0;
    this.#spans = new MessageSpans({ orderIdAttribute, storedBodyBytes });
  }

  bind(batch: InFlight): void {
    const { messages } = batch;
    if (messages === undefined) {
      if (batch.spans !== undefined) batch.clientMessages = this.#clients.read(batch.spans);
      return;
    }
    for (const message of messages.deadLetters) message.order = this.#rules.namingOf(message).order;
    const withSpans: InFlightMessage[] = [];
    for (const message of messages.events) {
      const { order, alias } = this.#rules.namingOf(message);
      message.order = order;
      message.alias = alias;
      const hasSpan = this.#becomesSpan(message);
      if (hasSpan) {
        message.traceId = traceIdOf(message.event);
        withSpans.push(message);
      }
      const fact = this.#factOf(message, batch);
      if (fact !== undefined) batch.facts.push(fact);
    }
    batch.spans = this.#spans.make(withSpans, messages.broker);
  }

  #becomesSpan({ event, order }: InFlightMessage): boolean {
    if (this.#config.spans !== 'named') return this.#config.spans === 'all';
    return event.context !== null || order.kind !== 'trace';
  }

  /**
   * The status that a publication reports. Deliveries report it again and say nothing new: with a time of their own they would look like
   * another entry into the status.
   */
  #factOf(message: InFlightMessage, batch: InFlight): StatusFact | undefined {
    const { event, order, traceId } = message;
    if (event.kind !== 'publish') return undefined;
    // A message that names no order reports for that of its trace; without a trace it reports for none.
    if (order.kind === 'trace' && traceId === null) return undefined;
    const reported = this.#rules.statusOf(message);
    if (reported === undefined) return undefined;
    return {
      order,
      status: reported.status,
      occurredAt: reported.at ?? timeOf(event),
      observedAt: batch.observedAt,
      source: event.service,
      evidenceKind: 'message',
      evidenceId: `message:${event.message.key}:${event.message.occurrence}`,
      sequence: 0,
      traceId,
      spanId: event.context?.spanId ?? null,
    };
  }
}
