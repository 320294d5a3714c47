import type { DeadLetterSource } from '../../../model/queue.ts';
import type { BrokerBinding, BrokerExchange, BrokerQueue } from '../../../wire/amqp/management.ts';
import { canMatch, type Match } from './binding-match.ts';

/** What a virtual host consists of. */
export interface BrokerObjects {
  readonly queues: readonly BrokerQueue[];
  readonly exchanges: readonly BrokerExchange[];
  readonly bindings: readonly BrokerBinding[];
}

/** A queue that dead letters come into. */
export interface DeadLetterQueue {
  readonly queue: string;
  readonly sources: readonly DeadLetterSource[];
  /** The bindings by which they come; none where they come over the default exchange only. */
  readonly bindings: readonly BrokerBinding[];
  /** Some source reaches it over the default exchange, where nothing else can be bound. */
  readonly overDefaultExchange: boolean;
}

/** Where the dead letters of a virtual host go. */
export interface DeadLetterTopology {
  /** By name of the dead-letter queue. */
  readonly queues: ReadonlyMap<string, DeadLetterQueue>;
  /** Dead-letter queues of each source queue. */
  readonly targets: ReadonlyMap<string, readonly string[]>;
  /** Source queues whose dead-letter exchange is missing or leads to no queue: the broker drops their dead letters. */
  readonly lost: ReadonlySet<string>;
  /** `source\ntarget` of the ways on which messages come back to work after their time in a retry queue: no dead letters. */
  readonly returns: ReadonlySet<string>;
}

/** What a queue does with its dead letters and how it limits itself: arguments stand over policies, of two lengths the shorter counts. */
export interface QueueRules {
  readonly deadLetterExchange: string | null;
  readonly deadLetterRoutingKey: string | null;
  readonly messageTtlMs: number | null;
  readonly maxLength: number | null;
  readonly maxLengthBytes: number | null;
  readonly overflow: string | null;
  readonly deliveryLimit: number | null;
}

/** Reads the rules in force of a queue. */
export function rulesOf({ arguments: args, policyDefinition: policy }: BrokerQueue): QueueRules {
  const text = (name: string): string | null => asText(args[`x-${name}`]) ?? asText(policy[name]) ?? null;
  const least = (name: string): number | null => {
    const found = [args[`x-${name}`], policy[name]].filter((value) => typeof value === 'number');
    return found.length === 0 ? null : Math.min(...found);
  };
  return {
    deadLetterExchange: text('dead-letter-exchange'),
    deadLetterRoutingKey: text('dead-letter-routing-key'),
    messageTtlMs: least('message-ttl'),
    maxLength: least('max-length'),
    maxLengthBytes: least('max-length-bytes'),
    overflow: text('overflow'),
    deliveryLimit: least('delivery-limit'),
  };
}

interface Way {
  readonly source: BrokerQueue;
  readonly target: string;
  readonly certain: boolean;
  readonly bindings: readonly BrokerBinding[];
}

/** Discovers where dead letters of one virtual host go, over exchange-to-exchange bindings and alternate exchanges too. */
export function deadLetterTopology(objects: BrokerObjects): DeadLetterTopology {
  const router = new Router(objects);
  const ways: Way[] = [];
  const lost = new Set<string>();
  for (const source of objects.queues) {
    const { deadLetterExchange, deadLetterRoutingKey } = rulesOf(source);
    if (deadLetterExchange === null) continue;
    const found = router.waysFrom(source, deadLetterExchange, deadLetterRoutingKey);
    if (found.length === 0) lost.add(source.name);
    ways.push(...found);
  }
  const targets = new Map<string, string[]>();
  for (const { source, target } of ways) targets.set(source.name, [...(targets.get(source.name) ?? []), target]);
  const waits = new Set(objects.queues.filter((queue) => rulesOf(queue).messageTtlMs !== null).map(({ name }) => name));
  const returns = new Set<string>();
  const queues = new Map<string, DeadLetterQueue>();
  for (const way of ways) {
    // A message that dies and comes back at once to where it died never left.
    if (way.target === way.source.name) continue;
    const cyclic = reaches(targets, way.target, way.source.name);
    // A retry: messages wait in the source until their time is over and go back to the queue that sent them there.
    if (cyclic && waits.has(way.source.name) && !waits.has(way.target)) {
      returns.add(`${way.source.name}\n${way.target}`);
      continue;
    }
    queues.set(way.target, withWay(queues.get(way.target), way, cyclic));
  }
  return { queues, targets, lost, returns };
}

