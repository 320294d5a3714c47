/** What a span that received a message says about where it came from; undefined where it does not say. */
export interface ReceivingSpan {
  readonly name: string;
  /** `messaging.destination.name`: an exchange, a queue, or both with the routing key between them, as conventions and clients differ. */
  readonly destination: string | undefined;
  readonly routingKey: string | undefined;
  /** `messaging.source.name` of conventions 1.17 to 1.20: the queue. */
  readonly source: string | undefined;
}

const OPERATIONS = 'process|receive|deliver|consume';
/** Both orders are in use: `process orders` and `orders process`. */
const NAMED = new RegExp(`^(?:(?:${OPERATIONS}) (?<behind>.+)|(?<before>.+) (?:${OPERATIONS}))$`);
/** Names of the default exchange in spans: none, and that of RabbitMQ's .NET client. It routes by the name of the queue. */
const DEFAULT_EXCHANGES: ReadonlySet<string | undefined> = new Set(['', 'amq.default', '<default>']);

/**
 * The queue that a client received a message from, by its span; undefined where the span may mean an exchange: no figure is better than
 * one under a wrong name.
 */
export function queueOfSpan({ name, destination, routingKey, source }: ReceivingSpan): string | undefined {
  if (source !== undefined && source !== '') return source;
  const inWhole = queueOfDestination(destination, routingKey);
  if (inWhole !== undefined) return inWhole;
  const { behind, before } = NAMED.exec(name)?.groups ?? {};
  const named = behind ?? before;
  const saysRoute = routingKey !== undefined && routingKey !== '';
  if (DEFAULT_EXCHANGES.has(destination) && saysRoute) return routingKey;
  // A span that has a routing key was told of an exchange, and may repeat it in its name.
  if (named !== undefined && !(saysRoute && named === destination && named !== routingKey)) return named;
  return saysRoute || destination === '' ? undefined : destination;
}

/** Since 1.22 a destination is `exchange:routing key:queue`, empty parts left out. */
function queueOfDestination(destination = '', routingKey = ''): string | undefined {
  const route = `${routingKey}:`;
  const at = routingKey === '' ? -1 : destination.lastIndexOf(route);
  const queue = at < 0 ? destination.slice(destination.lastIndexOf(':') + 1) : destination.slice(at + route.length);
  return queue === '' || queue === destination || queue === routingKey ? undefined : queue;
}
