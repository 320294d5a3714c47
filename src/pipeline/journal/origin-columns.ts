import { aliasText } from '../../model/alias-text.ts';
import type { UintColumn } from '../../model/columns.ts';
import type { KeyValueTable } from '../../model/key-value-table.ts';
import type { Resource, Scope } from '../../model/span-batch.ts';
import { StringTable } from '../../model/string-table.ts';
import type { NativeColumn, NativeData } from '../../wire/native/column.ts';
import { arrayOf, fixed, lowCardinality, texts } from '../../wire/native/column-makers.ts';
import { planBlock } from '../../wire/native/encode.ts';
import type { SpanBinding } from '../in-flight.ts';
import type { TableBlock } from './record.ts';
import { resourceIdsOf } from './resource-ids.ts';
import type { StoredResources } from './stored-resources.ts';

/** What the batches of all signals say about where their rows come from. */
interface Rows {
  readonly table: KeyValueTable;
  readonly length: number;
  readonly resources: readonly Resource[];
  readonly scopes: readonly Scope[];
  readonly resourceIndexes: UintColumn;
  readonly scopeIndexes: UintColumn;
}

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

/** Service and resource id of each row, looked up by the index into the batch's resources. */
export function resourceColumns(
  { length: rows, resources, resourceIndexes, table }: Pick<Rows, 'length' | 'resources' | 'resourceIndexes' | 'table'>,
  resourceIds: readonly bigint[],
): NativeColumn[] {
  const services = new Uint32Array(rows);
  // Halves of 64-bit numbers: no BigInt per row.
  const idsOfResources = new Uint32Array(BigUint64Array.from(resourceIds).buffer);
  const servicesOfResources = Uint32Array.from(resources, ({ serviceId }) => serviceId);
  const ids = new Uint32Array(rows * 2);
  for (let row = 0; row < rows; row += 1) {
    const resourceIndex = resourceIndexes.at(row);
    services[row] = servicesOfResources[resourceIndex] ?? 0;
    ids[row * 2] = idsOfResources[resourceIndex * 2] ?? 0;
    ids[row * 2 + 1] = idsOfResources[resourceIndex * 2 + 1] ?? 0;
  }
  return [
    lowCardinality('service', services, table.strings),
    fixed('resource_id', 'UInt64', new Uint8Array(ids.buffer)),
  ];
}

/** Service, resource id and scope of each row, looked up by the indexes into the batch's resources and scopes. */
export function originColumns(rowsOf: Rows, resourceIds: readonly bigint[]): NativeColumn[] {
  const rows = rowsOf.length;
  const scopeNames = new Uint32Array(rows);
  const scopeVersions = new Uint32Array(rows);
  const scopeAttributes: number[] = [];
  const scopeEnds = new Uint32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const scope = rowsOf.scopes[rowsOf.scopeIndexes.at(row)];
    scopeNames[row] = scope?.nameId ?? 0;
    scopeVersions[row] = scope?.versionId ?? 0;
    if (scope !== undefined) for (const id of scope.attributes.values) scopeAttributes.push(id);
    scopeEnds[row] = scopeAttributes.length;
  }
  const { strings } = rowsOf.table;
  const exploded = explode(Uint32Array.from(scopeAttributes), rowsOf.table);
  return [
    ...resourceColumns(rowsOf, resourceIds),
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

/** Attributes of each row: an array each of keys, types and values. */
export function attributeColumns(
  prefix: string,
  ends: UintColumn,
  ids: UintColumn,
  table: KeyValueTable,
): NativeColumn[] {
  const exploded = explode(ids.values, table);
  const { values } = ends;
  return [
    { name: `${prefix}_keys`, type: ARRAY_OF_LOW_CARDINALITY, data: arrayOf(values, exploded.keys) },
    { name: `${prefix}_types`, type: ARRAY_OF_TYPES, data: arrayOf(values, exploded.types) },
    {
      name: `${prefix}_values`,
      type: ARRAY_OF_LOW_CARDINALITY,
      data: arrayOf(values, exploded.values('low_cardinality')),
    },
  ];
}

/** Attributes of exemplars: an array per row of an array per event. */
export function nestedAttributeColumns(
  prefix: string,
  outer: UintColumn,
  inner: UintColumn,
  ids: UintColumn,
  table: KeyValueTable,
): NativeColumn[] {
  const exploded = explode(ids.values, table);
  const { values: outerEnds } = outer;
  const { values: innerEnds } = inner;
  const nest = (data: NativeData): NativeData => arrayOf(outerEnds, arrayOf(innerEnds, data));
  return [
    { name: `${prefix}_attribute_keys`, type: `Array(${ARRAY_OF_LOW_CARDINALITY})`, data: nest(exploded.keys) },
    { name: `${prefix}_attribute_types`, type: `Array(${ARRAY_OF_TYPES})`, data: nest(exploded.types) },
    { name: `${prefix}_attribute_values`, type: 'Array(Array(String))', data: nest(exploded.values('string')) },
  ];
}

/** What each row itself names: an order, or an alias. */
export function bindingColumns(binding: SpanBinding): NativeColumn[] {
  const strings = new StringTable();
  const aliases = binding.aliases.map((alias) => (alias === undefined ? '' : aliasText(alias)));
  return [texts('order_id', binding.orderIds, strings), texts('alias', aliases, strings)];
}

/** Rows of table `resources` of a batch, and the ids in them. */
export interface ResourceRows {
  readonly block: TableBlock | undefined;
  readonly ids: readonly bigint[];
}

/** Encodes the senders of a batch as rows of table `resources`, but for those that are stored; repeated ones fall together in the store. */
export function encodeResources(rowsOf: Pick<Rows, 'resources' | 'table'>, stored: StoredResources): ResourceRows {
  const { table } = rowsOf;
  const resources: Resource[] = [];
  const fresh = new Set<bigint>();
  for (const [index, id] of resourceIdsOf(rowsOf).entries()) {
    const resource = rowsOf.resources[index];
    if (resource === undefined || stored.has(id) || fresh.has(id)) continue;
    resources.push(resource);
    fresh.add(id);
  }
  const ids = [...fresh];
  const rows = resources.length;
  if (rows === 0) return { block: undefined, ids };
  const attributeIds: number[] = [];
  const ends = new Uint32Array(rows);
  for (const [row, resource] of resources.entries()) {
    for (const id of resource.attributes.values) attributeIds.push(id);
    ends[row] = attributeIds.length;
  }
  const exploded = explode(Uint32Array.from(attributeIds), table);
  const columns: NativeColumn[] = [
    fixed('resource_id', 'UInt64', new Uint8Array(BigUint64Array.from(ids).buffer)),
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
  return { block: { table: 'resources', rows, block: planBlock(columns, rows) }, ids };
}
