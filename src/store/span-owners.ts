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
  const naming = rows.map(({ span: { traceId, spanId, parentSpanId, kind, service }, order, alias }, index) => ({
    index,
    traceId,
    spanId,
    parentSpanId,
    kind,
    service,
    orderId: order === '' ? (byAlias.get(alias) ?? null) : order,
  }));
  const owners = naming.map(({ orderId }): SpanOwner => ({ named: orderId, orderId }));
  for (const trace of Map.groupBy(naming, ({ traceId }) => traceId).values()) {
    const inherited = inheritOrders(trace);
    for (const [at, { index, orderId: named }] of trace.entries()) {
      owners[index] = { named, orderId: inherited[at] ?? null };
    }
  }
  return owners;
}
