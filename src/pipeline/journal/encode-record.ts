import type { InFlight } from '../in-flight.ts';
import { encodeLogs } from './encode-logs.ts';
import { encodeClientMessages, encodeDeadLetters, encodeQueueMessages } from './encode-messages.ts';
import { encodeMetricPoints } from './encode-metrics.ts';
import {
  encodeAliasBindings,
  encodeFacts,
  encodeOrderAttributes,
  encodeOrderTraces,
  encodeTouches,
} from './encode-orders.ts';
import { encodeQueueSamples } from './encode-samples.ts';
import { encodeSpans } from './encode-spans.ts';
import { encodeResources } from './origin-columns.ts';
import { type JournalRecord, packRecord, type TableBlock } from './record.ts';
import { StoredResources } from './stored-resources.ts';

/**
 * Encodes everything that a batch brings into the store as one journal record: its rows, and what they say about orders.
 *
 * @param stored resources whose rows the store has already; they are left out
 */
export function encodeRecord(batch: InFlight, stored = new StoredResources()): JournalRecord {
  const blocks: (TableBlock | undefined)[] = [];
  const resourceIds: bigint[] = [];
  for (const rows of [batch.spans, batch.logs, batch.metrics]) {
    if (rows === undefined) continue;
    const { block, ids } = encodeResources(rows, stored);
    blocks.push(block);
    resourceIds.push(...ids);
  }
  if (batch.spans !== undefined && batch.binding !== undefined) {
    blocks.push(encodeSpans(batch.spans, batch.binding, batch.observedAt));
  }
  if (batch.logs !== undefined && batch.binding !== undefined) {
    blocks.push(encodeLogs(batch.logs, batch.binding, batch.observedAt));
  }
  if (batch.metrics !== undefined) {
    blocks.push(encodeMetricPoints(batch.metrics, batch.observedAt));
  }
  if (batch.binding !== undefined) {
    blocks.push(encodeOrderTraces(batch.binding.orderTraces, batch.observedAt));
    blocks.push(encodeAliasBindings(batch.binding.aliasBindings));
  }
  if (batch.messages !== undefined) {
    blocks.push(encodeQueueMessages(batch.messages, batch.observedAt));
    blocks.push(encodeDeadLetters(batch.messages));
  }
  if (batch.clientMessages !== undefined) {
    blocks.push(encodeClientMessages(batch.clientMessages, batch.observedAt));
  }
  blocks.push(encodeQueueSamples(batch.samples));
  blocks.push(encodeFacts(batch.facts));
  blocks.push(encodeOrderAttributes(batch.attributes));
  blocks.push(encodeTouches(batch));
  return packRecord(
    blocks.filter((block) => block !== undefined),
    resourceIds,
  );
}
