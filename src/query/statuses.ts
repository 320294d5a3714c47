import { countedQuantile, mean } from '../lifecycle/dwell/quantile.ts';
import { type Durations, mergeDurations, type VisitCell, type VisitCells } from './visit-cells.ts';

/** Dwell of completed visits of a status, milliseconds. */
export interface CompletedFigures {
  readonly count: number;
  readonly meanMs: number | null;
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
}

/** Orders that are in a status now; ages in milliseconds. */
export interface OpenFigures {
  readonly count: number;
  readonly p50AgeMs: number | null;
  readonly p95AgeMs: number | null;
  readonly maxAgeMs: number | null;
  readonly overTarget: number;
}

/** Orders that moved from one status to another; `from` is null for the first status of an order or a region. */
export interface EdgeCount {
  readonly from: string | null;
  readonly to: string;
  readonly count: number;
}

/** Figures of durations that each occur a number of times; quantiles are type 7. Negative ones are clock anomalies and count too. */
export function completedFigures({ values, counts }: Durations): CompletedFigures {
  const count = total(counts);
  const sum = mean(values.map((value, index) => value * (counts[index] ?? 0)));
  return {
    count,
    meanMs: count === 0 || sum === null ? null : (sum * values.length) / count,
    medianMs: countedQuantile(values, counts, 0.5),
    p95Ms: countedQuantile(values, counts, 0.95),
  };
}

/** Figures of what is open in a status, final or not. */
export function openFigures(cells: readonly VisitCell[], targetMs: number | null): OpenFigures {
  const open = cells.filter(({ kind }) => kind === 'open');
  const { values, counts } = mergeDurations(open.map(({ durations }) => durations));
  const isOver = (age: number): boolean => targetMs !== null && age > targetMs;
  return {
    count: total(cells.filter(({ kind }) => kind === 'open' || kind === 'final').map(({ count }) => count)),
    p50AgeMs: countedQuantile(values, counts, 0.5),
    p95AgeMs: countedQuantile(values, counts, 0.95),
    maxAgeMs: values.at(-1) ?? null,
    overTarget: total(counts.filter((_, index) => isOver(values[index] ?? 0))),
  };
}

/** Moves between statuses, most of them first. */
export function edgeCounts({ cells }: VisitCells): EdgeCount[] {
  const edges = new Map<string, EdgeCount>();
  for (const { kind, previous, status, count } of cells) {
    if (kind !== 'completed' && kind !== 'open' && kind !== 'final') continue;
    const key = `${previous}\n${status}`;
    const known = edges.get(key)?.count ?? 0;
    edges.set(key, { from: previous === '' ? null : previous, to: status, count: known + count });
  }
  return [...edges.values()].filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
}

/** How many orders there are; orders known from traces only count as open. */
export function orderTotals({ cells }: VisitCells): { total: number; closed: number; deviating: number } {
  const orders = cells.filter(({ kind }) => kind === 'closed' || kind === 'active' || kind === 'unknown');
  return {
    total: total(orders.map(({ count }) => count)),
    closed: total(orders.filter(({ kind }) => kind === 'closed').map(({ count }) => count)),
    deviating: total(orders.map(({ deviating }) => deviating)),
  };
}

export function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
