import { z } from 'zod';
import { NO_SPAN } from '../model/no-id.ts';
import { formatRfc3339 } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { QUICK } from '../store/quick-settings.ts';
import { placeOf, spanOwners } from '../store/span-owners.ts';
import type { Resources } from './resources.ts';
import { hexOf, nanos } from './time-sql.ts';
import { partsToAttributes } from './typed-attributes.ts';
import { withoutDoubles } from './without-doubles.ts';

/** Most spans of a trace that are read for a page. */
export const MAX_SPANS_PER_TRACE = 10_000;

const texts = z.array(z.string());
/** What packed texts are made of: `[key, digit of the type and value]` each; the first one of an event or a link is not an attribute. */
const packed = z.array(texts);

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
  /** Name, version. */
  scope_parts: texts,
  attribute_parts: packed,
  event_parts: z.array(z.tuple([z.string(), packed])),
  link_parts: z.array(z.tuple([z.string(), z.string(), packed])),
  order_id: z.string(),
  alias: z.string(),
});

type SpanRow = z.infer<typeof spanRow>;

const STATUS_CODES = ['unset', 'ok', 'error'] as const;

/** One trace with its spans by start time; undefined when no span of it is known. */
export async function findTrace(store: StoreClient, resources: Resources, traceId: string) {
  const rows = await store.query(
    `SELECT ${hexOf('span_id')} AS span, ${hexOf('parent_span_id')} AS parent, ${nanos('start')} AS started,
       toString(duration_nano) AS duration, name, kind, status_code, status_message, service,
       toString(resource_id) AS resource, arraySlice(splitByChar('\\xFE', scope), 1, 2) AS scope_parts,
       arrayMap(a -> splitByChar('\\xFF', a), attributes) AS attribute_parts,
       arrayMap(e -> (toString(reinterpretAsInt64(substring(e, 1, 8))), ${partsBehind('e', 8)}), events) AS event_parts,
       arrayMap(l -> (${hexOf('substring(l, 1, 16)')}, ${hexOf('substring(l, 17, 8)')}, ${partsBehind('l', 24)}), links) AS link_parts,
       order_id, alias
     FROM spans WHERE trace_id = toFixedString(unhex({traceId:String}), 16)
     ORDER BY start, span_id, kind LIMIT 1 BY span_id, kind LIMIT ${MAX_SPANS_PER_TRACE + 1} SETTINGS ${QUICK}`,
    { traceId },
    spanRow,
  );
  if (rows.length === 0) return undefined;
  const spansTruncated = rows.length > MAX_SPANS_PER_TRACE;
  const shown = withoutDoubles(rows.slice(0, MAX_SPANS_PER_TRACE).map(withColumns));
  const owners = await spanOwners(
    store,
    shown.map((row) => ({ span: { traceId, ...placeOf(row) }, order: row.order_id, alias: row.alias })),
  );
  const origin = BigInt(shown[0]?.started ?? '0');
  return {
    ...summarize(traceId, shown, origin),
    orders: [...new Set(owners.flatMap(({ named }) => (named === null ? [] : [named])))].sort(),
    spans: shown.map((row, index) => ({
      ...toSpan(row, origin),
      orderId: owners[index]?.orderId ?? null,
      orderNamed: (owners[index]?.named ?? null) !== null,
    })),
    spansTruncated,
    resources: await resources.read(shown.map((row) => row.resource)),
  };
}

/** Takes a packed text apart from a byte on. The aliases of the table do the same, but each of them by an expression of its own, which costs. */
function partsBehind(text: string, bytes: number): string {
  return `arrayMap(p -> splitByChar('\\xFF', p), splitByChar('\\xFE', substring(${text}, ${bytes + 1})))`;
}

/** A span with the columns by which doubles are told. */
function withColumns(row: SpanRow) {
  const attributes = partsToAttributes(row.attribute_parts);
  return {
    ...row,
    scope_name: row.scope_parts[0] ?? '',
    attributes,
    attribute_values: attributes.map(({ value }) => value),
    link_spans: row.link_parts.map(([, span]) => span),
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

function toSpan(row: ReturnType<typeof withColumns>, origin: bigint) {
  return {
    ...placeOf(row),
    name: row.name,
    startedAt: formatRfc3339(BigInt(row.started)),
    offsetMs: Number(BigInt(row.started) - origin) / 1e6,
    durationMs: Number(row.duration) / 1e6,
    status: { code: STATUS_CODES[row.status_code] ?? 'unset', message: row.status_message },
    attributes: row.attributes,
    events: row.event_parts.map(([at, [name, ...attributes]]) => ({
      name: name?.[0] ?? '',
      at: formatRfc3339(BigInt(at)),
      offsetMs: Number(BigInt(at) - origin) / 1e6,
      attributes: partsToAttributes(attributes),
    })),
    links: row.link_parts.map(([linked, span, [, ...attributes]]) => ({
      traceId: linked,
      spanId: span,
      attributes: partsToAttributes(attributes),
    })),
    scope: { name: row.scope_name, version: row.scope_parts[1] ?? '' },
    resourceId: row.resource,
  };
}
