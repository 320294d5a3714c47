import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AsyncMessage, Connection, type Consumer, ConsumerStatus } from 'rabbitmq-client';
import type { WatchLimit } from '../../../model/queue.ts';
import type { BrokerBinding } from '../../../wire/amqp/management.ts';
import type { RabbitmqBrokerConfig } from '../config.ts';
import { credentials } from '../trace-queue.ts';
import type { WatchState } from './queue-details.ts';
import { keepBodiesRaw } from './raw-bodies.ts';

const PREFETCH = 100;
/** A broker that is away does not hold up the stop. */
const CLOSE_WITHIN_MS = 2000;
/** A user that may not bind is tried again after this: permissions change, and the broker logs every attempt. */
const DENIED_FOR_MS = 600_000;
/** Names of AMQP are short strings. */
const MAX_NAME_BYTES = 255;

/** A dead-letter queue that is to be watched, with the bindings by which dead letters come to it. */
export interface WantedShadow {
  readonly queue: string;
  readonly bindings: readonly BrokerBinding[];
}

/** What there is at the broker of ours. */
export interface PresentShadows {
  readonly queues: readonly string[];
  readonly bindings: readonly BrokerBinding[];
}

interface Shadow {
  readonly consumer: Consumer;
  readonly fingerprint: string;
  isReady: boolean;
}

/** Takes one copy; resolves to false where it could not be kept and the broker must keep it. */
export type TakeCopy = (message: AsyncMessage, queue: string) => Promise<boolean>;

/**
 * Queues of our own beside dead-letter queues: bound to the same exchanges by the same bindings, bounded, not durable, and deleted by the
 * broker when Waybill stays away. Nothing is taken from the dead-letter queues themselves.
 */
export class ShadowQueues {
  readonly #config: RabbitmqBrokerConfig;
  readonly #take: TakeCopy;
  readonly #shadows = new Map<string, Shadow>();
  readonly #denied = new Map<string, { until: number; limit: WatchLimit }>();
  #connection: Connection | undefined;

  constructor(config: RabbitmqBrokerConfig, take: TakeCopy) {
    this.#config = config;
    this.#take = take;
  }

  /** What names of our queues begin with. */
  get prefix(): string {
    return `${this.#config.queue.name}.dlq.`;
  }

  /** How a dead-letter queue is watched now. */
  stateOf(queue: string): WatchState {
    const denied = this.#denied.get(queue);
    if (denied !== undefined) return { watch: 'none', limit: denied.limit };
    const shadow = this.#shadows.get(queue);
    if (shadow === undefined) return { watch: 'none', limit: 'too_many' };
    return shadow.isReady ? { watch: 'shadow', limit: null } : { watch: 'none', limit: 'not_connected' };
  }

