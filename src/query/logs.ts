import { z } from 'zod';
import { VALUE_TYPES } from '../model/key-value-table.ts';
import { NO_SPAN, NO_TRACE } from '../model/no-id.ts';
import { formatRfc3339, type UnixNano } from '../model/units.ts';
import { aliasOwners } from '../store/alias-owners.ts';
import type { StoreClient } from '../store/client.ts';
import { readOrderState } from '../store/order-state.ts';
import { tracesOfOrders } from '../store/order-traces.ts';
import { toDateTime64 } from '../store/time.ts';
import { TRACES } from '../store/trace-set.ts';
import { ordersInTraces, type TraceOrders } from './orders-in-traces.ts';
import { hexOf, nanos } from './time-sql.ts';
import { toAttributes } from './typed-attributes.ts';

/** Spans of shared traces that are told apart for one order; logs of further ones are not found by the order. */
const MAX_PAIRS = 20_000;

/** The first column of the sorting key, so that the newest records are read first; see the schema. */
const SLICE = 'intDiv(toUnixTimestamp64Nano(time), 300000000000)';

/** Where a record stands in the list: newest first, then by what it says. */
export interface LogPlace {
  /** Nanoseconds since the epoch, decimal. */
  readonly time: string;
  readonly recordId: string;
}

/** What `findLogs` filters by; undefined fields do not filter. */
export interface LogFilter {
  /** 32 hexadecimal digits. */
  readonly traceId?: string | undefined;
  /** 16 hexadecimal digits. */
  readonly spanId?: string | undefined;
  readonly orderId?: string | undefined;
  readonly service?: string | undefined;
  /** Least OTLP SeverityNumber. */
  readonly severity?: number | undefined;
  /** Substring of the body, case-insensitive. */
  readonly text?: string | undefined;
  readonly since?: UnixNano | undefined;
  readonly until?: UnixNano | undefined;
  readonly limit: number;
  /** Continue behind this record. */
  readonly after?: LogPlace | undefined;
}

const texts = z.array(z.string());
const row = z.object({
  at: z.string(),
  observed: z.string(),
  record: z.string(),
  severity_number: z.number(),
  severity_text: z.string(),
  body: z.string(),
  body_type: z.number(),
  event_name: z.string(),
  trace: z.string(),
  span: z.string(),
  flags: z.number(),
  service: z.string(),
  resource: z.string(),
  scope_name: z.string(),
  scope_version: z.string(),
  attribute_keys: texts,
  attribute_types: z.array(z.number()),
  attribute_values: texts,
  dropped_attributes: z.number(),
  order_id: z.string(),
  alias: z.string(),
});
type Row = z.infer<typeof row>;

/** A log record as it is shown, with its place in the list. */
export type FoundLog = Awaited<ReturnType<typeof findLogs>>[number];

/** One page of log records, newest first; complete: what the filter fits and was stored is in it or behind it. */
export async function findLogs(store: StoreClient, filter: LogFilter) {
  const conditions: string[] = [];
  const parameters: Record<string, unknown> = { limit: filter.limit };
  const where = (condition: string, values: Record<string, unknown> = {}): void => {
    conditions.push(condition);
    Object.assign(parameters, values);
  };
  if (filter.traceId !== undefined)
    where('trace_id = toFixedString(unhex({traceId:String}), 16)', { traceId: filter.traceId });
  if (filter.spanId !== undefined)
    where('span_id = toFixedString(unhex({spanId:String}), 8)', { spanId: filter.spanId });
  if (filter.orderId !== undefined) {
    const { condition, values } = await ofOrder(store, filter.orderId);
    where(condition, values);
  }
  if (filter.service !== undefined) where('service = {service:String}', { service: filter.service });
  if (filter.severity !== undefined) where('severity_number >= {severity:UInt8}', { severity: filter.severity });
  if (filter.text !== undefined) where('positionCaseInsensitiveUTF8(body, {text:String}) > 0', { text: filter.text });
  if (filter.since !== undefined) where("time >= {since:DateTime64(9, 'UTC')}", { since: toDateTime64(filter.since) });
  if (filter.until !== undefined) where("time < {until:DateTime64(9, 'UTC')}", { until: toDateTime64(filter.until) });
  if (filter.after !== undefined) {
    // The first condition lets the sorting key skip what is newer.
    where(
      "time <= {after:DateTime64(9, 'UTC')} AND (time, record_id) < ({after:DateTime64(9, 'UTC')}, {afterId:UInt64})",
      {
        after: toDateTime64(BigInt(filter.after.time)),
        afterId: BigInt(filter.after.recordId),
      },
    );
  }
  const rows = await store.query(
    `SELECT ${nanos('time')} AS at, ${nanos('observed_time')} AS observed, toString(record_id) AS record,
       severity_number, severity_text, body, body_type, event_name, ${hexOf('trace_id')} AS trace, ${hexOf('span_id')} AS span,
       flags, service, toString(resource_id) AS resource, scope_name, scope_version,
       attribute_keys, attribute_types, attribute_values, dropped_attributes, order_id, alias
     FROM logs ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
     ORDER BY ${SLICE} DESC, time DESC, record_id DESC LIMIT 1 BY time, record_id LIMIT {limit:UInt32}`,
    parameters,
    row,
  );
  return withOrders(store, rows);
}

