import type { Batch } from './batch.ts';

/**
 * The seam between receivers and the stages of the pipeline: whoever has a batch hands it to `next`.
 *
 * - The caller MUST NOT touch the batch after the call: ownership passes to the consumer.
 * - The promise resolves only when the batch is durable (fsynced in the journal); a receiver MUST NOT acknowledge before.
 * - A rejection is a WaybillError; its `retryable` bit decides whether the sender is told to try again.
 * - An empty batch (no rows) MUST be accepted and MAY be dropped at once.
 * - Calls MAY overlap; their order of arrival in the store is not promised (the projector does not need it).
 */
export interface Consumer {
  consume(batch: Batch): Promise<void>;
}