  /** Makes what is there into what is wanted: what is missing comes, what is not wanted any more goes. */
  async reconcile(wanted: readonly WantedShadow[], present: PresentShadows, now: number): Promise<void> {
    for (const [queue, { until }] of this.#denied) if (until <= now) this.#denied.delete(queue);
    const byQueue = new Map(wanted.map((shadow) => [shadow.queue, shadow]));
    for (const [queue, shadow] of this.#shadows) {
      if (byQueue.get(queue) !== undefined && fingerprintOf(byQueue.get(queue)) === shadow.fingerprint) continue;
      this.#shadows.delete(queue);
      // Not waited for: without a connection it takes its time.
      void shadow.consumer.close().catch(() => undefined);
    }
    for (const shadow of wanted) {
      if (!this.#shadows.has(shadow.queue) && !this.#denied.has(shadow.queue)) this.#open(shadow);
    }
    await this.#cleanUp(wanted, present);
  }

  /** Ends; the queues stay for the time that is configured, so that a restart misses nothing. */
  async stop(): Promise<void> {
    const shadows = [...this.#shadows.values()];
    this.#shadows.clear();
    const closed = Promise.all(shadows.map(({ consumer }) => consumer.close().catch(() => undefined)));
    await Promise.race([closed, sleep(CLOSE_WITHIN_MS, undefined, { ref: false })]);
    this.#connection?.unsafeDestroy();
    this.#connection = undefined;
  }

  #open(wanted: WantedShadow): void {
    this.#connection ??= this.#connect();
    const { maxLength, maxBytes, expiresMs } = this.#config.deadLetters;
    const queue = this.#nameOf(wanted.queue);
    const consumer = this.#connection.createConsumer(
      {
        queue,
        queueOptions: {
          queue,
          durable: false,
          arguments: {
            'x-max-length': maxLength,
            'x-max-length-bytes': maxBytes,
            'x-overflow': 'drop-head',
            'x-expires': expiresMs,
          },
        },
        queueBindings: wanted.bindings.map((binding) => ({
          queue,
          exchange: binding.source,
          routingKey: binding.routingKey,
          arguments: { ...binding.arguments },
        })),
        qos: { prefetchCount: PREFETCH },
      },
      async (message) => ((await this.#take(message, wanted.queue)) ? ConsumerStatus.ACK : ConsumerStatus.REQUEUE),
    );
    const shadow: Shadow = { consumer, fingerprint: fingerprintOf(wanted), isReady: false };
    this.#shadows.set(wanted.queue, shadow);
    consumer.on('ready', () => {
      shadow.isReady = true;
    });
    consumer.on('error', (error: unknown) => {
      shadow.isReady = false;
      this.#onError(wanted.queue, codeOf(error));
    });
  }

  #onError(queue: string, code: string | undefined): void {
    const limit = code === 'ACCESS_REFUSED' ? 'not_permitted' : undefined;
    if (limit !== undefined) this.#denied.set(queue, { until: Date.now() + DENIED_FOR_MS, limit });
    // An exchange that is gone, a queue with other limits: the next look at the broker says what is right now.
    const isForGood = limit !== undefined || code === 'NOT_FOUND' || code === 'PRECONDITION_FAILED';
    const shadow = this.#shadows.get(queue);
    if (!isForGood || shadow === undefined) return;
    this.#shadows.delete(queue);
    void shadow.consumer.close().catch(() => undefined);
    if (code !== 'PRECONDITION_FAILED') return;
    // It was declared with other limits, by another configuration; it holds copies only.
    void this.#connection?.queueDelete({ queue: this.#nameOf(queue) }).catch(() => undefined);
  }

  #connect(): Connection {
    const { vhost, retryMaxMs } = this.#config;
    const connection = new Connection({
      ...credentials(this.#config),
      vhost,
      connectionName: 'waybill dead letters',
      heartbeat: 20,
      retryHigh: retryMaxMs,
    });
    keepBodiesRaw(connection);
    connection.on('error', () => {
      for (const shadow of this.#shadows.values()) shadow.isReady = false;
    });
    return connection;
  }

  /** Removes bindings that are not wanted any more, and queues of ours that nobody uses. */
  async #cleanUp(wanted: readonly WantedShadow[], present: PresentShadows): Promise<void> {
    const connection = this.#connection;
    if (connection?.ready !== true) return;
    const names = new Map(wanted.map((shadow) => [this.#nameOf(shadow.queue), shadow]));
    for (const queue of present.queues) {
      if (!queue.startsWith(this.prefix) || names.has(queue)) continue;
      await connection.queueDelete({ queue, ifUnused: true }).catch(() => undefined);
    }
    for (const { source, destination, toQueue, routingKey, arguments: args } of present.bindings) {
      const shadow = toQueue && source !== '' ? names.get(destination) : undefined;
      if (shadow === undefined) continue;
      const isWanted = shadow.bindings.some((binding) => sameBinding(binding, { source, routingKey, arguments: args }));
      if (isWanted) continue;
      const binding = { queue: destination, exchange: source, routingKey, arguments: { ...args } };
      await connection.queueUnbind(binding).catch(() => undefined);
    }
  }

  #nameOf(queue: string): string {
    const name = this.prefix + queue;
    if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
    return this.prefix + createHash('sha256').update(queue).digest('hex').slice(0, 32);
  }
}

type Bound = Pick<BrokerBinding, 'source' | 'routingKey' | 'arguments'>;

function sameBinding(a: Bound, b: Bound): boolean {
  return textOf(a) === textOf(b);
}

function textOf({ source, routingKey, arguments: args }: Bound): string {
  return JSON.stringify([source, routingKey, Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function fingerprintOf(wanted: WantedShadow | undefined): string {
  return (wanted?.bindings ?? []).map(textOf).sort().join('\n');
}

function codeOf(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
