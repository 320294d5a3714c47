import { z } from 'zod';
import { inheritOrders, type NamingSpan } from '../model/inheritance.ts';
import type { EvidenceKind, StatusFact } from '../model/order.ts';
import type { StoreClient } from '../store/client.ts';

/** Everything the store knows about one order that the fold needs. */
export interface OrderMaterial {
  readonly facts: StatusFact[];
  /** `name=value`, sorted; only the aliases whose earliest binding is this order. */
  readonly aliases: string[];
  /** First time that anything about the order was observed, milliseconds since the epoch. */
  firstObservedAtMs: number;
}

const pairRow = z.object({ order_id: z.string(), alias: z.string() });
const traceRow = z.object({ order_id: z.string(), alias: z.string(), trace: z.string(), observed_ms: z.string() });
const factRow = z.object({
  order_id: z.string(),
  alias: z.string(),
  trace: z.string(),
  span: z.string(),
  status: z.string(),
  occurred: z.string(),
  observed: z.string(),
  source: z.string(),
  evidence_kind: z.string(),
  evidence_id: z.string(),
  sequence: z.number(),
});
const spanRow = z.object({
  trace: z.string(),
  span: z.string(),
  parent: z.string(),
  order_id: z.string(),
  alias: z.string(),
});

type FactRow = z.infer<typeof factRow>;
type TraceRow = z.infer<typeof traceRow>;

const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

const FACT_COLUMNS = `order_id, alias, lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, status,
  toString(toUnixTimestamp64Nano(occurred_at)) AS occurred, toString(toUnixTimestamp64Nano(observed_at)) AS observed,
  source, evidence_kind, evidence_id, sequence`;

const TRACE_COLUMNS = `order_id, alias, lower(hex(trace_id)) AS trace,
  min(toUnixTimestamp64Milli(observed_at)) AS observed_ms`;

/** Trace ids as the store compares them. */
const TRACES = `(SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16))`;

/** Reads what the fold of orders needs; every method takes a bounded list and asks one question. */
export class OrderReader {
  readonly #store: StoreClient;

  constructor(store: StoreClient) {
    this.#store = store;
  }

