/**
 * Measures what queue delays really are: `node queue-delay-truth.ts <amqp URL> <suffix of names>` publishes and consumes by one clock and writes one line of
 * JSON, see `QueueTruth`. A program of its own, because a process that does anything else beside it measures its own event loop.
 *
 * A message counts from when its bytes were given to the kernel until the first bytes that hold its delivery were read, on two connections.
 */
import { subscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { z } from 'zod';

/** What the program writes. */
export const queueTruth = z.object({
  /** What questions to the broker took, asked one after another all the time: delays hold about as much besides the wait in the queue. */
  roundTripsMs: z.array(z.number()),
  scenarios: z.array(
    z.object({
      /** Also the queue, and the value of the header `order-id` of its messages. */
      name: z.string(),
      messages: z.array(
        z.object({
          /** Unlike that of every other message. */
          routingKey: z.string(),
          delayMs: z.number(),
          /** What its delay may hold besides the wait: the longest question to the broker about when it was published or delivered, others before it. */
          wayMs: z.number(),
          /** False where this program itself was held up: its own clock readings then say little. */
          sure: z.boolean(),
        }),
      ),
    }),
  ),
});

export type QueueTruth = z.infer<typeof queueTruth>;

interface Scenario {
  readonly name: string;
  readonly count: number;
  readonly everyMs: number;
  /** Null: as many as there are, without acknowledgements. */
  readonly prefetch: number | null;
  readonly handlingMs: number;
  /** Null: before the first message; else after the last one. */
  readonly startsAfterMs: number | null;
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'ready', count: 300, everyMs: 10, prefetch: null, handlingMs: 0, startsAfterMs: null },
  { name: 'slow', count: 150, everyMs: 10, prefetch: 1, handlingMs: 15, startsAfterMs: null },
  { name: 'held', count: 100, everyMs: 5, prefetch: 10, handlingMs: 5, startsAfterMs: 1000 },
  // All at once: what the broker tells of them it tells one after another.
  { name: 'burst', count: 100, everyMs: 5, prefetch: null, handlingMs: 0, startsAfterMs: 1000 },
];

const EXCHANGE = 'truth';
const TICK_MS = 1;
/** A clock reading this far from when something happened is not used. */
const MAX_OWN_MS = 1;
/** Between two questions to the broker. */
const ASK_EVERY_MS = 8;
/** Questions this far from a message tell how long its way took. */
const NEAR_MS = 10;

/** One connection, with the clock read where its bytes pass. Milliseconds of the monotonic clock. */
class Watched {
  readonly model: ChannelModel;
  readonly channel: Channel;
  readonly #socket: Socket;
  #readAt = 0;

  private constructor(model: ChannelModel, channel: Channel, socket: Socket) {
    this.model = model;
    this.channel = channel;
    this.#socket = socket;
    socket.prependListener('readable', () => {
      this.#readAt = performance.now();
    });
  }

  static async open(url: string): Promise<Watched> {
    const sockets: Socket[] = [];
    const found = (message: unknown): void => {
      if (typeof message !== 'object' || message === null || !('socket' in message)) return;
      if (message.socket instanceof Socket) sockets.push(message.socket);
    };
    subscribe('net.client.socket', found);
    const model = await connect(url, { noDelay: true });
    const [socket] = sockets;
    if (socket === undefined) throw new Error('the socket was not seen');
    return new Watched(model, await model.createChannel(), socket);
  }

  /** When the bytes were read that a message is made of; to be asked where it is handed over. */
  get readAt(): number {
    return this.#readAt;
  }

  /** The next write: when it began, and when the kernel had its bytes. */
  nextWrite(): Promise<{ from: number; to: number }> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      const write = socket.write.bind(socket);
      // As the client calls it: with bytes alone.
      socket.write = (bytes: string | Uint8Array) => {
        socket.write = write;
        const from = performance.now();
        const result = write(bytes);
        resolve({ from, to: performance.now() });
        return result;
      };
    });
  }
}

/** Notes when this program could not run; timers that are late show it. */
class OwnStalls {
  readonly #stalls: { from: number; to: number }[] = [];
  #last = performance.now();

  constructor() {
    setInterval(() => {
      const now = performance.now();
      if (now - this.#last > TICK_MS + MAX_OWN_MS) this.#stalls.push({ from: this.#last + TICK_MS, to: now });
      this.#last = now;
    }, TICK_MS).unref();
  }

  /** Whether what was noticed at a time may have happened much earlier. */
  covers(at: number): boolean {
    return this.#stalls.some(({ from, to }) => at >= from && at <= to + TICK_MS);
  }
}

/** Asks the broker all the time how long an answer takes, on a connection of its own. */
class Questions {
  readonly #asked: { from: number; to: number }[] = [];
  readonly #channel: Channel;
  readonly #exchange: string;
  #isOver = false;
  readonly #loop: Promise<void>;

