import { inheritOrders } from '../model/inheritance.ts';
import { NO_SPAN } from '../model/no-id.ts';
import { type FamilySpan, SPAN_KINDS } from '../model/span-parents.ts';
import { aliasOwners } from './alias-owners.ts';
import type { StoreClient } from './client.ts';

/** A span as it is stored: what it names is not yet an order, and spans that name nothing inherit. Texts are empty where it names none. */
export interface StoredNaming {
  readonly span: FamilySpan & { readonly traceId: string };
  readonly order: string;
  /** `name=value`. */
  readonly alias: string;
}

/** The order of a span; null where there is none. */
export interface SpanOwner {
  /** The order that the span itself names. */
  readonly named: string | null;
  /** The one that it works for; see `inheritOrders`. */
  readonly orderId: string | null;
}

/** Where a span stands in its trace, of its columns: ids in hexadecimal digits, the kind as its number. */
export function placeOf(row: {
  readonly span: string;
  readonly parent: string;
  readonly kind: number;
  readonly service: string;
}): FamilySpan {
  return {
    spanId: row.span,
    parentSpanId: row.parent === NO_SPAN ? null : row.parent,
    kind: SPAN_KINDS[row.kind] ?? 'unspecified',
    service: row.service,
  };
}

/** Tells the orders of all spans of some traces, in the order of `rows`. */
export async function spanOwners(store: StoreClient, rows: readonly StoredNaming[]): Promise<SpanOwner[]> {
  const byAlias = await aliasOwners(
    store,
    rows.map(({ alias }) => alias),
  );
  const owners: SpanOwner[] = [];
  for (const trace of Map.groupBy(rows.keys(), (index) => rows[index]?.span.traceId).values()) {
    const inTrace = ownersInTrace(
      trace.flatMap((index) => rows[index] ?? []),
      byAlias,
    );
    for (const [at, index] of trace.entries()) owners[index] = inTrace[at] ?? { named: null, orderId: null };
  }
  return owners;
}

/**
 * Tells the orders of all spans of one trace, in the order of `rows`.
 *
 * @param byAlias the orders that aliases belong to; see `aliasOwners`
 */
export function ownersInTrace(rows: readonly StoredNaming[], byAlias: ReadonlyMap<string, string>): SpanOwner[] {
  const named = rows.map(({ order, alias }) => (order === '' ? (byAlias.get(alias) ?? null) : order));
  const inherited = inheritOrders(
    rows.map(({ span }) => span),
    named,
  );
  return named.map((own, index) => ({ named: own, orderId: inherited[index] ?? null }));
}
