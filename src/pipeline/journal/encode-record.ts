import type { InFlight } from '../in-flight.ts';
import {
  encodeAliasBindings,
  encodeFacts,
  encodeOrderAttributes,
  encodeOrderTraces,
  encodeTouches,
} from './encode-orders.ts';
import { encodeResources, encodeSpans } from './encode-spans.ts';
import { type JournalRecord, packRecord, type TableBlock } from './record.ts';

/** Encodes everything that a batch brings into the store as one journal record: its spans and what they say about orders. */
export function encodeRecord(batch: InFlight): JournalRecord {
  const blocks: (TableBlock | undefined)[] = [];
  if (batch.spans !== undefined && batch.binding !== undefined) {
    blocks.push(encodeResources(batch.spans));
    blocks.push(encodeSpans(batch.spans, batch.binding, batch.observedAt));
    blocks.push(encodeOrderTraces(batch.binding.orderTraces, batch.observedAt));
    blocks.push(encodeAliasBindings(batch.binding.aliasBindings));
  }
  blocks.push(encodeFacts(batch.facts));
  blocks.push(encodeOrderAttributes(batch.attributes));
  blocks.push(encodeTouches(batch));
  return packRecord(blocks.filter((block) => block !== undefined));
}
