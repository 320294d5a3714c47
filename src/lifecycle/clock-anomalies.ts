import type { ClockAnomaly, Evidence, Visit } from '../model/order.ts';
import type { DurationNano } from '../model/units.ts';
import type { Machine } from './machine.ts';

/** Most anomalies kept with an order; the first ones. */
export const MAX_CLOCK_ANOMALIES = 100;

/** How far a sender's clock may be ahead of ours before what it reports counts as coming from the future. */
export const CLOCK_TOLERANCE: DurationNano = 1_000_000_000n;

/**
 * Finds times that cannot be right in the visits of an order.
 *
 * Visits are sorted by the senders' clocks, which makes every dwell positive and so hides a clock that is wrong. Two traces of it are
 * left: a report that was observed before it happened, and two neighbours of a region that stand against the only way of the lifecycle
 * while we observed them in its order. Imported events are no witnesses of an inversion: they are observed when the log is read.
 *
 * @param visits by entry, as `foldOrder` gives them
 */
export function findClockAnomalies(machine: Machine, visits: readonly Visit[]): readonly ClockAnomaly[] {
  const anomalies: ClockAnomaly[] = [];
  const before = new Map<string | null, { readonly visit: Visit; readonly visitIndex: number }>();
  for (const [visitIndex, visit] of visits.entries()) {
    const previous = before.get(visit.region);
    const inverted = previous === undefined ? undefined : inversion(machine, previous.visit, visit);
    if (previous !== undefined && inverted !== undefined) {
      anomalies.push({ kind: 'inverted', visitIndex: previous.visitIndex, ...inverted });
    }
    const ahead = mostAhead(visit.evidence);
    if (ahead !== undefined) {
      const skewNano = ahead.occurredAt - ahead.observedAt;
      anomalies.push({ kind: 'future', visitIndex, skewNano, source: ahead.source });
    }
    before.set(visit.region, { visit, visitIndex });
  }
  return anomalies.sort((a, b) => a.visitIndex - b.visitIndex).slice(0, MAX_CLOCK_ANOMALIES);
}

/** The piece of evidence that is furthest in the future, where one is. */
function mostAhead(evidence: readonly Evidence[]): Evidence | undefined {
  let found: Evidence | undefined;
  for (const piece of evidence) {
    const skew = piece.occurredAt - piece.observedAt;
    if (skew > CLOCK_TOLERANCE && (found === undefined || skew > found.occurredAt - found.observedAt)) found = piece;
  }
  return found;
}

function inversion(
  machine: Machine,
  earlier: Visit,
  later: Visit,
): Pick<ClockAnomaly, 'skewNano' | 'source'> | undefined {
  const [early] = earlier.evidence;
  const [late] = later.evidence;
  if (early === undefined || late === undefined || late.observedAt >= early.observedAt) return undefined;
  if (early.evidenceKind === 'import' || late.evidenceKind === 'import') return undefined;
  const skewNano = late.occurredAt - early.occurredAt;
  if (skewNano <= 0n || machine.shortestPath(earlier.status, later.status) !== undefined) return undefined;
  if (machine.shortestPath(later.status, earlier.status) === undefined) return undefined;
  return { skewNano, source: early.source };
}