function withWay(known: DeadLetterQueue | undefined, { source, target, certain, bindings }: Way, cyclic: boolean) {
  const { deadLetterExchange, deadLetterRoutingKey: routingKey } = rulesOf(source);
  const exchange = deadLetterExchange ?? '';
  return {
    queue: target,
    sources: [...(known?.sources ?? []), { queue: source.name, exchange, routingKey, certain, cyclic }],
    bindings: [...new Set([...(known?.bindings ?? []), ...bindings])],
    overDefaultExchange: (known?.overDefaultExchange ?? false) || exchange === '',
  };
}

/** Whether dead letters can get from one queue to another, over any number of queues. */
function reaches(targets: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  const seen = new Set([from]);
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === to) return true;
    for (const next of targets.get(at) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return false;
}

/** Follows messages through exchanges to queues. */
class Router {
  readonly #queues: ReadonlySet<string>;
  readonly #exchanges: ReadonlyMap<string, BrokerExchange>;
  readonly #bySource = new Map<string, BrokerBinding[]>();
  readonly #byQueue = new Map<string, BrokerBinding[]>();

  constructor({ queues, exchanges, bindings }: BrokerObjects) {
    this.#queues = new Set(queues.map(({ name }) => name));
    this.#exchanges = new Map(exchanges.map((exchange) => [exchange.name, exchange]));
    for (const binding of bindings) {
      this.#bySource.set(binding.source, [...(this.#bySource.get(binding.source) ?? []), binding]);
      if (!binding.toQueue) continue;
      this.#byQueue.set(binding.destination, [...(this.#byQueue.get(binding.destination) ?? []), binding]);
    }
  }

  waysFrom(source: BrokerQueue, exchange: string, routingKey: string | null): Way[] {
    if (exchange === '') return this.#overDefaultExchange(source, routingKey);
    const found = new Map<string, { certain: boolean; bindings: BrokerBinding[] }>();
    this.#walk(exchange, { routingKey, certain: true, seen: new Set() }, (binding, certain) => {
      if (!this.#queues.has(binding.destination)) return;
      const known = found.get(binding.destination);
      found.set(binding.destination, {
        certain: certain || (known?.certain ?? false),
        bindings: [...(known?.bindings ?? []), binding],
      });
    });
    return [...found].map(([target, way]) => ({ source, target, ...way }));
  }

  /** The default exchange takes the routing key for the name of the queue. */
  #overDefaultExchange(source: BrokerQueue, routingKey: string | null): Way[] {
    const names =
      routingKey === null
        ? [source.name, ...(this.#byQueue.get(source.name) ?? []).map((binding) => binding.routingKey)]
        : [routingKey];
    return [...new Set(names)]
      .filter((name) => this.#queues.has(name))
      .map((target) => ({ source, target, certain: routingKey !== null, bindings: [] }));
  }

  #walk(
    name: string,
    path: { routingKey: string | null; certain: boolean; seen: Set<string> },
    arrive: (binding: BrokerBinding, certain: boolean) => void,
  ): void {
    const exchange = this.#exchanges.get(name);
    // Exchanges may be bound in circles; a message passes each once.
    if (exchange === undefined || path.seen.has(name)) return;
    path.seen.add(name);
    let best: Match = 'no';
    for (const binding of this.#bySource.get(name) ?? []) {
      const match = canMatch(exchange.type, binding, path.routingKey);
      if (match === 'no') continue;
      if (best !== 'yes') best = match;
      const certain = path.certain && match === 'yes';
      if (binding.toQueue) arrive(binding, certain);
      else this.#walk(binding.destination, { ...path, certain }, arrive);
    }
    if (best === 'yes' || exchange.alternate === null) return;
    this.#walk(exchange.alternate, { ...path, certain: path.certain && best === 'no' }, arrive);
  }
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
