import type { SpanBatch } from '../../model/span-batch.ts';
import type { UnixNano } from '../../model/units.ts';
import type { NativeColumn } from '../../wire/native/column.ts';
import { encodeBlock } from '../../wire/native/encode.ts';
import type { SpanBinding } from '../in-flight.ts';
import { arrayOf, bytesOf, constantMilliTime, fixed, lowCardinality, uint32 } from './native-columns.ts';
import {
  ARRAY_OF_LOW_CARDINALITY,
  attributeColumns,
  bindingColumns,
  nestedAttributeColumns,
  originColumns,
} from './origin-columns.ts';
import type { TableBlock } from './record.ts';
import { resourceIdsOf } from './resource-ids.ts';

/** Encodes the rows of table `spans`. */
export function encodeSpans(spans: SpanBatch, binding: SpanBinding, observedAt: UnixNano): TableBlock {
  const rows = spans.length;
  const columns = [
    ...coreColumns(spans),
    ...originColumns(spans, resourceIdsOf(spans)),
    ...attributeColumns('attribute', spans.attributeEnds, spans.attributes, spans.table),
    ...eventColumns(spans),
    ...linkColumns(spans),
    ...bindingColumns(binding),
    constantMilliTime('observed_at', observedAt, rows),
  ];
  return { table: 'spans', rows, block: encodeBlock(columns, rows) };
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

function eventColumns(spans: SpanBatch): NativeColumn[] {
  const ends = spans.eventEnds.values;
  const { strings } = spans.table;
  return [
    {
      name: 'event_times',
      type: "Array(DateTime64(9, 'UTC'))",
      data: arrayOf(ends, { kind: 'fixed', bytes: bytesOf(spans.eventTimes) }),
    },
    {
      name: 'event_names',
      type: ARRAY_OF_LOW_CARDINALITY,
      data: arrayOf(ends, { kind: 'low_cardinality', ids: spans.eventNameIds.values, strings }),
    },
    ...nestedAttributeColumns('event', spans.eventEnds, spans.eventAttributeEnds, spans.eventAttributes, spans.table),
  ];
}

function linkColumns(spans: SpanBatch): NativeColumn[] {
  const ends = spans.linkEnds.values;
  const { strings } = spans.table;
  return [
    {
      name: 'link_trace_ids',
      type: 'Array(FixedString(16))',
      data: arrayOf(ends, { kind: 'fixed', bytes: spans.linkTraceIds.bytes }),
    },
    {
      name: 'link_span_ids',
      type: 'Array(FixedString(8))',
      data: arrayOf(ends, { kind: 'fixed', bytes: spans.linkSpanIds.bytes }),
    },
    {
      name: 'link_trace_states',
      type: ARRAY_OF_LOW_CARDINALITY,
      data: arrayOf(ends, { kind: 'low_cardinality', ids: spans.linkTraceStateIds.values, strings }),
    },
    ...nestedAttributeColumns('link', spans.linkEnds, spans.linkAttributeEnds, spans.linkAttributes, spans.table),
  ];
}
