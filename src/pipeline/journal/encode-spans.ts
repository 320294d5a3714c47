import { createHash } from 'node:crypto';
import { aliasText } from '../../model/alias-text.ts';
import type { UintColumn } from '../../model/columns.ts';
import type { KeyValueTable } from '../../model/key-value-table.ts';
import type { Resource, SpanBatch } from '../../model/span-batch.ts';
import { StringTable } from '../../model/string-table.ts';
import type { UnixNano } from '../../model/units.ts';
import type { NativeColumn, NativeData } from '../../wire/native/column.ts';
import { encodeBlock } from '../../wire/native/encode.ts';
import type { SpanBinding } from '../in-flight.ts';
import { arrayOf, constantMilliTime, fixed, lowCardinality, texts, uint32 } from './native-columns.ts';
import type { TableBlock } from './record.ts';

const ARRAY_OF_LOW_CARDINALITY = 'Array(LowCardinality(String))';
const ARRAY_OF_TYPES = 'Array(UInt8)';

/** Keys, types and values of a column of key-value ids. */
interface Exploded {
  readonly keys: NativeData;
  readonly types: NativeData;
  readonly values: (kind: 'low_cardinality' | 'string') => NativeData;
}

function explode(ids: Uint32Array, table: KeyValueTable): Exploded {
  const keys = new Uint32Array(ids.length);
  const values = new Uint32Array(ids.length);
  const types = new Uint8Array(ids.length);
  for (let index = 0; index < ids.length; index += 1) {
    const id = ids[index] ?? 0;
    keys[index] = table.keyId(id);
    values[index] = table.valueId(id);
    types[index] = table.typeOf(id);
  }
  const { strings } = table;
  return {
    keys: { kind: 'low_cardinality', ids: keys, strings },
    types: { kind: 'fixed', bytes: types },
    values: (kind) => ({ kind, ids: values, strings }),
  };
}

