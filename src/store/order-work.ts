import { z } from 'zod';
import { inheritOrders } from '../model/inheritance.ts';
import { SPAN_KINDS } from '../model/span-parents.ts';
import type { UnixNano } from '../model/units.ts';
import type { WorkSpan } from '../model/work-span.ts';
import { aliasOwners } from './alias-owners.ts';
import type { StoreClient } from './client.ts';
import { type NamedOrder, tracesOfOrders } from './order-traces.ts';
import { type QueueWait, readOrderWaits } from './order-waits.ts';
import { unixNanoText } from './time.ts';
import { TRACES } from './trace-set.ts';

/** What works for orders, and what they wait for. */
export interface OrdersWork {
  /** Only orders that have traces: the spans of the newest MAX_TRACES_PER_ORDER, each span once. */
  readonly spans: ReadonlyMap<string, readonly WorkSpan[]>;
  /** When messages of the orders waited in queues, as brokers show it; only orders that have such. See `readOrderWaits`. */
  readonly waits: ReadonlyMap<string, readonly QueueWait[]>;
  /** True where the traces have more spans than were to be read; which ones are missing is not said. */
  readonly truncated: boolean;
}

const texts = z.array(z.string());

const spanRow = z.object({
  trace: z.string(),
  span: z.string(),
  parent: z.string(),
  order_id: z.string(),
  alias: z.string(),
  kind: z.number(),
  service: z.string(),
  started: unixNanoText,
  duration: z.coerce.bigint(),
  peer: z.string(),
  operation: z.string(),
  linked_traces: texts,
  linked_spans: texts,
});

type SpanRow = z.infer<typeof spanRow>;

/** Attributes that say whom a call goes to, over all generations of conventions; the first one that is there counts. */
const PEER_KEYS = [
  'peer.service',
  'db.system.name',
  'db.system',
  'messaging.system',
  'server.address',
  'net.peer.name',
  'http.host',
  'rpc.service',
] as const;

/** Attributes that say what is done to a message; the first one that is there counts. */
const OPERATION_KEYS = ['messaging.operation.type', 'messaging.operation', 'messaging.operation.name'] as const;
const SENDS: ReadonlySet<string> = new Set(['send', 'publish', 'create']);
const RECEIVES: ReadonlySet<string> = new Set(['receive', 'poll', 'fetch']);

const NO_SPAN = '0'.repeat(16);

/** Reads the spans that work for orders: those that name them, and those that inherit them inside their traces; and their messages. */
export async function readOrderWork(
  store: StoreClient,
  orders: readonly NamedOrder[],
  options: { readonly maxSpans: number; readonly now: UnixNano },
): Promise<OrdersWork> {
  const traces = await tracesOfOrders(store, orders);
  const all = [...new Set([...traces.values()].flat())];
  const waits = await readOrderWaits(store, orders, { traces: all, now: options.now });
  if (all.length === 0) return { spans: new Map(), waits, truncated: false };
  const rows = await readSpans(store, all, options.maxSpans + 1);
  const truncated = rows.length > options.maxSpans;
  const found = await byOrder(store, truncated ? rows.slice(0, options.maxSpans) : rows);
  return { spans: new Map([...traces.keys()].map((orderId) => [orderId, found.get(orderId) ?? []])), waits, truncated };
}

function readSpans(store: StoreClient, traces: readonly string[], limit: number): Promise<SpanRow[]> {
  return store.query(
    `SELECT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, lower(hex(parent_span_id)) AS parent, order_id, alias, kind,
       service, toUnixTimestamp64Nano(start) AS started, toString(duration_nano) AS duration,
       if(kind = 3, ${firstOf(PEER_KEYS)}, '') AS peer, if(kind >= 3, ${firstOf(OPERATION_KEYS)}, '') AS operation,
       if(kind IN (3, 5), arrayMap(id -> lower(hex(id)), link_trace_ids), []) AS linked_traces,
       if(kind IN (3, 5), arrayMap(id -> lower(hex(id)), link_span_ids), []) AS linked_spans
     FROM spans WHERE trace_id IN ${TRACES}
     ORDER BY trace_id, start, span_id, kind LIMIT 1 BY trace_id, span_id, kind LIMIT {limit:UInt32}`,
    { traces, limit },
    spanRow,
  );
}

/** SQL of the first value among those of attributes that is not empty; empty text where there is none. */
function firstOf(keys: readonly string[]): string {
  const names = keys.map((key) => `'${key}'`).join(', ');
  return `arrayFirst(v -> v != '', arrayMap(key -> toString(attribute_values[indexOf(attribute_keys, key)]), [${names}]))`;
}

async function byOrder(store: StoreClient, rows: readonly SpanRow[]): Promise<Map<string, WorkSpan[]>> {
  const owners = await aliasOwners(
    store,
    rows.map((row) => row.alias),
  );
  const spans = new Map<string, WorkSpan[]>();
  for (const trace of Map.groupBy(rows, (row) => row.trace).values()) {
    const naming = trace.map((row) => ({
      ...toWorkSpan(row),
      orderId: row.order_id === '' ? (owners.get(row.alias) ?? null) : row.order_id,
    }));
    const inherited = inheritOrders(naming);
    for (const [index, { orderId: _named, ...span }] of naming.entries()) {
      const orderId = inherited[index] ?? null;
      if (orderId === null) continue;
      const own = spans.get(orderId);
      if (own === undefined) spans.set(orderId, [span]);
      else own.push(span);
    }
  }
  return spans;
}

function toWorkSpan(row: SpanRow): WorkSpan {
  const operation = row.operation.toLowerCase();
  return {
    traceId: row.trace,
    spanId: row.span,
    parentSpanId: row.parent === NO_SPAN ? null : row.parent,
    service: row.service,
    kind: SPAN_KINDS[row.kind] ?? 'unspecified',
    start: row.started,
    end: row.started + row.duration,
    messaging: SENDS.has(operation) ? 'send' : RECEIVES.has(operation) ? 'receive' : null,
    peer: row.peer,
    links: row.linked_traces.map((traceId, index) => ({ traceId, spanId: row.linked_spans[index] ?? NO_SPAN })),
  };
}
