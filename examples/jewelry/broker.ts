import { type Channel, type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';
import { config } from './config.ts';
import { MalformedError } from './fields.ts';
import { errorText, log } from './log.ts';
import { failed } from './order-tracking.ts';

/** The topic exchange all services publish to. */
const exchange = 'jewelry';
/** The topic exchange dead letters go to; their routing key is the name of their dead-letter queue. */
const deadLetterExchange = 'dlx';

/** What a service does with a message; a `MalformedError` says that it can never be handled. */
export type Handler = (message: ConsumeMessage, broker: Broker) => Promise<void>;

/**
 * A queue of a service: which routing keys lead there, how many messages are worked on at once, and by what; without a
 * handler the queue is declared and nobody reads it.
 */
export type Subscription = {
  readonly queue: string;
  readonly keys: readonly string[];
  readonly atOnce: number;
  readonly handle: Handler | null;
};

/** A message to publish; the id names it in the broker and in telemetry. */
export type Outgoing = {
  readonly key: string;
  readonly id: string;
  readonly orderId: string;
  readonly json: unknown;
  /** Milliseconds that it is worth anything; the broker takes it out of its queue then. Default: for ever. */
  readonly ttlMs?: number;
};

/** A connection to RabbitMQ that comes back by itself. */
export type Broker = {
  /** Publishes and waits for the broker's confirmation. @throws while there is no connection. */
  publish(message: Outgoing): Promise<void>;
  /** Gives unfinished messages back and disconnects. */
  stop(): Promise<void>;
};

/**
 * Connects, waiting for a broker that is not up yet, and again after every loss; declares the queues of the subscriptions with their dead-letter queues, and reads
 * them. A handler that fails gives its message back to the queue after a second; a `MalformedError` sends it to `<queue>.dead`.
 */
export async function openBroker(url: string, subscriptions: readonly Subscription[]): Promise<Broker> {
  let publisher: ConfirmChannel | undefined;
  const broker: Broker = {
    publish: (message) => publishOn(publisher, message),
    stop: () => connection.close(),
  };
  const setup = async (connection: ChannelModel): Promise<void> => {
    connection.on('error', () => undefined); // a 'close' follows and is what brings the connection back
    const channel = await connection.createConfirmChannel();
    await channel.assertExchange(exchange, 'topic', { durable: true });
    await channel.assertExchange(deadLetterExchange, 'topic', { durable: true });
    reconnectWith(channel, connection);
    publisher = channel;
    for (const subscription of subscriptions) await subscribe(connection, subscription, broker);
  };
  const connection = await connect(url, {
    // What the broker's own pages show as the name of the connection.
    clientProperties: { connection_name: config.serviceName },
    recovery: { initialDelay: 300, maxDelay: 2000, setup, waitForConnect: false },
  });
  connection.on('error', () => undefined);
  connection.on('connect', () => log('-', 'connected to RabbitMQ'));
  connection.on('disconnect', (error) => {
    publisher = undefined;
    log('-', `lost RabbitMQ: ${errorText(error)}; connecting again`);
  });
  connection.on('connect-failed', (error) => log('-', `no RabbitMQ yet: ${errorText(error)}; trying again`));
  await connection.waitForConnect();
  return broker;
}

/** A channel that the broker closed takes its connection along, so that all of it is set up anew. */
function reconnectWith(channel: Channel, connection: ChannelModel): void {
  channel.on('error', (error) => log('-', `RabbitMQ closed a channel: ${errorText(error)}`));
  channel.on('close', () => void connection.close().catch(() => undefined));
}

async function subscribe(connection: ChannelModel, subscription: Subscription, broker: Broker): Promise<void> {
  const { queue, keys, atOnce, handle } = subscription;
  const channel = await connection.createChannel();
  const dead = `${queue}.dead`;
  await channel.assertQueue(dead, { durable: true });
  await channel.bindQueue(dead, deadLetterExchange, dead);
  await channel.assertQueue(queue, { durable: true, deadLetterExchange, deadLetterRoutingKey: dead });
  for (const key of keys) await channel.bindQueue(queue, exchange, key);
  reconnectWith(channel, connection);
  if (handle === null) return;
  await channel.prefetch(atOnce);
  await channel.consume(queue, (message) => {
    if (message === null)
      void connection.close().catch(() => undefined); // the queue was deleted
    else void finish(channel, queue, message, handle(message, broker));
  });
}

async function finish(channel: Channel, queue: string, message: ConsumeMessage, work: Promise<void>): Promise<void> {
  const answer = await work.then(
    () => 'ack' as const,
    async (error: unknown) => {
      failed(error instanceof Error ? error : new Error(String(error)));
      log(String(message.properties.correlationId ?? '-'), `${queue}: ${errorText(error)}`);
      if (error instanceof MalformedError) return 'reject' as const;
      await new Promise((resolve) => setTimeout(resolve, 1000)); // a missing database must not spin the queue
      return 'again' as const;
    },
  );
  try {
    if (answer === 'ack') channel.ack(message);
    else channel.nack(message, false, answer === 'again');
  } catch {
    // The channel is gone; the broker delivers the message again.
  }
}

function publishOn(channel: ConfirmChannel | undefined, { key, id, orderId, json, ttlMs }: Outgoing): Promise<void> {
  if (channel === undefined) return Promise.reject(new Error('RabbitMQ is not connected; try again later'));
  const options = {
    persistent: true,
    contentType: 'application/json',
    messageId: id,
    correlationId: orderId,
    ...(ttlMs === undefined ? {} : { expiration: Math.ceil(ttlMs) }),
  };
  return new Promise((resolve, reject) => {
    channel.publish(exchange, key, Buffer.from(JSON.stringify(json)), options, (error: unknown) => {
      if (error === null || error === undefined) resolve();
      else reject(error instanceof Error ? error : new Error('RabbitMQ did not take the message'));
    });
  });
}
