import type { QueueSample } from '../../model/queue.ts';
import { encodeRows } from './encode-rows.ts';
import type { TableBlock } from './record.ts';

/** What stands for a rate that the broker does not say. */
const NO_RATE = -1;

/** Rows of table `queue_samples`; undefined when there are none. */
export function encodeQueueSamples(
  samples: { readonly broker: string; readonly queues: readonly QueueSample[] } | undefined,
): TableBlock | undefined {
  if (samples === undefined) return undefined;
  return encodeRows('queue_samples', samples.queues, (rows) => [
    rows.word('broker', () => samples.broker),
    rows.word('vhost', ({ vhost }) => vhost),
    rows.word('queue', ({ queue }) => queue),
    rows.nanoTime('sampled_at', ({ sampledAt }) => sampledAt),
    rows.word('type', ({ type }) => type),
    rows.uint64('ready', ({ ready }) => ready),
    rows.uint64('unacked', ({ unacked }) => unacked),
    rows.uint32('consumers', ({ consumers }) => consumers),
    rows.float32('publish_rate', ({ rates }) => rates?.publish ?? NO_RATE),
    rows.float32('deliver_rate', ({ rates }) => rates?.deliver ?? NO_RATE),
    rows.float32('ack_rate', ({ rates }) => rates?.ack ?? NO_RATE),
    rows.text('details', ({ details }) => (details === null ? '' : JSON.stringify(details))),
    rows.uint8('gone', ({ gone }) => Number(gone)),
  ]);
}
