import type { DurationNano, UnixNano } from './units.ts';

/** How a fact names its order: by the canonical id, by an alias that another system uses, or not at all (its trace decides). */
export type OrderReference =
  | { readonly kind: 'order'; readonly orderId: string }
  | { readonly kind: 'alias'; readonly alias: Alias }
  | { readonly kind: 'trace' };

/** An id by which some system knows an order: the attribute that carries it, and its value. */
export interface Alias {
  readonly name: string;
  readonly value: string;
}

/** Where a fact came from. */
export type EvidenceKind = 'span_event' | 'span_attribute' | 'api' | 'import';

/** Evidence that an order entered a status: one report of one source. Several facts may witness the same transition. */
export interface StatusFact {
  readonly order: OrderReference;
  readonly status: string;
  /** The sender's clock. Never changed. */
  readonly occurredAt: UnixNano;
  /** Our clock. */
  readonly observedAt: UnixNano;
  /** Who reports: `service.name` for spans, the named source for API calls. */
  readonly source: string;
  readonly evidenceKind: EvidenceKind;
  /** Unique per piece of evidence and stable over resends, so that duplicates fall together. */
  readonly evidenceId: string;
  /** Position among facts of the same source and time, e.g. the index of the event in its span. */
  readonly sequence: number;
  /** 32 lower-case hex digits; null when the fact did not come from a span. */
  readonly traceId: string | null;
  /** 16 lower-case hex digits; null when the fact did not come from a span. */
  readonly spanId: string | null;
}

/** Something known of an order that figures can be split by: its channel, its product. */
export interface OrderAttribute {
  readonly order: OrderReference;
  readonly name: string;
  readonly value: string;
  readonly occurredAt: UnixNano;
  /** 32 lower-case hex digits; null when it did not come from a span. */
  readonly traceId: string | null;
}

/** A piece of evidence as it is kept with a visit. */
export type Evidence = Pick<
  StatusFact,
  'evidenceKind' | 'evidenceId' | 'source' | 'occurredAt' | 'observedAt' | 'traceId' | 'spanId'
>;

/** An order's stay in a status, from entry to exit; without an exit it is open (censored), not finished and not ignored. */
export interface Visit {
  readonly status: string;
  /** Owner of the status; null when the lifecycle does not know the status. */
  readonly system: string | null;
  readonly enteredAt: UnixNano;
  readonly leftAt: UnixNano | null;
  readonly dwell: DurationNano | null;
  /** At least one, earliest first. */
  readonly evidence: readonly Evidence[];
}

/** What the lifecycle does not allow. */
export type DeviationKind = 'skipped' | 'unexpected' | 'repeated' | 'unknown_status' | 'left_final';

export interface Deviation {
  readonly kind: DeviationKind;
  /** The status that was entered. */
  readonly status: string;
  /** The status before it; null at the start of the order. */
  readonly fromStatus: string | null;
  /** For `skipped`: the statuses on the shortest allowed way that were jumped over, in order; else empty. */
  readonly skipped: readonly string[];
  readonly at: UnixNano;
  /** Index of the entering visit. */
  readonly visitIndex: number;
}

/** An order as the projector writes it: what all facts about it add up to under one lifecycle. */
export interface FoldedOrder {
  readonly lifecycle: { readonly name: string; readonly version: string };
  /** Current status; null when no status fact is known. */
  readonly status: string | null;
  readonly since: UnixNano | null;
  readonly openedAt: UnixNano | null;
  /** Entry into a final status that was not left; null while open. */
  readonly closedAt: UnixNano | null;
  readonly visits: readonly Visit[];
  readonly deviations: readonly Deviation[];
}
