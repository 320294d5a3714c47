import { type AsyncMessage, type Channel, Connection } from 'rabbitmq-client';
import { orAborted } from '../../model/or-aborted.ts';
import type { RabbitmqBrokerConfig } from './config.ts';
import type { Step } from './explain-failure.ts';

const TRACE_EXCHANGE = 'amq.rabbitmq.trace';
const CONNECT_TIMEOUT_MS = 10_000;
const RPC_TIMEOUT_MS = 5_000;

/** A failure with what was being done. */
export class TraceQueueError extends Error {
  readonly step: Step;

  constructor(step: Step, cause: unknown) {
    super(`the tracer failed to ${step}`, { cause });
    this.name = 'TraceQueueError';
    this.step = step;
  }
}

/** One connection to the broker with the tracer's queue; ended by the first failure and never used again. */
export class TraceQueue {
  readonly #config: RabbitmqBrokerConfig;
  readonly #connection: Connection;
  #channel: Channel | undefined;
  readonly #lost = new AbortController();
  #step: Step = 'connect';
  /** Aborted with a TraceQueueError when the connection or the queue is lost. */
  readonly lost: AbortSignal = this.#lost.signal;

  private constructor(config: RabbitmqBrokerConfig) {
    this.#config = config;
    this.#connection = new Connection({
      ...credentials(config),
      vhost: config.vhost,
      connectionName: 'waybill tracer',
      connectionTimeout: CONNECT_TIMEOUT_MS,
      heartbeat: 20,
      frameMax: 131_072,
      noDelay: true,
    });
    this.#connection.on('error', (error) => this.#fail(error));
  }

  /** Connects, declares the queue, and consumes. @throws TraceQueueError */
  static async open(
    config: RabbitmqBrokerConfig,
    onMessage: (message: AsyncMessage, queue: TraceQueue) => void,
    onBlocked: (blocked: boolean) => void,
  ): Promise<TraceQueue> {
    const queue = new TraceQueue(config);
    try {
      await orAborted(queue.#setUp(onMessage, onBlocked), queue.lost);
      return queue;
    } catch (error) {
      queue.destroy();
      throw error instanceof TraceQueueError ? error : new TraceQueueError(queue.#step, error);
    }
  }

  /** Whether acknowledgements can still reach the broker. */
  get active(): boolean {
    return this.#channel?.active ?? false;
  }

  /** Takes events: binds the queue to the trace exchange. Idempotent. */
  async bind(): Promise<void> {
    await this.#rpc('bind', async (channel) => {
      for (const routingKey of this.#config.bind) {
        await channel.queueBind({ queue: this.#config.queue.name, exchange: TRACE_EXCHANGE, routingKey });
      }
    });
  }

  /** Takes no more events. Idempotent. */
  async unbind(): Promise<void> {
    await this.#rpc('bind', async (channel) => {
      for (const routingKey of this.#config.bind) {
        await channel.queueUnbind({ queue: this.#config.queue.name, exchange: TRACE_EXCHANGE, routingKey });
      }
    });
  }

  /**
   * Events that wait at the broker, and how long the question took: its answer stands behind all events that are under way, so it tells
   * how late arrivals are.
   */
  async probe(): Promise<{ backlog: number; roundTripMs: number }> {
    const startedAt = performance.now();
    const { messageCount } = await this.#rpc('run', (channel) =>
      channel.queueDeclare({ queue: this.#config.queue.name, passive: true }),
    );
    return { backlog: messageCount, roundTripMs: performance.now() - startedAt };
  }

  /** Acknowledges everything up to a delivery. */
  acknowledge(deliveryTag: number): void {
    if (this.#channel?.active === true) this.#channel.basicAck({ deliveryTag, multiple: true });
  }

  /** Ends at once; what is not acknowledged comes again. Idempotent. */
  destroy(): void {
    this.#connection.unsafeDestroy();
  }

  /** Ends in order. */
  async close(): Promise<void> {
    await Promise.race([this.#channel?.close(), timeout(RPC_TIMEOUT_MS)]).catch(() => undefined);
    this.destroy();
  }

  async #setUp(
    onMessage: (message: AsyncMessage, queue: TraceQueue) => void,
    onBlocked: (blocked: boolean) => void,
  ): Promise<void> {
    await new Promise<void>((resolve) => this.#connection.once('connection', resolve));
    this.#connection.on('connection.blocked', () => onBlocked(true));
    this.#connection.on('connection.unblocked', () => onBlocked(false));
    this.#step = 'declare';
    await this.#declare();
    const channel = await this.#open();
    this.#channel = channel;
    channel.on('basic.cancel', () => this.#fail({ code: 'QUEUE_DELETED' }));
    await channel.basicQos({ prefetchCount: this.#config.prefetch });
    this.#step = 'consume';
    // Alone: two consumers would each see a part of the events.
    await channel.basicConsume({ queue: this.#config.queue.name, exclusive: true }, (message) =>
      onMessage(message, this),
    );
    this.#step = 'run';
  }

  async #declare(): Promise<void> {
    const { name, maxLength, maxBytes, ttlMs, expiresMs } = this.#config.queue;
    const declaration = {
      queue: name,
      durable: false,
      arguments: {
        'x-max-length': maxLength,
        'x-max-length-bytes': maxBytes,
        'x-message-ttl': ttlMs,
        'x-expires': expiresMs,
        'x-overflow': 'drop-head' as const,
      },
    };
    const channel = await this.#connection.acquire({ emitErrorsFromChannel: true });
    channel.on('error', () => undefined);
    try {
      await channel.queueDeclare(declaration);
    } catch (error) {
      if (!isPreconditionFailed(error)) throw error;
      // Declared with other limits, by another configuration: it is ours and holds nothing that lasts.
      const second = await this.#connection.acquire({ emitErrorsFromChannel: true });
      second.on('error', () => undefined);
      await second.queueDelete({ queue: name, ifUnused: true });
      await second.queueDeclare(declaration);
      await second.close();
      return;
    }
    await channel.close();
  }

  async #open(): Promise<Channel> {
    const channel = await this.#connection.acquire({ emitErrorsFromChannel: true });
    channel.on('error', (error) => this.#fail(error));
    // After the answer that closed it: that one says why.
    channel.on('close', () => setImmediate(() => this.#fail({ code: 'CHANNEL_CLOSED' })));
    return channel;
  }

  async #rpc<T>(step: Step, ask: (channel: Channel) => Promise<T>): Promise<T> {
    const channel = this.#channel;
    if (channel === undefined) throw new TraceQueueError(step, { code: 'CHANNEL_CLOSED' });
    try {
      return await Promise.race([ask(channel), timeout(RPC_TIMEOUT_MS)]);
    } catch (error) {
      throw new TraceQueueError(step, error);
    }
  }

  #fail(error: unknown): void {
    this.#lost.abort(new TraceQueueError(this.#step, error));
    // The library would connect again by itself; when and with what said is ours to decide.
    this.destroy();
  }
}

/** Where the broker is and who we are there, as the client library takes it. Holds the password. */
export function credentials(config: Pick<RabbitmqBrokerConfig, 'url'>) {
  const url = new URL(config.url.reveal());
  const isTls = url.protocol === 'amqps:';
  return {
    hostname: url.hostname,
    port: url.port === '' ? (isTls ? 5671 : 5672) : Number(url.port),
    username: url.username === '' ? 'guest' : decodeURIComponent(url.username),
    password: url.username === '' ? 'guest' : decodeURIComponent(url.password),
    tls: isTls,
  };
}

function isPreconditionFailed(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'PRECONDITION_FAILED';
}

function timeout(ms: number): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(Object.assign(new Error('no answer'), { code: 'NO_ANSWER' })), ms).unref();
  });
}
