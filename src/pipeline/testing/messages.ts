import type { MessageEvent } from '../../model/message.ts';
import type { InFlight, InFlightMessage } from '../in-flight.ts';

const PUBLISHED: MessageEvent = {
  kind: 'publish',
  vhost: '/',
  queues: ['crm'],
  exchange: 'orders',
  routingKeys: ['order.status.paid'],
  message: { kind: 'message_id', key: 'ab'.repeat(16), occurrence: 0 },
  arrivedAt: 1_700_000_000_000_000_000n,
  stampedAt: null,
  enteredAt: null,
  reliable: true,
  latenessMs: 1,
  redelivered: false,
  repeated: false,
  directReply: false,
  service: 'shop',
  node: 'rabbit@one',
  context: null,
  properties: {
    messageId: 'm-1',
    correlationId: null,
    contentType: 'application/json',
    type: null,
    appId: null,
    replyTo: null,
    timestamp: null,
  },
  headers: [],
  bodyBytes: 0,
  body: null,
};

/** A publication to the queue `crm`, changed as the test says. */
export function messageEvent(change: Partial<MessageEvent> = {}): MessageEvent {
  return { ...PUBLISHED, ...change };
}

/** A batch of sightings as it enters the pipeline. */
export function messagesInFlight(events: readonly MessageEvent[]): InFlight & { readonly events: InFlightMessage[] } {
  const inFlight = events.map(
    (event): InFlightMessage => ({
      event,
      json: undefined,
      order: { kind: 'trace' },
      alias: undefined,
      traceId: event.context?.traceId ?? null,
    }),
  );
  return {
    observedAt: 1_700_000_001_000_000_000n,
    spans: undefined,
    messages: { broker: 'main', events: inFlight, deadLetters: [] },
    facts: [],
    attributes: [],
    binding: undefined,
    events: inFlight,
  };
}
