import { z } from 'zod';
import type { QueueRates } from '../../model/queue.ts';

/** A queue as the management API lists it. */
export interface BrokerQueue {
  readonly vhost: string;
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly policy: string | null;
  /** What the policy and the operator policy that apply say together; arguments stand over it. */
  readonly policyDefinition: Readonly<Record<string, unknown>>;
  /** Null while the broker has no figures yet, after its start or that of the queue. */
  readonly depth: { readonly ready: number; readonly unacked: number; readonly consumers: number } | null;
  readonly rates: QueueRates | null;
}

export interface BrokerExchange {
  readonly vhost: string;
  readonly name: string;
  readonly type: string;
  /** Where messages go that no binding takes. */
  readonly alternate: string | null;
}

export interface BrokerBinding {
  readonly vhost: string;
  /** Name of the exchange. */
  readonly source: string;
  readonly destination: string;
  readonly toQueue: boolean;
  readonly routingKey: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A page of a list, and how many there are on all pages. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly pages: number;
  readonly total: number;
}

/** Columns that are asked for: the whole answer is ten times as long. */
const QUEUE_COLUMNS = [
  'name',
  'vhost',
  'type',
  'durable',
  'exclusive',
  'arguments',
  'policy',
  'effective_policy_definition',
  'messages_ready',
  'messages_unacknowledged',
  'consumers',
  'message_stats.publish_details.rate',
  'message_stats.deliver_get_details.rate',
  'message_stats.ack_details.rate',
];

/** Path of one page of the queues of a virtual host. */
export function queuesPath(vhost: string, page: number, pageSize: number): string {
  return `/api/queues/${encodeURIComponent(vhost)}?page=${page}&page_size=${pageSize}&columns=${QUEUE_COLUMNS.join(',')}`;
}

/** Path of the exchanges of a virtual host. */
export function exchangesPath(vhost: string): string {
  return `/api/exchanges/${encodeURIComponent(vhost)}?columns=name,vhost,type,arguments,policy,effective_policy_definition`;
}

/** Path of the bindings of a virtual host. */
export function bindingsPath(vhost: string): string {
  return `/api/bindings/${encodeURIComponent(vhost)}`;
}

// Older brokers write an empty table as an empty array.
const table = z
  .union([z.record(z.string(), z.unknown()), z.array(z.unknown()).max(0), z.null()])
  .default({})
  .transform((value): Readonly<Record<string, unknown>> => (value === null || Array.isArray(value) ? {} : value));
const count = z.number().min(0).nullish();
const rate = z.object({ rate: z.number().nullish() }).nullish();

const queue = z
  .object({
    name: z.string(),
    vhost: z.string(),
    // A queue that is being declared or whose node is down has little else.
    type: z.string().nullish(),
    durable: z.boolean().default(true),
    exclusive: z.boolean().nullish(),
    arguments: table,
    policy: z.string().nullish(),
    effective_policy_definition: table,
    messages_ready: count,
    messages_unacknowledged: count,
    consumers: count,
    message_stats: z
      .object({ publish_details: rate, deliver_get_details: rate, ack_details: rate })
      .or(
        z
          .array(z.unknown())
          .max(0)
          .transform(() => undefined),
      )
      .nullish(),
  })
  .transform((row): BrokerQueue => {
    const stats = row.message_stats ?? undefined;
    return {
      vhost: row.vhost,
      name: row.name,
      type: row.type ?? '',
      durable: row.durable,
      exclusive: row.exclusive ?? false,
      arguments: row.arguments,
      policy: row.policy ?? null,
      policyDefinition: row.effective_policy_definition,
      depth:
        typeof row.messages_ready === 'number'
          ? { ready: row.messages_ready, unacked: row.messages_unacknowledged ?? 0, consumers: row.consumers ?? 0 }
          : null,
      rates: {
        publish: stats?.publish_details?.rate ?? 0,
        deliver: stats?.deliver_get_details?.rate ?? 0,
        ack: stats?.ack_details?.rate ?? 0,
      },
    };
  });

const queuePage = z.object({ items: z.array(queue), page_count: z.number(), total_count: z.number() });

const exchange = z
  .object({
    name: z.string(),
    vhost: z.string(),
    type: z.string(),
    arguments: table,
    effective_policy_definition: table,
  })
  .transform((row): BrokerExchange => {
    const alternate = row.arguments['alternate-exchange'] ?? row.effective_policy_definition['alternate-exchange'];
    return {
      vhost: row.vhost,
      name: row.name,
      type: row.type,
      alternate: typeof alternate === 'string' ? alternate : null,
    };
  });

const binding = z
  .object({
    vhost: z.string(),
    source: z.string(),
    destination: z.string(),
    destination_type: z.string(),
    routing_key: z.string(),
    arguments: table,
  })
  .transform(
    (row): BrokerBinding => ({
      vhost: row.vhost,
      source: row.source,
      destination: row.destination,
      toQueue: row.destination_type === 'queue',
      routingKey: row.routing_key,
      arguments: row.arguments,
    }),
  );

/** Reads a page of queues; throws ZodError where it is not what brokers answer. */
export function parseQueuePage(json: unknown): Page<BrokerQueue> {
  const page = queuePage.parse(json);
  return { items: page.items, pages: page.page_count, total: page.total_count };
}

/** Reads exchanges; as `parseQueuePage`. */
export function parseExchanges(json: unknown): BrokerExchange[] {
  return z.array(exchange).parse(json);
}

/** Reads bindings; as `parseQueuePage`. */
export function parseBindings(json: unknown): BrokerBinding[] {
  return z.array(binding).parse(json);
}
