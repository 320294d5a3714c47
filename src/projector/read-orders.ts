import { z } from 'zod';
import { innermostErrors } from '../lifecycle/failures/innermost.ts';
import { parseAlias } from '../model/alias-text.ts';
import type { EvidenceKind, OrderReference, StatusFact } from '../model/order.ts';
import { aliasOwners } from '../store/alias-owners.ts';
import type { QueryParams, StoreClient } from '../store/client.ts';
import { ORDERS } from '../store/order-set.ts';
import { TRACES } from '../store/trace-set.ts';
import { byTime, type Failure, toFailure } from './failures.ts';
import { SpanTreeReader } from './read-span-trees.ts';

/** Everything the store knows about one order that the fold needs. */
export interface OrderMaterial {
  readonly facts: StatusFact[];
  /** Errors in work for the order, earliest first. */
  readonly failures: Failure[];
  /** `name=value`, sorted; only the aliases whose earliest binding is this order. */
  readonly aliases: string[];
  /** By name: the value that was reported last, and when. */
  readonly attributes: Map<string, { value: string; occurredAt: bigint }>;
  /** First time that anything about the order was observed, milliseconds since the epoch. */
  firstObservedAtMs: number;
}

/** Segments of the journal: all behind `after`, up to `upTo`. */
export interface Segments {
  readonly after: number;
  readonly upTo: number;
}

/** An order of which nothing is known. */
export function emptyMaterial(): OrderMaterial {
  return { facts: [], failures: [], aliases: [], attributes: new Map(), firstObservedAtMs: Number.POSITIVE_INFINITY };
}

const pairRow = z.object({ order_id: z.string(), alias: z.string() });
const traceRow = z.object({ order_id: z.string(), alias: z.string(), trace: z.string(), observed_ms: z.string() });
const attributeRow = z.object({
  order_id: z.string(),
  alias: z.string(),
  name: z.string(),
  latest: z.string(),
  occurred: z.string(),
});

type AttributeRow = z.infer<typeof attributeRow>;
type TraceRow = z.infer<typeof traceRow>;

/** A fact as FACTS gives it. */
type FactTuple = readonly [
  trace: string,
  span: string,
  status: string,
  occurred: string,
  observed: string,
  source: string,
  evidenceKind: EvidenceKind,
  evidenceId: string,
  sequence: number,
  sourceVersion: string,
];

/** The facts that name an order by its id, or by one alias; both are empty where only the trace tells it. */
const factsRow = z.object({
  order_id: z.string(),
  alias: z.string(),
  // As FACTS makes them; looking at each value would cost more than the fold.
  facts: z.custom<FactTuple[]>((value) => Array.isArray(value)),
});
type FactsRow = z.infer<typeof factsRow>;

/** One row for all facts of a name: a row each, checked one by one, would cost more than the fold. Ids of zeros come as empty text. */
const FACTS = `order_id, alias, groupArray((if(trace_id = toFixedString('', 16), '', lower(hex(trace_id))),
  if(span_id = toFixedString('', 8), '', lower(hex(span_id))), status, toUnixTimestamp64Nano(occurred_at),
  toUnixTimestamp64Nano(observed_at), source, evidence_kind, evidence_id, sequence, source_version)) AS facts`;

const TRACE_COLUMNS = `order_id, alias, lower(hex(trace_id)) AS trace,
  min(toUnixTimestamp64Milli(observed_at)) AS observed_ms`;

/** Reads what the fold of orders needs; every method takes a bounded list and asks one question. */
export class OrderReader {
  readonly #store: StoreClient;
  readonly #spans: SpanTreeReader;

  constructor(store: StoreClient) {
    this.#store = store;
    this.#spans = new SpanTreeReader(store);
  }

