import type { BrokerBinding } from '../../../wire/amqp/management.ts';
import { matchesTopic } from '../../../wire/amqp/topic-match.ts';

/** Whether a binding takes a message: always, never, or depending on what is not known of the message. */
export type Match = 'yes' | 'no' | 'maybe';

/** Judges a binding of an exchange of a type; `routingKey` is null where each message has its own. */
export function canMatch(exchangeType: string, binding: BrokerBinding, routingKey: string | null): Match {
  if (exchangeType === 'fanout') return 'yes';
  if (exchangeType === 'topic') {
    if (routingKey === null) return binding.routingKey === '#' ? 'yes' : 'maybe';
    return matchesTopic(binding.routingKey, routingKey) ? 'yes' : 'no';
  }
  if (exchangeType === 'direct') {
    if (routingKey === null) return 'maybe';
    return binding.routingKey === routingKey ? 'yes' : 'no';
  }
  // Headers exchanges look at headers, exchanges of plugins at anything.
  return 'maybe';
}
