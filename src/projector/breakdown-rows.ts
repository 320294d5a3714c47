import { z } from 'zod';
import { breakDown, type PlacedWork } from '../lifecycle/dwell/breakdown.ts';
import type { UnixNano } from '../model/units.ts';
import { toDateTime64, unixNanoText } from '../store/time.ts';

const nanos = z.coerce.bigint();

/** A row of table `visit_breakdowns` as it is read back: `BREAKDOWN_COLUMNS`. */
export const breakdownRow = z.object({
  order_id: z.string(),
  status: z.string(),
  entered: unixNanoText,
  left: unixNanoText,
  is_deleted: z.number(),
  dwell_nano: nanos,
  services: z.array(z.string()),
  service_nanos: z.array(nanos),
  queue_nano: nanos,
  external_nano: nanos,
  idle_nano: nanos,
  spans: z.number(),
  anomalies: z.number(),
});

export type BreakdownRow = z.infer<typeof breakdownRow>;

/** SQL of the columns of `breakdownRow`. */
export const BREAKDOWN_COLUMNS = `order_id, status, toUnixTimestamp64Nano(entered_at) AS entered, toUnixTimestamp64Nano(left_at) AS left,
  is_deleted, dwell_nano, services, service_nanos, queue_nano, external_nano, idle_nano, spans, anomalies`;

/** A visit that ended. */
export interface EndedVisit {
  readonly status: string;
  readonly enteredAt: UnixNano;
  readonly leftAt: UnixNano;
}

/** What the visits of an order consist of, as rows. */
export function toBreakdownRows(orderId: string, visits: readonly EndedVisit[], work: PlacedWork): BreakdownRow[] {
  return visits.map(({ status, enteredAt, leftAt }) => {
    const found = breakDown(work, { from: enteredAt, to: leftAt });
    return {
      order_id: orderId,
      status,
      entered: enteredAt,
      left: leftAt,
      is_deleted: 0,
      dwell_nano: leftAt - enteredAt,
      services: found.services.map(({ name }) => name),
      service_nanos: found.services.map(({ time }) => time),
      queue_nano: found.queue,
      external_nano: found.external,
      idle_nano: found.idle,
      spans: found.spans,
      anomalies: found.anomalies,
    };
  });
}

/**
 * What must be written so that the table holds `wanted`: new and changed rows, and a deleted one for each that is not wanted any more.
 * A row that was computed from more spans stays: spans are added, and fall away only when their retention is over.
 *
 * @param known the rows of the same orders, deleted ones as well
 */
export function changedRows(wanted: readonly BreakdownRow[], known: readonly BreakdownRow[]): BreakdownRow[] {
  const knownByKey = new Map(known.map((row) => [keyOf(row), row]));
  const wantedKeys = new Set(wanted.map(keyOf));
  const changed = wanted.filter((row) => {
    const before = knownByKey.get(keyOf(row));
    if (before === undefined || before.is_deleted === 1) return true;
    return row.spans >= before.spans && contentOf(row) !== contentOf(before);
  });
  const gone = known.filter((row) => row.is_deleted === 0 && !wantedKeys.has(keyOf(row)));
  return [...changed, ...gone.map((row) => ({ ...row, is_deleted: 1 }))];
}

/** The row as it is inserted. */
export function toInsert({ entered, left, ...row }: BreakdownRow, computedAt: UnixNano): Record<string, unknown> {
  return {
    ...row,
    entered_at: toDateTime64(entered),
    left_at: toDateTime64(left),
    computed_at: toDateTime64(computedAt),
  };
}

function keyOf({ order_id: orderId, status, entered, left }: BreakdownRow): string {
  return JSON.stringify([orderId, status, String(entered), String(left)]);
}

function contentOf(row: BreakdownRow): string {
  return JSON.stringify(row, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}
