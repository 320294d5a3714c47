import { SPAN_KINDS } from '../model/span-parents.ts';
import type { UnixNano } from '../model/units.ts';
import { MESSAGING, type SpanReference, type WorkSpan } from '../model/work-span.ts';
import { aliasOwners } from './alias-owners.ts';
import type { StoreClient } from './client.ts';
import { type NamedOrder, tracesOfOrders } from './order-traces.ts';
import { type QueueWait, readOrderWaits } from './order-waits.ts';
import { QUICK } from './quick-settings.ts';
import { ownersInTrace, type StoredNaming } from './span-owners.ts';
import { TRACES } from './trace-set.ts';

/** What works for orders, and what they wait for. */
export interface OrdersWork {
  /** The spans that work for one of the orders, each once, of its newest MAX_TRACES_PER_ORDER traces; made when they are asked for. */
  readonly spansOf: (orderId: string) => readonly WorkSpan[];
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
  if (all.length === 0) return { spansOf: () => [], waits, truncated: false };
  const lines = await readSpans(store, all, options.maxSpans + 1);
  const truncated = lines.length > options.maxSpans;
  if (truncated) lines.length = options.maxSpans;
  const read = new TracesRead(lines, await aliasOwners(store, aliasesIn(lines)), namedOften(traces));
  return { spansOf: (orderId) => read.spansOf(orderId, traces.get(orderId) ?? []), waits, truncated };
}

/** Traces that more than one of the orders have. */
function namedOften(traces: ReadonlyMap<string, readonly string[]>): Set<string> {
  const seen = new Set<string>();
  const often = new Set<string>();
  for (const trace of [...traces.values()].flat()) {
    if (seen.has(trace)) often.add(trace);
    seen.add(trace);
  }
  return often;
}

/** The spans of traces, each once, a trace after the other: a line is what a `StoredWork` is made of, the trace first, then the alias. */
function readSpans(store: StoreClient, traces: readonly string[], limit: number): Promise<string[]> {
  return store.queryLines(
    `SELECT lower(hex(trace_id)), toJSONString(alias), lower(hex(span_id)),
       if(parent_span_id = toFixedString('', 8), '', lower(hex(parent_span_id))),
       kind, messaging, toUnixTimestamp64Nano(start), duration_nano, toJSONString(service), toJSONString(peer), toJSONString(order_id),
       if(kind IN (3, 5), arrayStringConcat(arrayMap(l -> lower(hex(substring(l, 1, 24))), links)), '')
     FROM spans WHERE trace_id IN ${TRACES}
     ORDER BY trace_id, start, span_id, kind LIMIT 1 BY trace_id, span_id, kind LIMIT {limit:UInt32}
     SETTINGS ${QUICK}`,
    { traces, limit },
  );
}

const TRACE_DIGITS = 32;
const NO_ALIAS = '""\t';

function aliasesIn(lines: readonly string[]): Set<string> {
  const aliases = new Set<string>();
  for (const line of lines) {
    if (line.startsWith(NO_ALIAS, TRACE_DIGITS + 1)) continue;
    aliases.add(String(JSON.parse(line.slice(TRACE_DIGITS + 1, line.indexOf('\t', TRACE_DIGITS + 1)))));
  }
  return aliases;
}

interface StoredWork extends StoredNaming {
  readonly span: WorkSpan;
}

/** Spans by the order that they work for. */
type WorkByOrder = ReadonlyMap<string | null, readonly WorkSpan[]>;

/**
 * Traces as they were read. There are tens of thousands of spans at a time: as objects that are alive together they would cost the garbage
 * collector more than everything else does, so they are made an order at a time.
 */
class TracesRead {
  readonly #lines: readonly string[];
  /** Where the lines of a trace begin and end. */
  readonly #places = new Map<string, { readonly from: number; readonly to: number }>();
  readonly #byAlias: ReadonlyMap<string, string>;
  readonly #texts = new RepeatedTexts();
  readonly #kept = new Map<string, WorkByOrder>();
  readonly #keep: ReadonlySet<string>;

  /** @param keep traces that will be asked for more than once */
  constructor(lines: readonly string[], byAlias: ReadonlyMap<string, string>, keep: ReadonlySet<string>) {
    this.#lines = lines;
    this.#byAlias = byAlias;
    this.#keep = keep;
    for (let from = 0; from < lines.length; ) {
      const trace = lines[from]?.slice(0, TRACE_DIGITS) ?? '';
      let to = from + 1;
      while (lines[to]?.startsWith(trace) === true) to += 1;
      this.#places.set(trace, { from, to });
      from = to;
    }
  }

  spansOf(orderId: string, traces: readonly string[]): WorkSpan[] {
    return traces.flatMap((trace) => this.#workIn(trace).get(orderId) ?? []);
  }

  #workIn(trace: string): WorkByOrder {
    const kept = this.#kept.get(trace);
    if (kept !== undefined) return kept;
    const { from, to } = this.#places.get(trace) ?? { from: 0, to: 0 };
    const rows = this.#lines.slice(from, to).map((line) => toStoredWork(line, this.#texts));
    const owners = ownersInTrace(rows, this.#byAlias);
    const spans = rows.map(({ span }) => span);
    const byOrder = Map.groupBy(spans, (_, index) => owners[index]?.orderId ?? null);
    if (this.#keep.has(trace)) this.#kept.set(trace, byOrder);
    return byOrder;
  }
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

function toStoredWork(line: string, texts: RepeatedTexts): StoredWork {
  const [
    traceId = '',
    alias,
    spanId = '',
    parent = '',
    kind,
    messaging,
    started = '0',
    duration = '0',
    service,
    peer,
    order,
    links = '',
  ] = line.split('\t');
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
      links: links === '' ? NO_LINKS : toLinks(links),
    },
    order: texts.read(order),
    alias: texts.read(alias),
  };
}

const NO_LINKS: readonly SpanReference[] = [];

/** Each link is the 48 hexadecimal digits of a trace id and a span id. */
function toLinks(text: string): SpanReference[] {
  return Array.from({ length: text.length / 48 }, (_, index) => {
    const at = index * 48;
    return { traceId: text.slice(at, at + 32), spanId: text.slice(at + 32, at + 48) };
  });
}