/** SQL for the records of an order: those that name it, and those of its traces that name none. */
async function ofOrder(
  store: StoreClient,
  orderId: string,
): Promise<{ condition: string; values: Record<string, unknown> }> {
  const aliases = (await readOrderState(store, orderId))?.aliases ?? [];
  const traces = (await tracesOfOrders(store, [{ orderId, aliases }])).get(orderId) ?? [];
  const whom = await ordersInTraces(store, traces);
  const own: string[] = [];
  const pairs: string[] = [];
  for (const [trace, orders] of whom) {
    if (orders.kind === 'one') {
      if (orders.orderId === orderId) own.push(trace);
      continue;
    }
    for (const [span, of] of orders.orderOfSpan) {
      if (of === orderId && pairs.length < MAX_PAIRS) pairs.push(trace + span);
    }
  }
  const condition = `(order_id = {order:String} OR (order_id = '' AND alias != '' AND alias IN {aliases:Array(String)})
    OR (order_id = '' AND alias = '' AND (trace_id IN ${TRACES}
      OR (trace_id IN (SELECT toFixedString(unhex(substring(arrayJoin({pairs:Array(String)}), 1, 32)), 16))
        AND concat(trace_id, span_id) IN (SELECT unhex(arrayJoin({pairs:Array(String)})))))))`;
  return { condition, values: { order: orderId, aliases, traces: own, pairs } };
}

/** Adds the order of each record: the one that it names, else the one that its span, or its whole trace, works for. */
async function withOrders(store: StoreClient, rows: readonly Row[]) {
  const owners = await aliasOwners(
    store,
    rows.map(({ alias }) => alias),
  );
  const unnamed = rows.filter(({ order_id: own, alias, trace }) => own === '' && alias === '' && trace !== NO_TRACE);
  const whom = await ordersInTraces(store, [...new Set(unnamed.map(({ trace }) => trace))]);
  return rows.map((found) => {
    const named = found.order_id === '' ? (owners.get(found.alias) ?? null) : found.order_id;
    return { ...toLog(found), orderId: named ?? inherited(whom.get(found.trace), found), orderNamed: named !== null };
  });
}

function inherited(orders: TraceOrders | undefined, { order_id: own, alias, span }: Row): string | null {
  if (orders === undefined || own !== '' || alias !== '') return null;
  return orders.kind === 'one' ? orders.orderId : (orders.orderOfSpan.get(span) ?? null);
}

function toLog(found: Row) {
  return {
    at: formatRfc3339(BigInt(found.at)),
    observedAt: found.observed === '0' ? null : formatRfc3339(BigInt(found.observed)),
    recordId: found.record,
    severity: severityOf(found.severity_number),
    severityNumber: found.severity_number,
    severityText: found.severity_text,
    body: { type: VALUE_TYPES[found.body_type] ?? 'empty', value: found.body },
    eventName: found.event_name === '' ? null : found.event_name,
    traceId: found.trace === NO_TRACE ? null : found.trace,
    spanId: found.span === NO_SPAN ? null : found.span,
    flags: found.flags,
    service: found.service,
    resourceId: found.resource,
    scope: { name: found.scope_name, version: found.scope_version },
    attributes: toAttributes(found.attribute_keys, found.attribute_types, found.attribute_values),
    droppedAttributes: found.dropped_attributes,
    place: { time: found.at, recordId: found.record } satisfies LogPlace,
  };
}

/** OTLP severity ranges: four numbers each. */
export const SEVERITIES = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The least number of a severity. */
export function leastSeverity(severity: Severity): number {
  return SEVERITIES.indexOf(severity) * 4 + 1;
}

function severityOf(number: number): Severity | null {
  return number === 0 ? null : (SEVERITIES[Math.floor((number - 1) / 4)] ?? null);
}