/** Encodes the rows of table `spans`. */
export function encodeSpans(spans: SpanBatch, binding: SpanBinding, observedAt: UnixNano): TableBlock {
  const rows = spans.length;
  const columns = [
    ...coreColumns(spans),
    ...originColumns(spans),
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

/** Service, resource id and scope of each span, looked up by the indexes into the batch's resources and scopes. */
function originColumns(spans: SpanBatch): NativeColumn[] {
  const rows = spans.length;
  const resourceIds = spans.resources.map((resource) => resourceIdOf(resource, spans.table));
  const services = new Uint32Array(rows);
  const ids = new BigUint64Array(rows);
  const scopeNames = new Uint32Array(rows);
  const scopeVersions = new Uint32Array(rows);
  const scopeAttributes: number[] = [];
  const scopeEnds = new Uint32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const resourceIndex = spans.resourceIndexes.at(row);
    services[row] = spans.resources[resourceIndex]?.serviceId ?? 0;
    ids[row] = resourceIds[resourceIndex] ?? 0n;
    const scope = spans.scopes[spans.scopeIndexes.at(row)];
    scopeNames[row] = scope?.nameId ?? 0;
    scopeVersions[row] = scope?.versionId ?? 0;
    if (scope !== undefined) for (const id of scope.attributes.values) scopeAttributes.push(id);
    scopeEnds[row] = scopeAttributes.length;
  }
  const { strings } = spans.table;
  const exploded = explode(Uint32Array.from(scopeAttributes), spans.table);
  return [
    lowCardinality('service', services, strings),
    fixed('resource_id', 'UInt64', new Uint8Array(ids.buffer)),
    lowCardinality('scope_name', scopeNames, strings),
    lowCardinality('scope_version', scopeVersions, strings),
    { name: 'scope_attribute_keys', type: ARRAY_OF_LOW_CARDINALITY, data: arrayOf(scopeEnds, exploded.keys) },
    { name: 'scope_attribute_types', type: ARRAY_OF_TYPES, data: arrayOf(scopeEnds, exploded.types) },
    {
      name: 'scope_attribute_values',
      type: ARRAY_OF_LOW_CARDINALITY,
      data: arrayOf(scopeEnds, exploded.values('low_cardinality')),
    },
  ];
}

function attributeColumns(prefix: string, ends: UintColumn, ids: UintColumn, table: KeyValueTable): NativeColumn[] {
  const exploded = explode(ids.values, table);
  return [
    { name: `${prefix}_keys`, type: ARRAY_OF_LOW_CARDINALITY, data: arrayOf(ends.values, exploded.keys) },
    { name: `${prefix}_types`, type: ARRAY_OF_TYPES, data: arrayOf(ends.values, exploded.types) },
    {
      name: `${prefix}_values`,
      type: ARRAY_OF_LOW_CARDINALITY,
      data: arrayOf(ends.values, exploded.values('low_cardinality')),
    },
  ];
}

/** Attributes of events or links: an array per span of an array per event. */
function nestedAttributeColumns(
  prefix: string,
  outer: UintColumn,
  inner: UintColumn,
  ids: UintColumn,
  table: KeyValueTable,
): NativeColumn[] {
  const exploded = explode(ids.values, table);
  const nest = (data: NativeData): NativeData => arrayOf(outer.values, arrayOf(inner.values, data));
  return [
    { name: `${prefix}_attribute_keys`, type: `Array(${ARRAY_OF_LOW_CARDINALITY})`, data: nest(exploded.keys) },
    { name: `${prefix}_attribute_types`, type: `Array(${ARRAY_OF_TYPES})`, data: nest(exploded.types) },
    { name: `${prefix}_attribute_values`, type: 'Array(Array(String))', data: nest(exploded.values('string')) },
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

function bindingColumns(binding: SpanBinding): NativeColumn[] {
  const strings = new StringTable();
  const aliases = binding.aliases.map((alias) => (alias === undefined ? '' : aliasText(alias)));
  return [texts('order_id', binding.orderIds, strings), texts('alias', aliases, strings)];
}

/** Encodes the senders of a batch as rows of table `resources`; repeated ones fall together in the store. */
export function encodeResources(spans: SpanBatch): TableBlock {
  const { resources, table } = spans;
  const rows = resources.length;
  const ids = BigUint64Array.from(resources, (resource) => resourceIdOf(resource, table));
  const attributeIds: number[] = [];
  const ends = new Uint32Array(rows);
  for (const [row, resource] of resources.entries()) {
    for (const id of resource.attributes.values) attributeIds.push(id);
    ends[row] = attributeIds.length;
  }
  const exploded = explode(Uint32Array.from(attributeIds), table);
  const columns: NativeColumn[] = [
    fixed('resource_id', 'UInt64', new Uint8Array(ids.buffer)),
    lowCardinality(
      'service',
      Uint32Array.from(resources, ({ serviceId }) => serviceId),
      table.strings,
    ),
    { name: 'attribute_keys', type: ARRAY_OF_LOW_CARDINALITY, data: arrayOf(ends, exploded.keys) },
    { name: 'attribute_types', type: ARRAY_OF_TYPES, data: arrayOf(ends, exploded.types) },
    { name: 'attribute_values', type: 'Array(String)', data: arrayOf(ends, exploded.values('string')) },
    lowCardinality(
      'schema_url',
      Uint32Array.from(resources, ({ schemaUrlId }) => schemaUrlId),
      table.strings,
    ),
  ];
  return { table: 'resources', rows, block: encodeBlock(columns, rows) };
}

/** 64 bits of SHA-256 over the resource's (redacted) key-values and schema URL. */
function resourceIdOf(resource: Resource, table: KeyValueTable): bigint {
  const hash = createHash('sha256');
  const { strings } = table;
  const add = (stringId: number): void => {
    const length = strings.endOf(stringId) - strings.startOf(stringId);
    hash.update(Buffer.from(Uint32Array.of(length).buffer));
    hash.update(strings.arena.subarray(strings.startOf(stringId), strings.endOf(stringId)));
  };
  for (const id of resource.attributes.values) {
    add(table.keyId(id));
    hash.update(Uint8Array.of(table.typeOf(id)));
    add(table.valueId(id));
  }
  add(resource.schemaUrlId);
  return hash.digest().readBigUInt64LE(0);
}

function bytesOf(column: UintColumn): Uint8Array {
  const { values } = column;
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
