import type { RabbitmqBrokerConfig } from '../config.ts';
import type { DeadLetterBook } from '../dead-letter-book.ts';
import { QueueWatch, type QueueWatchParts, type QueueWatchReport } from './queue-watch.ts';

type SharedParts = Omit<QueueWatchParts, 'config' | 'book'> & {
  /** The book of a virtual host: always the same. */
  readonly bookOf: (config: RabbitmqBrokerConfig) => DeadLetterBook;
};

/** The watches over the queues of all configured virtual hosts. */
export class QueueWatches {
  readonly #watches: readonly QueueWatch[];

  constructor(brokers: readonly RabbitmqBrokerConfig[], parts: SharedParts) {
    this.#watches = brokers.map((config) => new QueueWatch({ ...parts, config, book: parts.bookOf(config) }));
  }

  /** Never rejects: a broker that is away is looked for again. */
  start(): void {
    for (const watch of this.#watches) watch.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  /** One report per virtual host, in the order of the configuration. */
  report(): QueueWatchReport[] {
    return this.#watches.map((watch) => watch.report());
  }
}