  /** The order that each alias belongs to. */
  ordersOfAliases(aliases: Iterable<string>): Promise<Map<string, string>> {
    return aliasOwners(this.#store, aliases);
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
    const winners = await this.ordersOfAliases(rows.map((row) => row.alias));
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
    const material = new Map(orderIds.map((id) => [id, emptyMaterial()]));
    const wonAliases = await this.#wonAliases(orderIds);
    for (const [alias, orderId] of wonAliases) material.get(orderId)?.aliases.push(alias);
    const ownerOf = (row: { order_id: string; alias: string }): OrderMaterial | undefined =>
      material.get(row.order_id === '' ? (wonAliases.get(row.alias) ?? '') : row.order_id);
    const aliases = [...wonAliases.keys()];
    const [traces, facts, attributes] = await Promise.all([
      this.#tracesOf(orderIds, aliases),
      this.#factsOf(orderIds, aliases),
      this.#attributesOf(orderIds, aliases),
    ]);
    for (const row of traces) see(ownerOf(row), Number(row.observed_ms));
    for (const row of facts) {
      const owner = ownerOf(row);
      const reference = referenceOf(row);
      for (const fact of row.facts) addFact(owner, reference, fact);
    }
    for (const row of attributes) addAttribute(ownerOf(row), row);
    const ownTraces = distinct(traces.map((row) => row.trace));
    await this.#addOrphans(ownTraces, material);
    await this.#addFailures(ownTraces, material);
    for (const order of material.values()) {
      order.aliases.sort();
      order.failures.sort(byTime);
    }
    return material;
  }

  /** Reads what some segments brought about orders by their id: facts and attributes. Resolves to what adds it to one of the orders. */
  async news(
    orderIds: readonly string[],
    { after, upTo }: Segments,
  ): Promise<(orderId: string, material: OrderMaterial) => void> {
    const condition = `order_id IN ${ORDERS} AND segment > {after:UInt64} AND segment <= {upTo:UInt64}`;
    const parameters = { orders: JSON.stringify(orderIds), after: String(after), upTo: String(upTo) };
    const [facts, attributes] = await Promise.all([
      this.#facts(`${condition} GROUP BY order_id, alias`, parameters),
      this.#attributes(condition, parameters),
    ]);
    const factsOf = new Map(facts.map((row) => [row.order_id, row]));
    const attributesOf = Map.groupBy(attributes, (row) => row.order_id);
    return (orderId, material) => {
      const row = factsOf.get(orderId);
      if (row !== undefined) for (const fact of row.facts) addFact(material, referenceOf(row), fact);
      for (const attribute of attributesOf.get(orderId) ?? []) addAttribute(material, attribute);
    };
  }

  /** Which of the traces have a span with error status. */
  tracesWithErrors(traces: readonly string[]): Promise<string[]> {
    return this.#spans.tracesWithErrors(traces);
  }

  /** Aliases bound to the orders, each with the order that owns it; an alias that another order bound earlier is left out. */
  async #wonAliases(orderIds: readonly string[]): Promise<Map<string, string>> {
    const bound = await this.#store.query(
      `SELECT DISTINCT order_id, alias FROM order_aliases WHERE order_id IN ${ORDERS}`,
      { orders: JSON.stringify(orderIds) },
      pairRow,
    );
    const winners = await this.ordersOfAliases(bound.map((row) => row.alias));
    const asked = new Set(orderIds);
    return new Map([...winners].filter(([, orderId]) => asked.has(orderId)));
  }

  #tracesOf(orderIds: readonly string[], aliases: readonly string[]): Promise<TraceRow[]> {
    return this.#store.query(
      `SELECT ${TRACE_COLUMNS} FROM order_traces
       WHERE ${naming(aliases)} GROUP BY order_id, alias, trace_id`,
      { orders: JSON.stringify(orderIds), aliases },
      traceRow,
    );
  }

  #factsOf(orderIds: readonly string[], aliases: readonly string[]): Promise<FactsRow[]> {
    return this.#facts(`${naming(aliases)} GROUP BY order_id, alias`, { orders: JSON.stringify(orderIds), aliases });
  }

  #facts(condition: string, parameters: QueryParams): Promise<FactsRow[]> {
    return this.#store.query(`SELECT ${FACTS} FROM status_facts WHERE ${condition}`, parameters, factsRow);
  }

  #attributesOf(orderIds: readonly string[], aliases: readonly string[]): Promise<AttributeRow[]> {
    return this.#attributes(naming(aliases), { orders: JSON.stringify(orderIds), aliases });
  }

  #attributes(condition: string, parameters: QueryParams): Promise<AttributeRow[]> {
    return this.#store.query(
      `SELECT order_id, alias, name, argMax(value, (occurred_at, value)) AS latest,
         toString(toUnixTimestamp64Nano(max(occurred_at))) AS occurred
       FROM order_attributes
       WHERE ${condition} GROUP BY order_id, alias, name`,
      parameters,
      attributeRow,
    );
  }

  /** Gives facts that name no order to the order of their nearest ancestor in the trace. */
  async #addOrphans(traces: readonly string[], material: Map<string, OrderMaterial>): Promise<void> {
    if (traces.length === 0) return;
    const rows = await this.#facts(`order_id = '' AND alias = '' AND trace_id IN ${TRACES} GROUP BY order_id, alias`, {
      traces,
    });
    const orphans = rows.flatMap(({ facts }) => facts);
    const trees = await this.#spans.trees(distinct(orphans.map(([trace]) => trace)));
    for (const fact of orphans) {
      const orderId = trees.get(fact[0])?.orders.get(fact[1]);
      if (orderId !== undefined && orderId !== null) addFact(material.get(orderId), { kind: 'trace' }, fact);
    }
  }

  /** Gives each error that no error below explains to the order that its span works for. */
  async #addFailures(traces: readonly string[], material: Map<string, OrderMaterial>): Promise<void> {
    const failing = await this.#spans.tracesWithErrors(traces);
    const trees = await this.#spans.trees(failing);
    for (const [trace, { spans }] of trees) {
      for (const span of innermostErrors(spans)) {
        if (span.orderId !== null) material.get(span.orderId)?.failures.push(toFailure(trace, span));
      }
    }
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

