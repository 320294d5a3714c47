import type { RabbitmqBrokerConfig } from './config.ts';
import type { DeadLetterBook } from './dead-letter-book.ts';
import { type FirehoseParts, FirehoseReceiver } from './firehose-receiver.ts';
import type { BrokerReport } from './report.ts';

type SharedParts = Omit<FirehoseParts, 'config' | 'book' | 'serialise'> & {
  /** The book of a virtual host: always the same. */
  readonly bookOf: (config: RabbitmqBrokerConfig) => DeadLetterBook;
};

/** The tracers of all configured virtual hosts. */
export class FirehoseReceivers {
  readonly #receivers: readonly FirehoseReceiver[];
  #last: Promise<unknown> = Promise.resolve();

  constructor(brokers: readonly RabbitmqBrokerConfig[], parts: SharedParts) {
    const serialise = <T>(work: () => Promise<T>): Promise<T> => {
      const result = this.#last.then(work, work);
      this.#last = result.catch(() => undefined);
      return result;
    };
    this.#receivers = brokers.map(
      (config) => new FirehoseReceiver({ ...parts, config, book: parts.bookOf(config), serialise }),
    );
  }

  /** Never rejects: a broker that is away is tried again. */
  start(): void {
    for (const receiver of this.#receivers) receiver.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#receivers.map((receiver) => receiver.stop()));
  }

  /** One report per virtual host, in the order of the configuration. */
  report(): BrokerReport[] {
    return this.#receivers.map((receiver) => receiver.report());
  }
}