  constructor(channel: Channel, exchange: string) {
    this.#channel = channel;
    this.#exchange = exchange;
    this.#loop = this.#ask();
  }

  async #ask(): Promise<void> {
    while (!this.#isOver) {
      const from = performance.now();
      await this.#channel.checkExchange(this.#exchange);
      this.#asked.push({ from, to: performance.now() });
      await sleep(ASK_EVERY_MS);
    }
  }

  /** Ends when the last question is answered. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#loop;
  }

  get tookMs(): number[] {
    return this.#asked.map(({ from, to }) => to - from);
  }

  /** The longest that was under way about a moment. */
  about(at: number): number {
    const near = this.#asked.filter(({ from, to }) => from <= at + NEAR_MS && to >= at - NEAR_MS);
    return Math.max(...near.map(({ from, to }) => to - from));
  }
}

async function play(
  scenario: Scenario,
  {
    publisher,
    consumer,
    own,
    questions,
  }: { publisher: Watched; consumer: Watched; own: OwnStalls; questions: Questions },
) {
  const { name, count, everyMs, prefetch, handlingMs, startsAfterMs } = scenario;
  await publisher.channel.assertQueue(name, { durable: false });
  await publisher.channel.bindQueue(name, EXCHANGE, `${name}.#`);
  const sent = new Map<string, { from: number; to: number }>();
  const received = new Map<string, number>();
  const complete = Promise.withResolvers<void>();
  let consumedFrom = Number.NaN;
  const consume = async (): Promise<void> => {
    if (prefetch !== null) await consumer.channel.prefetch(prefetch);
    consumedFrom = performance.now();
    await consumer.channel.consume(
      name,
      (message) => {
        if (message === null) throw new Error('the broker cancelled the consumer');
        received.set(message.fields.routingKey, consumer.readAt);
        if (prefetch !== null) setTimeout(() => consumer.channel.ack(message), handlingMs);
        if (received.size === count) complete.resolve();
      },
      { noAck: prefetch === null },
    );
  };
  if (startsAfterMs === null) await consume();
  for (let index = 0; index < count; index += 1) {
    const routingKey = `${name}.${index}`;
    const written = publisher.nextWrite();
    publisher.channel.publish(EXCHANGE, routingKey, Buffer.from('truth'), {
      messageId: routingKey,
      headers: { 'order-id': name },
    });
    sent.set(routingKey, await written);
    await sleep(everyMs);
  }
  if (startsAfterMs !== null) {
    await sleep(startsAfterMs);
    await consume();
  }
  await complete.promise;
  await sleep(handlingMs * 2);
  const messages = [...sent].map(([routingKey, { from, to }]) => {
    const at = received.get(routingKey) ?? Number.NaN;
    // Messages that are handed out at once are in each other's way: no more is known than when that began.
    const behindOthers = prefetch === null && startsAfterMs !== null ? at - consumedFrom : 0;
    return {
      routingKey,
      delayMs: at - to,
      wayMs: Math.max(questions.about(to), questions.about(at), behindOthers),
      sure: to - from <= MAX_OWN_MS && !own.covers(at),
    };
  });
  return { name, messages };
}

async function measure(url: string, suffix: string): Promise<QueueTruth> {
  const publisher = await Watched.open(url);
  await publisher.channel.assertExchange(EXCHANGE, 'topic', { durable: false });
  const own = new OwnStalls();
  const scenarios: QueueTruth['scenarios'] = [];
  const bystander = await Watched.open(url);
  const questions = new Questions(bystander.channel, EXCHANGE);
  for (const scenario of SCENARIOS) {
    const consumer = await Watched.open(url);
    scenarios.push(
      await play({ ...scenario, name: `${scenario.name}${suffix}` }, { publisher, consumer, own, questions }),
    );
    await consumer.model.close();
  }
  await questions.end();
  await Promise.all([publisher.model.close(), bystander.model.close()]);
  return { roundTripsMs: questions.tookMs, scenarios };
}

if (import.meta.main) {
  const [, , url = '', suffix = ''] = process.argv;
  process.stdout.write(`${JSON.stringify(await measure(url, suffix))}\n`);
}
