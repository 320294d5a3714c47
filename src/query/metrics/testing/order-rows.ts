import type { DurationNano } from '../../../model/units.ts';
import { toDateTime64 } from '../../../store/time.ts';

export const SECOND: DurationNano = 1_000_000_000n;
/** When the orders of the tests begin: 2026-03-02T09:00:00Z. */
export const T0 = 1_772_442_000n * SECOND;

/** Status, entry and exit; times are nanoseconds after T0. */
export type TestVisit = readonly [string, DurationNano, DurationNano | null];
/** Class, service, time, and when the order moved on. */
export type TestFailure = readonly [string, string, DurationNano, DurationNano | null];

/** A row of table `orders` as the projector writes it, with what the tests leave open filled in. */
export function orderRow(
  orderId: string,
  visits: readonly TestVisit[],
  more: {
    readonly closed?: DurationNano;
    readonly deviations?: readonly string[];
    readonly failures?: readonly TestFailure[];
    readonly revision?: number;
    readonly start?: bigint;
  } = {},
): Record<string, unknown> {
  const { deviations = [], failures = [], start = T0 } = more;
  const at = (offset: DurationNano): string => toDateTime64(start + offset);
  const last = visits.at(-1);
  return {
    order_id: orderId,
    revision: more.revision ?? 1,
    lifecycle_name: 'jewelry-order',
    lifecycle_version: '1',
    status: last?.[0] ?? '',
    since: last === undefined ? null : at(last[1]),
    opened_at: visits[0] === undefined ? null : at(visits[0][1]),
    closed_at: more.closed === undefined ? null : at(more.closed),
    current_regions: last === undefined ? [] : [''],
    current_statuses: last === undefined ? [] : [last[0]],
    current_since: last === undefined ? [] : [at(last[1])],
    visit_statuses: visits.map(([status]) => status),
    visit_systems: visits.map(() => ''),
    visit_regions: visits.map(() => ''),
    visit_from: visits.map((_, index) => visits[index - 1]?.[0] ?? ''),
    visit_entered_at: visits.map(([, entered]) => at(entered)),
    visit_left_at: visits.map(([, , left]) => (left === null ? null : at(left))),
    visit_evidence: visits.map(() => '[]'),
    deviation_kinds: deviations,
    deviation_statuses: deviations.map(() => ''),
    deviation_from: deviations.map(() => ''),
    deviation_skipped: deviations.map(() => []),
    deviation_other: deviations.map(() => ''),
    deviation_at: deviations.map(() => at(0n)),
    deviation_visits: deviations.map(() => 0),
    failure_at: failures.map(([, , when]) => at(when)),
    failure_classes: failures.map(([failureClass]) => failureClass),
    failure_services: failures.map(([, service]) => service),
    failure_operations: failures.map(() => 'op'),
    failure_statuses: failures.map(() => 'A'),
    failure_moved_on_at: failures.map(([, , , moved]) => (moved === null ? null : at(moved))),
    failure_traces: failures.map(() => '0'.repeat(32)),
    failure_spans: failures.map(() => '0'.repeat(16)),
    first_observed_at: toDateTime64(start),
  };
}
