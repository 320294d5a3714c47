import type { DeadLetter, DeadLetterResolution, Death } from '../../model/message.ts';
import type { UnixNano } from '../../model/units.ts';
import { deadLetterOf } from '../../wire/amqp/dead-letter.ts';
import type { FirehoseEvent } from '../../wire/amqp/firehose-event.ts';
import type { DeadLetterTopology } from './broker/topology.ts';

/** Dead letters that are remembered to be recognised when they are published again; the oldest are forgotten first. */
const MAX_OPEN = 20_000;
/** A publication that comes sooner after the dead letter may be the one that died: the tracer and the copies have no common order. */
const LATER_BY: UnixNano = 2_000_000_000n;

/** An event of the tracer, as far as dead letters can be told from it. */
export interface TracedMessage {
  readonly firehose: Pick<FirehoseEvent, 'kind' | 'vhost' | 'queues' | 'headers' | 'deaths' | 'properties' | 'context'>;
  /** See `messageKeyOf`; without the number of equal messages. */
  readonly messageKey: string;
  readonly arrivedAt: UnixNano;
  readonly bodyBytes: number;
  readonly body: Uint8Array | null;
}

/**
 * Tells what becomes of dead letters from what the tracer sees: handed to a consumer, published again, or returned from a retry queue.
 * One book for each virtual host of each broker.
 */
export class DeadLetterBook {
  readonly #topologies = new Map<string, DeadLetterTopology>();
  readonly #open = new Map<string, DeadLetter>();

  /** Takes over where dead letters of a virtual host go. */
  learn(vhost: string, topology: DeadLetterTopology): void {
    this.#topologies.set(vhost, topology);
  }

  /** Remembers a dead letter that is in its queue now. */
  remember(letter: DeadLetter): void {
    const key = keyOf(letter.vhost, letter.messageKey);
    this.#open.delete(key);
    this.#open.set(key, letter);
    if (this.#open.size <= MAX_OPEN) return;
    const [oldest] = this.#open.keys();
    if (oldest !== undefined) this.#open.delete(oldest);
  }

  /** What an event says about dead letters; empty for nearly all events. */
  resolutions(message: TracedMessage): DeadLetter[] {
    const { firehose } = message;
    if (firehose.kind === 'publish') return this.#republished(message);
    const [latest] = firehose.deaths;
    const queue = firehose.queues?.[0];
    return latest === undefined || queue === undefined ? [] : this.#delivered(message, queue, latest);
  }

  #delivered(message: TracedMessage, queue: string, latest: Death): DeadLetter[] {
    const topology = this.#topologies.get(message.firehose.vhost);
    if (topology?.returns.has(`${latest.queue}\n${queue}`) === true) {
      // It is at work again: what ended is its stay in the retry queue, which began with the death before this one.
      const before = { ...message.firehose, headers: withoutLatestDeath(message.firehose.headers) };
      return this.#letter({ ...message, firehose: before }, latest.queue, 'returned');
    }
    // Who publishes a dead letter again may take its headers along: then it is in a queue of work.
    if (topology !== undefined && !topology.queues.has(queue)) return [];
    this.#open.delete(keyOf(message.firehose.vhost, message.messageKey));
    return this.#letter(message, queue, 'consumed');
  }

  #republished(message: TracedMessage): DeadLetter[] {
    const { vhost, deaths } = message.firehose;
    const key = keyOf(vhost, message.messageKey);
    const known = this.#open.get(key);
    const [latest] = deaths;
    if (known !== undefined && (latest !== undefined || message.arrivedAt - known.observedAt > LATER_BY)) {
      this.#open.delete(key);
      return [{ ...known, body: null, observedAt: message.arrivedAt, resolution: 'republished' }];
    }
    // A broker publishes nothing when it dead-letters: somebody else took the dead letter and its headers.
    const topology = this.#topologies.get(vhost);
    if (latest === undefined || topology === undefined) return [];
    const places = (topology.targets.get(latest.queue) ?? []).filter((queue) => topology.queues.has(queue));
    return places.flatMap((queue) => this.#letter(message, queue, 'republished'));
  }

  #letter(message: TracedMessage, queue: string, resolution: DeadLetterResolution): DeadLetter[] {
    const { firehose, messageKey, arrivedAt: observedAt, bodyBytes, body } = message;
    const { vhost, headers, properties, context } = firehose;
    const letter = deadLetterOf({
      vhost,
      queue,
      headers,
      properties,
      context,
      messageKey,
      bodyBytes,
      body,
      observedAt,
      resolution,
    });
    return letter === undefined ? [] : [letter];
  }
}

function keyOf(vhost: string, messageKey: string): string {
  return `${vhost}\n${messageKey}`;
}

function withoutLatestDeath(headers: FirehoseEvent['headers']): FirehoseEvent['headers'] {
  const deaths = headers['x-death'];
  return Array.isArray(deaths) ? { ...headers, 'x-death': deaths.slice(1) } : headers;
}
