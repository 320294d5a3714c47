import type { SpanBatch } from '../../model/span-batch.ts';
import type { UnixNano } from '../../model/units.ts';
import type { NativeColumn } from '../../wire/native/column.ts';
import { arrayOf, bytesOf, constantMilliTime, fixed, lowCardinality, uint32 } from '../../wire/native/column-makers.ts';
import { planBlock } from '../../wire/native/encode.ts';
import type { SpanBinding } from '../in-flight.ts';
import { bindingColumns, resourceColumns } from './origin-columns.ts';
import { packEvents, packKeyValues, packLinks, packScopes } from './packed-texts.ts';
import type { TableBlock } from './record.ts';
import { resourceIdsOf } from './resource-ids.ts';
import { spanCalls } from './span-calls.ts';

/** Encodes the rows of table `spans`. */
export function encodeSpans(spans: SpanBatch, binding: SpanBinding, observedAt: UnixNano): TableBlock {
  const rows = spans.length;
  const columns = [
    ...coreColumns(spans),
    ...resourceColumns(spans, resourceIdsOf(spans)),
    ...packedColumns(spans),
    ...callColumns(spans),
    ...bindingColumns(binding),
    constantMilliTime('observed_at', observedAt, rows),
  ];
  return { table: 'spans', rows, block: planBlock(columns, rows) };
}

function coreColumns(spans: SpanBatch): NativeColumn[] {
  const { strings } = spans.table;
  return [
    fixed('trace_id', 'FixedString(16)', spans.traceIds.bytes),
    fixed('start', "DateTime64(9, 'UTC')", bytesOf(spans.starts)),
    fixed('span_id', 'FixedString(8)', spans.spanIds.bytes),
    fixed('parent_span_id', 'FixedString(8)', spans.parentSpanIds.bytes),
    fixed('duration_nano', 'Int64', bytesOf(spans.durations)),
    lowCardinality('name', spans.nameIds.values, strings),
    fixed('kind', 'UInt8', spans.kinds.bytes),
    fixed('status_code', 'UInt8', spans.statusCodes.bytes),
    lowCardinality('status_message', spans.statusMessageIds.values, strings),
    lowCardinality('trace_state', spans.traceStateIds.values, strings),
    uint32('flags', spans.flags.values),
    uint32('dropped_attributes', spans.droppedAttributes.values),
    uint32('dropped_events', spans.droppedEvents.values),
    uint32('dropped_links', spans.droppedLinks.values),
  ];
}

function packedColumns(spans: SpanBatch): NativeColumn[] {
  const { table } = spans;
  const keyValues = packKeyValues(spans.attributes.values, table);
  const attributes = arrayOf(spans.attributeEnds.values, { kind: 'low_cardinality', ...keyValues });
  const events = arrayOf(spans.eventEnds.values, { kind: 'string', ...packEvents(spans) });
  const links = arrayOf(spans.linkEnds.values, { kind: 'string', ...packLinks(spans) });
  const { ids, strings } = packScopes(spans);
  return [
    lowCardinality('scope', ids, strings),
    { name: 'attributes', type: 'Array(LowCardinality(String))', data: attributes },
    { name: 'events', type: 'Array(String)', data: events },
    { name: 'links', type: 'Array(String)', data: links },
  ];
}

function callColumns(spans: SpanBatch): NativeColumn[] {
  const { peerIds, messaging } = spanCalls(spans);
  return [lowCardinality('peer', peerIds, spans.table.strings), fixed('messaging', 'UInt8', messaging)];
}