/** The latest report of a name counts, whether it came by the id or by an alias; on equal time the larger text, so that it is always the same. */
function addAttribute(material: OrderMaterial | undefined, row: AttributeRow): void {
  if (material === undefined) return;
  const occurredAt = BigInt(row.occurred);
  const known = material.attributes.get(row.name);
  const isLater =
    known === undefined ||
    occurredAt > known.occurredAt ||
    (occurredAt === known.occurredAt && row.latest > known.value);
  if (isLater) material.attributes.set(row.name, { value: row.latest, occurredAt });
}

function addFact(material: OrderMaterial | undefined, order: OrderReference, fact: FactTuple): void {
  if (material === undefined) return;
  const [trace, span, status, occurred, observed, source, evidenceKind, evidenceId, sequence, sourceVersion] = fact;
  const observedAt = BigInt(observed);
  see(material, Number(observedAt / 1_000_000n));
  material.facts.push({
    order,
    status,
    occurredAt: BigInt(occurred),
    observedAt,
    source,
    sourceVersion,
    evidenceKind,
    evidenceId,
    sequence,
    traceId: trace === '' ? null : trace,
    spanId: span === '' ? null : span,
  });
}

function referenceOf({ order_id: orderId, alias }: Pick<FactsRow, 'order_id' | 'alias'>): OrderReference {
  if (orderId !== '') return { kind: 'order', orderId };
  return alias === '' ? { kind: 'trace' } : { kind: 'alias', alias: parseAlias(alias) };
}

/** SQL condition on rows that name one of `orders`, or one of `aliases` and no order. */
function naming(aliases: readonly string[]): string {
  const byId = `order_id IN ${ORDERS}`;
  // Most orders have no aliases, and a plain IN finds its granules faster than an OR.
  return aliases.length === 0
    ? byId
    : `(${byId} OR (order_id = '' AND alias != '' AND alias IN {aliases:Array(String)}))`;
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== '');
}
