import type { EdgeFigures, Failures, Statuses, StatusFigures } from '../../../src/api/contract/index.ts';
import { type EdgeShape, edgeShape, edgeWidth } from './edge-path.ts';
import { type EstimatedP95, estimatedP95, estimateHealth } from './estimate.ts';
import type { Health } from './health.ts';
import type { MapLayout } from './layout.ts';

/** One status, judged by its estimated p95. */
export interface StatusRow {
  readonly figures: StatusFigures;
  readonly p95: EstimatedP95;
  readonly health: Health;
  /** Estimated p95, or its lower bound, as a share of the target; null where either is unknown. */
  readonly share: number | null;
  /** The 95 % interval of the share; `high` is null while no upper bound is known. */
  readonly interval: { readonly low: number; readonly high: number | null } | null;
  /** Failures while orders were in the status; null where they were not asked for or the answer is missing. */
  readonly failures: number | null;
}

/** Judges one status. */
export function statusRow(figures: StatusFigures, failures: number | null): StatusRow {
  const p95 = estimatedP95(figures);
  const { targetMs } = figures;
  const measurable = targetMs !== null && targetMs > 0;
  const interval =
    measurable && p95.kind === 'known' && p95.lowMs !== null
      ? { low: p95.lowMs / targetMs, high: p95.highMs === null ? null : p95.highMs / targetMs }
      : null;
  const share = measurable && p95.kind !== 'unknown' ? p95.ms / targetMs : null;
  return { figures, p95, health: estimateHealth(p95, targetMs), share, interval, failures };
}

/** Failures by the status the order was in. */
function failuresByStatus(failures: Failures): Map<string, number> {
  const counts = new Map<string, number>();
  for (const group of failures.groups) {
    if (group.status !== null) counts.set(group.status, (counts.get(group.status) ?? 0) + group.failures);
  }
  return counts;
}

/** Judges every status; in the order of the lifecycle. */
export function statusRows(statuses: Statuses, failures?: Failures): StatusRow[] {
  const counts = failures === undefined ? undefined : failuresByStatus(failures);
  return statuses.statuses.map((figures) =>
    statusRow(figures, counts === undefined ? null : (counts.get(figures.status) ?? 0)),
  );
}

/** One drawn edge. */
export interface DrawnEdge {
  readonly figures: EdgeFigures & { readonly from: string };
  readonly shape: EdgeShape;
  /** Stroke width, px. */
  readonly strokeWidth: number;
}

/** Shapes for all edges between two statuses; those of the lifecycle that carry no traffic are drawn thin. */
export function drawnEdges(
  layout: MapLayout,
  edges: readonly EdgeFigures[],
  transitions: readonly { readonly from: string; readonly to: string }[],
): DrawnEdge[] {
  const busiest = Math.max(0, ...edges.map((edge) => (edge.from === null ? 0 : edge.count)));
  const idle = transitions
    .filter(({ from, to }) => !edges.some((edge) => edge.from === from && edge.to === to))
    .map(({ from, to }) => ({ from, to, count: 0, allowed: true }));
  return [...edges, ...idle].flatMap((figures) => {
    if (figures.from === null) return [];
    const shape = edgeShape(layout, figures.from, figures.to);
    if (shape === undefined) return [];
    return [{ figures: { ...figures, from: figures.from }, shape, strokeWidth: edgeWidth(figures.count, busiest) }];
  });
}

/** Open visits over their target, over all statuses. */
export function overTargetNow(statuses: Statuses): number {
  return statuses.statuses.reduce((sum, status) => sum + status.open.overTarget, 0);
}