  /** The order that each alias belongs to: the earliest binding wins, then the smaller order id. */
  async ordersOfAliases(aliases: readonly string[]): Promise<Map<string, string>> {
    if (aliases.length === 0) return new Map();
    const rows = await this.#store.query(
      `SELECT alias, argMin(order_id, (bound_at, order_id)) AS owner FROM order_aliases
       WHERE alias IN {aliases:Array(String)} GROUP BY alias`,
      { aliases },
      z.object({ alias: z.string(), owner: z.string() }),
    );
    return new Map(rows.map((row) => [row.alias, row.owner]));
  }

  /** Every order that was ever bound to one of the aliases, winners and losers. */
  async allOrdersOfAliases(aliases: readonly string[]): Promise<string[]> {
    if (aliases.length === 0) return [];
    const rows = await this.#store.query(
      'SELECT DISTINCT order_id, alias FROM order_aliases WHERE alias IN {aliases:Array(String)}',
      { aliases },
      pairRow,
    );
    return rows.map((row) => row.order_id);
  }

  /** Which of the traces carry status facts that name no order themselves. */
  async tracesWithOrphans(traces: readonly string[]): Promise<string[]> {
    if (traces.length === 0) return [];
    const rows = await this.#store.query(
      `SELECT DISTINCT lower(hex(trace_id)) AS trace FROM status_facts WHERE order_id = '' AND alias = '' AND trace_id IN ${TRACES}`,
      { traces },
      z.object({ trace: z.string() }),
    );
    return rows.map((row) => row.trace);
  }

  /** The orders that the spans of the traces name, aliases resolved. */
  async ordersOfTraces(traces: readonly string[]): Promise<Map<string, Set<string>>> {
    const rows = await this.#namingsOfTraces(traces);
    const winners = await this.ordersOfAliases(distinct(rows.map((row) => row.alias)));
    const byTrace = new Map<string, Set<string>>();
    for (const row of rows) {
      const orderId = row.order_id === '' ? winners.get(row.alias) : row.order_id;
      if (orderId === undefined) continue;
      const orders = byTrace.get(row.trace) ?? new Set<string>();
      orders.add(orderId);
      byTrace.set(row.trace, orders);
    }
    return byTrace;
  }

  /** Reads the material of each order. The answer has an entry for every order asked for. */
  async read(orderIds: readonly string[]): Promise<Map<string, OrderMaterial>> {
    const material = new Map<string, OrderMaterial>(
      orderIds.map((id) => [id, { facts: [], aliases: [], firstObservedAtMs: Number.POSITIVE_INFINITY }]),
    );
    const aliasOwners = await this.#wonAliases(orderIds);
    for (const [alias, orderId] of aliasOwners) material.get(orderId)?.aliases.push(alias);
    const ownerOf = (row: { order_id: string; alias: string }): OrderMaterial | undefined =>
      material.get(row.order_id === '' ? (aliasOwners.get(row.alias) ?? '') : row.order_id);
    const traces = await this.#tracesOf(orderIds, [...aliasOwners.keys()]);
    for (const row of traces) see(ownerOf(row), Number(row.observed_ms));
    for (const row of await this.#factsOf(orderIds, [...aliasOwners.keys()])) addFact(ownerOf(row), row);
    await this.#addOrphans(distinct(traces.map((row) => row.trace)), material);
    for (const order of material.values()) order.aliases.sort();
    return material;
  }

  /** Aliases bound to the orders, each with the order that owns it; an alias that another order bound earlier is left out. */
  async #wonAliases(orderIds: readonly string[]): Promise<Map<string, string>> {
    const bound = await this.#store.query(
      'SELECT DISTINCT order_id, alias FROM order_aliases WHERE order_id IN {orders:Array(String)}',
      { orders: orderIds },
      pairRow,
    );
    const winners = await this.ordersOfAliases(distinct(bound.map((row) => row.alias)));
    const asked = new Set(orderIds);
    return new Map([...winners].filter(([, orderId]) => asked.has(orderId)));
  }

  #tracesOf(orderIds: readonly string[], aliases: readonly string[]): Promise<TraceRow[]> {
    return this.#store.query(
      `SELECT ${TRACE_COLUMNS} FROM order_traces
       WHERE order_id IN {orders:Array(String)} OR (order_id = '' AND alias IN {aliases:Array(String)})
       GROUP BY order_id, alias, trace_id`,
      { orders: orderIds, aliases },
      traceRow,
    );
  }

  #factsOf(orderIds: readonly string[], aliases: readonly string[]): Promise<FactRow[]> {
    return this.#store.query(
      `SELECT ${FACT_COLUMNS} FROM status_facts
       WHERE order_id IN {orders:Array(String)} OR (order_id = '' AND alias != '' AND alias IN {aliases:Array(String)})`,
      { orders: orderIds, aliases },
      factRow,
    );
  }

  /** Gives facts that name no order to the order of their nearest ancestor in the trace. */
  async #addOrphans(traces: readonly string[], material: Map<string, OrderMaterial>): Promise<void> {
    if (traces.length === 0) return;
    const orphans = await this.#store.query(
      `SELECT ${FACT_COLUMNS} FROM status_facts WHERE order_id = '' AND alias = '' AND trace_id IN ${TRACES}`,
      { traces },
      factRow,
    );
    const orders = await this.#inheritance(distinct(orphans.map((fact) => fact.trace)));
    for (const fact of orphans) {
      const orderId = orders.get(fact.trace)?.get(fact.span);
      if (orderId !== undefined && orderId !== null) addFact(material.get(orderId), fact);
    }
  }

  async #inheritance(traces: readonly string[]): Promise<Map<string, Map<string, string | null>>> {
    if (traces.length === 0) return new Map();
    const rows = await this.#store.query(
      `SELECT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, lower(hex(parent_span_id)) AS parent, order_id, alias
       FROM spans WHERE trace_id IN ${TRACES}`,
      { traces },
      spanRow,
    );
    const winners = await this.ordersOfAliases(distinct(rows.map((row) => row.alias)));
    const byTrace = new Map<string, NamingSpan[]>();
    for (const row of rows) {
      const spans = byTrace.get(row.trace) ?? [];
      spans.push({
        spanId: row.span,
        parentSpanId: row.parent === NO_SPAN ? null : row.parent,
        orderId: row.order_id === '' ? (winners.get(row.alias) ?? null) : row.order_id,
      });
      byTrace.set(row.trace, spans);
    }
    return new Map([...byTrace].map(([trace, spans]) => [trace, inheritOrders(spans)]));
  }

  #namingsOfTraces(traces: readonly string[]): Promise<TraceRow[]> {
    if (traces.length === 0) return Promise.resolve([]);
    return this.#store.query(
      `SELECT ${TRACE_COLUMNS} FROM order_traces WHERE trace_id IN ${TRACES} GROUP BY order_id, alias, trace_id`,
      { traces },
      traceRow,
    );
  }
}

function see(material: OrderMaterial | undefined, observedAtMs: number): void {
  if (material !== undefined) material.firstObservedAtMs = Math.min(material.firstObservedAtMs, observedAtMs);
}

function addFact(material: OrderMaterial | undefined, row: FactRow): void {
  if (material === undefined) return;
  const observedAt = BigInt(row.observed);
  see(material, Number(observedAt / 1_000_000n));
  const equals = row.alias.indexOf('=');
  material.facts.push({
    order:
      row.order_id !== ''
        ? { kind: 'order', orderId: row.order_id }
        : row.alias !== ''
          ? { kind: 'alias', alias: { name: row.alias.slice(0, equals), value: row.alias.slice(equals + 1) } }
          : { kind: 'trace' },
    status: row.status,
    occurredAt: BigInt(row.occurred),
    observedAt,
    source: row.source,
    evidenceKind: row.evidence_kind as EvidenceKind,
    evidenceId: row.evidence_id,
    sequence: row.sequence,
    traceId: row.trace === NO_TRACE ? null : row.trace,
    spanId: row.span === NO_SPAN ? null : row.span,
  });
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== '');
}
