import { z } from 'zod';
import type { SpanKind } from '../model/span-parents.ts';
import type { StoreClient } from '../store/client.ts';
import { QUICK } from '../store/quick-settings.ts';
import { placeOf, spanOwners } from '../store/span-owners.ts';
import { TRACES } from '../store/trace-set.ts';

const texts = z.array(z.string());

const spanRow = z.object({
  trace: z.string(),
  span: z.string(),
  parent: z.string(),
  order_id: z.string(),
  alias: z.string(),
  kind: z.number(),
  failed: z.number(),
  service: z.string(),
  name: z.string(),
  ended: z.string(),
  status_message: z.string(),
  keys: texts,
  values: texts,
  event_keys: z.array(texts),
  event_values: z.array(texts),
});

/** A span of a tree; what only errors need is empty for the others. */
export interface TreeSpan {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly isError: boolean;
  readonly kind: SpanKind;
  readonly service: string;
  readonly name: string;
  /** End of the span, nanoseconds: when its failure was known. */
  readonly endedAt: bigint;
  readonly statusMessage: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Attributes of its events. */
  readonly events: readonly ReadonlyMap<string, string>[];
  /** The order that the span works for; null where the trace serves several orders and none is nearer. */
  readonly orderId: string | null;
}

/** The spans of a trace and the order that each works for. */
export interface SpanTree {
  readonly spans: readonly TreeSpan[];
  /** By span id, for what names no order itself: then the halves of a shared span work for the same one. */
  readonly orders: ReadonlyMap<string, string | null>;
}

/** Most spans that one answer may have; the bound of memory, far above what the traces of a fold have. */
const MAX_SPANS = 1_000_000;

/** Reads traces as trees of spans. */
export class SpanTreeReader {
  readonly #store: StoreClient;

  constructor(store: StoreClient) {
    this.#store = store;
  }

  /** Which of the traces have a span with error status. */
  async tracesWithErrors(traces: readonly string[]): Promise<string[]> {
    if (traces.length === 0) return [];
    const rows = await this.#store.query(
      `SELECT DISTINCT lower(hex(trace_id)) AS trace FROM spans WHERE trace_id IN ${TRACES} AND status_code = 2 SETTINGS ${QUICK}`,
      { traces },
      z.object({ trace: z.string() }),
    );
    return rows.map((row) => row.trace);
  }

  /** Reads the traces whole, aliases resolved to their orders. */
  async trees(traces: readonly string[]): Promise<Map<string, SpanTree>> {
    if (traces.length === 0) return new Map();
    const rows = await this.#store.query(
      `SELECT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, lower(hex(parent_span_id)) AS parent, order_id, alias,
         kind, status_code = 2 AS failed, service, name, toString(toUnixTimestamp64Nano(start) + duration_nano) AS ended,
         status_message, if(failed, attribute_keys, []) AS keys, if(failed, attribute_values, []) AS values,
         if(failed, event_attribute_keys, []) AS event_keys, if(failed, event_attribute_values, []) AS event_values
       FROM spans WHERE trace_id IN ${TRACES}
       ORDER BY trace_id, start, span_id, kind LIMIT 1 BY trace_id, span_id, kind LIMIT ${MAX_SPANS} SETTINGS ${QUICK}`,
      { traces },
      spanRow,
    );
    const owners = await spanOwners(
      this.#store,
      rows.map((row) => ({ span: { traceId: row.trace, ...placeOf(row) }, order: row.order_id, alias: row.alias })),
    );
    const trees = new Map<string, { readonly spans: TreeSpan[]; readonly orders: Map<string, string | null> }>();
    for (const [index, row] of rows.entries()) {
      const span = toTreeSpan(row, owners[index]?.orderId ?? null);
      let tree = trees.get(row.trace);
      if (tree === undefined) {
        tree = { spans: [], orders: new Map() };
        trees.set(row.trace, tree);
      }
      tree.spans.push(span);
      tree.orders.set(span.spanId, span.orderId);
    }
    return trees;
  }
}

function toTreeSpan(row: z.infer<typeof spanRow>, orderId: string | null): TreeSpan {
  return {
    ...placeOf(row),
    isError: row.failed === 1,
    name: row.name,
    endedAt: BigInt(row.ended),
    statusMessage: row.status_message,
    attributes: zip(row.keys, row.values),
    events: row.event_keys.map((keys, index) => zip(keys, row.event_values[index] ?? [])),
    orderId,
  };
}

function zip(keys: readonly string[], values: readonly string[]): Map<string, string> {
  return new Map(keys.map((key, index) => [key, values[index] ?? '']));
}
