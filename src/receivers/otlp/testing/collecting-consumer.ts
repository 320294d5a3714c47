import type { Batch } from '../../../model/batch.ts';
import type { Consumer } from '../../../model/consumer.ts';
import { type PlainSpan, plainSpans } from '../../../wire/otlp/testing/plain-spans.ts';

/** A consumer that keeps what it gets; `failure` is thrown instead, after `hold` calls wait until they are let go. */
export class CollectingConsumer implements Consumer {
  readonly spans: PlainSpan[] = [];
  failure: Error | undefined;
  #gate: Promise<void> = Promise.resolve();

  /** Makes calls wait; returns what lets them go. */
  hold(): () => void {
    const gate = Promise.withResolvers<void>();
    this.#gate = gate.promise;
    return () => gate.resolve();
  }

  async consume(batch: Batch): Promise<void> {
    await this.#gate;
    if (this.failure !== undefined) throw this.failure;
    if (batch.kind === 'spans') this.spans.push(...plainSpans(batch.spans));
  }
}
