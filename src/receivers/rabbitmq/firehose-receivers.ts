import type { RabbitmqBrokerConfig } from './config.ts';
import { type FirehoseParts, FirehoseReceiver } from './firehose-receiver.ts';
import type { BrokerReport } from './report.ts';

/** The tracers of all configured virtual hosts. */
export class FirehoseReceivers {
  readonly #receivers: readonly FirehoseReceiver[];
  #last: Promise<unknown> = Promise.resolve();

  constructor(brokers: readonly RabbitmqBrokerConfig[], parts: Omit<FirehoseParts, 'config' | 'serialise'>) {
    const serialise = <T>(work: () => Promise<T>): Promise<T> => {
      const result = this.#last.then(work, work);
      this.#last = result.catch(() => undefined);
      return result;
    };
    this.#receivers = brokers.map((config) => new FirehoseReceiver({ ...parts, config, serialise }));
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
