import { failureOutcome } from '../lifecycle/failures/outcome.ts';
import { parseAlias } from '../model/alias-text.ts';
import type { CurrentStatus, Visit } from '../model/order.ts';
import { type DurationNano, formatRfc3339, nanoToMs, type UnixNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { type OrderState, type PlacedFailure, readOrderState } from '../store/order-state.ts';
import { MAX_TRACES_PER_ORDER, tracesOfOrders } from '../store/order-traces.ts';
import { summarizeTraces, type TraceSummary } from './trace-summaries.ts';

/** How failures are judged. */
export interface OutcomeRules {
  readonly now: UnixNano;
  readonly recoveryTime: DurationNano;
}

/** Everything about one order; times are RFC 3339. */
export type OrderDetail = ReturnType<typeof toDetail>;

/** Finds an order by its canonical id; undefined when nothing is known of it. */
export async function findOrder(
  store: StoreClient,
  orderId: string,
  outcomes: OutcomeRules,
): Promise<OrderDetail | undefined> {
  const found = await readOrderState(store, orderId);
  if (found === undefined) return undefined;
  const traces = (await tracesOfOrders(store, [{ orderId, aliases: found.aliases }])).get(orderId) ?? [];
  const summaries = await summarizeTraces(store, traces.slice(0, MAX_TRACES_PER_ORDER));
  summaries.sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));
  return toDetail(found, { traces: summaries, tracesTruncated: traces.length >= MAX_TRACES_PER_ORDER, outcomes });
}

interface DetailParts {
  readonly traces: TraceSummary[];
  readonly tracesTruncated: boolean;
  readonly outcomes: OutcomeRules;
}

function toDetail({ folded, ...state }: OrderState, { traces, tracesTruncated, outcomes }: DetailParts) {
  return {
    orderId: state.orderId,
    aliases: state.aliases.map(parseAlias),
    attributes: [...state.attributes].map(([name, { value }]) => ({ name, value })),
    lifecycle: folded.lifecycle,
    status: folded.status,
    since: timeText(folded.since),
    openedAt: timeText(folded.openedAt),
    closedAt: timeText(folded.closedAt),
    current: folded.current.map(toCurrent),
    visits: folded.visits.map(toVisit),
    deviations: folded.deviations.map(({ at, skipped, ...deviation }) => ({
      ...deviation,
      skipped: [...skipped],
      at: formatRfc3339(at),
    })),
    clockAnomalies: folded.clockAnomalies.map(({ skewNano, ...anomaly }) => ({
      ...anomaly,
      skewMs: nanoToMs(skewNano),
    })),
    failures: state.failures.map((failure) => toFailure(failure, outcomes)),
    failuresLeftOut: state.failuresLeftOut,
    traces,
    tracesTruncated,
  };
}

/** Where a region of an order is now; the time as RFC 3339. */
export function toCurrent({ region, status, since }: CurrentStatus) {
  return { region, status, since: formatRfc3339(since) };
}

/** A time as RFC 3339, where there is one. */
export function timeText(at: UnixNano | null): string | null {
  return at === null ? null : formatRfc3339(at);
}

function toFailure({ failureClass, at, movedOnAt, ...failure }: PlacedFailure, outcomes: OutcomeRules) {
  return {
    ...failure,
    at: formatRfc3339(at),
    class: failureClass,
    movedOnAt: timeText(movedOnAt),
    outcome: failureOutcome({ at, movedOnAt }, outcomes),
  };
}

/** Shapes a visit; times are RFC 3339. */
export function toVisit({ status, system, region, from, enteredAt, leftAt, dwell, evidence }: Visit) {
  return {
    status,
    system,
    region,
    from,
    enteredAt: formatRfc3339(enteredAt),
    leftAt: timeText(leftAt),
    dwellMs: dwell === null ? null : Number(dwell) / 1e6,
    evidence: evidence.map((piece) => ({
      kind: piece.evidenceKind,
      id: piece.evidenceId,
      source: piece.source,
      occurredAt: formatRfc3339(piece.occurredAt),
      observedAt: formatRfc3339(piece.observedAt),
      traceId: piece.traceId,
      spanId: piece.spanId,
    })),
  };
}
