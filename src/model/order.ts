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
export type EvidenceKind = 'span_event' | 'span_attribute' | 'api' | 'import' | 'message';

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
  /** `service.version` of the service that reports; absent or empty where it did not say. */
  readonly sourceVersion?: string | undefined;
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
  | 'evidenceKind'
  | 'evidenceId'
  | 'source'
  | 'sourceVersion'
  | 'occurredAt'
  | 'observedAt'
  | 'sequence'
  | 'traceId'
  | 'spanId'
>;

/** An order's stay in a status, from entry to exit; without an exit it is open (censored), not finished and not ignored. */
export interface Visit {
  readonly status: string;
  /** Owner of the status; null when the lifecycle does not know the status. */
  readonly system: string | null;
  /** Id of the region whose visits this one follows; null on a flat machine. */
  readonly region: string | null;
  /** The status before it in its region; null at the start. */
  readonly from: string | null;
  readonly enteredAt: UnixNano;
  readonly leftAt: UnixNano | null;
  readonly dwell: DurationNano | null;
  /** At least one, earliest first. */
  readonly evidence: readonly Evidence[];
}

/** Why work for an order failed. */
export type FailureClass = 'timeout' | 'api_error' | 'other';

/** What the lifecycle does not allow. */
export type DeviationKind =
  | 'skipped' // statuses on the allowed way were jumped over
  | 'unexpected' // no way leads from one status to the other, in either direction
  | 'wrong_order' // entered for the first time after a status that only comes later on the allowed way
  | 'repeated' // entered again without an allowed move to it
  | 'unknown_status'
  | 'left_final'
  | 'out_of_step' // allowed in its region, but another region is not where the move requires it
  | 'wrong_system'; // reported only by services of systems that do not own the status

/** What the lifecycle does not allow about a visit. At most one a visit, but `wrong_system` may stand beside another. */
export interface Deviation {
  readonly kind: DeviationKind;
  /** The status that was entered. */
  readonly status: string;
  /** The status before it in its region; null at the start. */
  readonly fromStatus: string | null;
  /** For `skipped`: the statuses on the shortest allowed way that were jumped over, in order; else empty. */
  readonly skipped: readonly string[];
  /** For `out_of_step`: where the region was that the move requires elsewhere, null when it had not begun; else null. */
  readonly otherStatus: string | null;
  readonly at: UnixNano;
  /** Index of the entering visit. */
  readonly visitIndex: number;
}

/** Where one region of an order is now. */
export interface CurrentStatus {
  /** Null on a flat machine. */
  readonly region: string | null;
  readonly status: string;
  readonly since: UnixNano;
}

/** Evidence whose clock cannot be right. Times are shown and counted as they came. */
export interface ClockAnomaly {
  /**
   * `future`: it happened more than a second after it was observed; `inverted`: the lifecycle and the order of observation both say that
   * the visit came after the next one of its region, only the senders' clocks say the opposite.
   */
  readonly kind: 'future' | 'inverted';
  readonly visitIndex: number;
  /** How much the clocks disagree at least; above 0. For `inverted` the dwell that is missing is the negative of it. */
  readonly skewNano: DurationNano;
  /** Who reported the time. */
  readonly source: string;
}

/** An order as the projector writes it: what all facts about it add up to under one lifecycle. */
export interface FoldedOrder {
  readonly lifecycle: { readonly name: string; readonly version: string };
  /**
   * Current status; null when no status fact is known. With several regions, the one entered last among those that are not final,
   * or among all when all are.
   */
  readonly status: string | null;
  readonly since: UnixNano | null;
  readonly openedAt: UnixNano | null;
  /** Entry into the final status that made the order complete, if it was not left; null while open. */
  readonly closedAt: UnixNano | null;
  /** One for each region that has begun, in the order of the definition. */
  readonly current: readonly CurrentStatus[];
  /** By entry. */
  readonly visits: readonly Visit[];
  readonly deviations: readonly Deviation[];
  /** By visit; at most 100. */
  readonly clockAnomalies: readonly ClockAnomaly[];
}
