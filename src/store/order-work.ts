import { SPAN_KINDS } from '../model/span-parents.ts';
import type { UnixNano } from '../model/units.ts';
import { MESSAGING, type SpanReference, type WorkSpan } from '../model/work-span.ts';
import type { StoreClient } from './client.ts';
import { type NamedOrder, tracesOfOrders } from './order-traces.ts';
import { type QueueWait, readOrderWaits } from './order-waits.ts';
import { QUICK } from './quick-settings.ts';
import { type StoredNaming, spanOwners } from './span-owners.ts';
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

interface StoredWork extends StoredNaming {
  readonly span: WorkSpan;
}

/** The spans of traces, each once. There are tens of thousands at a time, so they come as cells. */
async function readSpans(store: StoreClient, traces: readonly string[], limit: number): Promise<StoredWork[]> {
  const rows = await store.queryCells(
    `SELECT lower(hex(trace_id)), lower(hex(span_id)), if(parent_span_id = toFixedString('', 8), '', lower(hex(parent_span_id))),
       kind, messaging, toUnixTimestamp64Nano(start), duration_nano,
       toJSONString(service), toJSONString(peer), toJSONString(order_id), toJSONString(alias),
       if(kind IN (3, 5), arrayStringConcat(arrayMap(l -> lower(hex(substring(l, 1, 24))), links)), '')
     FROM spans WHERE trace_id IN ${TRACES}
     ORDER BY trace_id, start, span_id, kind LIMIT 1 BY trace_id, span_id, kind LIMIT {limit:UInt32}
     SETTINGS ${QUICK}`,
    { traces, limit },
  );
  const texts = new RepeatedTexts();
  return rows.map((cells) => toStoredWork(cells, texts));
}

/** Texts that were quoted as JSON; the same few stand in most rows. */
class RepeatedTexts {
  readonly #known = new Map<string, string>();

  read(quoted = '""'): string {
    const known = this.#known.get(quoted);
    if (known !== undefined) return known;
    const text = String(JSON.parse(quoted));
    this.#known.set(quoted, text);
    return text;
  }
}

function toStoredWork(cells: readonly string[], texts: RepeatedTexts): StoredWork {
  const [
    traceId = '',
    spanId = '',
    parent = '',
    kind,
    messaging,
    started = '0',
    duration = '0',
    service,
    peer,
    order,
    alias,
    links = '',
  ] = cells;
  const start = BigInt(started);
  return {
    span: {
      traceId,
      spanId,
      parentSpanId: parent === '' ? null : parent,
      service: texts.read(service),
      kind: SPAN_KINDS[Number(kind)] ?? 'unspecified',
      start,
      end: start + BigInt(duration),
      messaging: MESSAGING[Number(messaging)] ?? null,
      peer: texts.read(peer),
      links: toLinks(links),
    },
    order: texts.read(order),
    alias: texts.read(alias),
  };
}

/** Each link is the 48 hexadecimal digits of a trace id and a span id. */
function toLinks(text: string): SpanReference[] {
  return Array.from({ length: text.length / 48 }, (_, index) => {
    const at = index * 48;
    return { traceId: text.slice(at, at + 32), spanId: text.slice(at + 32, at + 48) };
  });
}

async function byOrder(store: StoreClient, rows: readonly StoredWork[]): Promise<Map<string, WorkSpan[]>> {
  const owners = await spanOwners(store, rows);
  const spans = new Map<string, WorkSpan[]>();
  for (const [index, { span }] of rows.entries()) {
    const orderId = owners[index]?.orderId ?? null;
    if (orderId === null) continue;
    const own = spans.get(orderId);
    if (own === undefined) spans.set(orderId, [span]);
    else own.push(span);
  }
  return spans;
}
