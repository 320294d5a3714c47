import { z } from 'zod';
import { inheritOrders } from '../model/inheritance.ts';
import { VALUE_TYPES, type ValueType } from '../model/key-value-table.ts';
import { SPAN_KINDS, type SpanKind } from '../model/span-parents.ts';
import { formatRfc3339 } from '../model/units.ts';
import { aliasOwners } from '../store/alias-owners.ts';
import type { StoreClient } from '../store/client.ts';
import { hexOf, nanos } from './time-sql.ts';
import { withoutDoubles } from './without-doubles.ts';

/** Most spans of a trace that are read for a page. */
export const MAX_SPANS_PER_TRACE = 10_000;

const texts = z.array(z.string());
const types = z.array(z.number());

const spanRow = z.object({
  span: z.string(),
  parent: z.string(),
  started: z.string(),
  duration: z.string(),
  name: z.string(),
  kind: z.number(),
  status_code: z.number(),
  status_message: z.string(),
  service: z.string(),
  resource: z.string(),
  scope_name: z.string(),
  scope_version: z.string(),
  attribute_keys: texts,
  attribute_types: types,
  attribute_values: texts,
  event_at: texts,
  event_names: texts,
  event_attribute_keys: z.array(texts),
  event_attribute_types: z.array(types),
  event_attribute_values: z.array(texts),
  link_traces: texts,
  link_spans: texts,
  link_attribute_keys: z.array(texts),
  link_attribute_types: z.array(types),
  link_attribute_values: z.array(texts),
  order_id: z.string(),
  alias: z.string(),
});

type SpanRow = z.infer<typeof spanRow>;

const resourceRow = z.object({
  resource: z.string(),
  attribute_keys: texts,
  attribute_types: types,
  attribute_values: texts,
});

const NO_SPAN = '0'.repeat(16);
const STATUS_CODES = ['unset', 'ok', 'error'] as const;

/** An attribute as it was sent, its value in canonical text. */
export interface TypedAttribute {
  readonly key: string;
  readonly type: ValueType;
  readonly value: string;
}

/** One trace with its spans by start time; undefined when no span of it is known. */
export async function findTrace(store: StoreClient, traceId: string) {
  const rows = await store.query(
    `SELECT ${hexOf('span_id')} AS span, ${hexOf('parent_span_id')} AS parent, ${nanos('start')} AS started,
       toString(duration_nano) AS duration, name, kind, status_code, status_message, service,
       toString(resource_id) AS resource, scope_name, scope_version,
       attribute_keys, attribute_types, attribute_values,
       arrayMap(at -> ${nanos('at')}, event_times) AS event_at, event_names,
       event_attribute_keys, event_attribute_types, event_attribute_values,
       arrayMap(id -> ${hexOf('id')}, link_trace_ids) AS link_traces, arrayMap(id -> ${hexOf('id')}, link_span_ids) AS link_spans,
       link_attribute_keys, link_attribute_types, link_attribute_values, order_id, alias
     FROM spans WHERE trace_id = toFixedString(unhex({traceId:String}), 16)
     ORDER BY start, span_id, kind LIMIT 1 BY span_id, kind LIMIT ${MAX_SPANS_PER_TRACE + 1}`,
    { traceId },
    spanRow,
  );
  if (rows.length === 0) return undefined;
  const spansTruncated = rows.length > MAX_SPANS_PER_TRACE;
  const shown = withoutDoubles(rows.slice(0, MAX_SPANS_PER_TRACE));
  const owners = await aliasOwners(
    store,
    shown.map((row) => row.alias),
  );
  const naming = shown.map((row) => ({
    spanId: row.span,
    parentSpanId: row.parent === NO_SPAN ? null : row.parent,
    kind: kindOf(row),
    service: row.service,
    orderId: row.order_id !== '' ? row.order_id : (owners.get(row.alias) ?? null),
  }));
  const inherited = inheritOrders(naming);
  const origin = BigInt(shown[0]?.started ?? '0');
  return {
    ...summarize(traceId, shown, origin),
    orders: [...new Set(naming.flatMap(({ orderId }) => (orderId === null ? [] : [orderId])))].sort(),
    spans: shown.map((row, index) => ({
      ...toSpan(row, origin),
      orderId: inherited[index] ?? null,
      orderNamed: naming[index]?.orderId !== null,
    })),
    spansTruncated,
    resources: await readResources(store, [...new Set(shown.map((row) => row.resource))]),
  };
}

function summarize(traceId: string, rows: readonly SpanRow[], origin: bigint) {
  const root = rows.find((row) => row.parent === NO_SPAN) ?? rows[0];
  let end = origin;
  for (const row of rows) {
    const spanEnd = BigInt(row.started) + BigInt(row.duration);
    if (spanEnd > end) end = spanEnd;
  }
  return {
    traceId,
    rootService: root?.service ?? '',
    rootName: root?.name ?? '',
    startedAt: formatRfc3339(origin),
    durationMs: Number(end - origin) / 1e6,
    spanCount: rows.length,
    errorCount: rows.filter((row) => row.status_code === 2).length,
    services: [...new Set(rows.map((row) => row.service))].sort(),
  };
}

function toSpan(row: SpanRow, origin: bigint) {
  return {
    spanId: row.span,
    parentSpanId: row.parent === NO_SPAN ? null : row.parent,
    name: row.name,
    kind: kindOf(row),
    service: row.service,
    startedAt: formatRfc3339(BigInt(row.started)),
    offsetMs: Number(BigInt(row.started) - origin) / 1e6,
    durationMs: Number(row.duration) / 1e6,
    status: { code: STATUS_CODES[row.status_code] ?? 'unset', message: row.status_message },
    attributes: toAttributes(row.attribute_keys, row.attribute_types, row.attribute_values),
    events: row.event_names.map((name, index) => ({
      name,
      at: formatRfc3339(BigInt(row.event_at[index] ?? '0')),
      offsetMs: Number(BigInt(row.event_at[index] ?? '0') - origin) / 1e6,
      attributes: toAttributes(
        row.event_attribute_keys[index],
        row.event_attribute_types[index],
        row.event_attribute_values[index],
      ),
    })),
    links: row.link_traces.map((linked, index) => ({
      traceId: linked,
      spanId: row.link_spans[index] ?? NO_SPAN,
      attributes: toAttributes(
        row.link_attribute_keys[index],
        row.link_attribute_types[index],
        row.link_attribute_values[index],
      ),
    })),
    scope: { name: row.scope_name, version: row.scope_version },
    resourceId: row.resource,
  };
}

function kindOf({ kind }: SpanRow): SpanKind {
  return SPAN_KINDS[kind] ?? 'unspecified';
}

/** Key-values of three columns. */
export function toAttributes(
  keys: readonly string[] = [],
  kinds: readonly number[] = [],
  values: readonly string[] = [],
) {
  return keys.map(
    (key, index): TypedAttribute => ({
      key,
      type: VALUE_TYPES[kinds[index] ?? 0] ?? 'empty',
      value: values[index] ?? '',
    }),
  );
}

async function readResources(store: StoreClient, ids: readonly string[]): Promise<Record<string, TypedAttribute[]>> {
  const rows = await store.query(
    `SELECT toString(resource_id) AS resource, attribute_keys, attribute_types, attribute_values
     FROM resources WHERE resource_id IN {ids:Array(UInt64)} LIMIT 1 BY resource_id`,
    { ids: ids.map(BigInt) },
    resourceRow,
  );
  return Object.fromEntries(
    rows.map((row) => [row.resource, toAttributes(row.attribute_keys, row.attribute_types, row.attribute_values)]),
  );
}
