import type { EdgeFigures, Statuses, StatusFigures } from '../../../src/api/contract/index.ts';
import { type EdgeShape, edgeShape, edgeWidth } from './edge-path.ts';
import { type Health, targetHealth } from './health.ts';
import type { MapLayout } from './layout.ts';

/** One status, judged. */
export interface StatusRow {
  readonly figures: StatusFigures;
  readonly health: Health;
  /** p95 as a share of the target; null where either is unknown. */
  readonly share: number | null;
}

/** Judges every status; in the order of the lifecycle. */
export function statusRows(statuses: Statuses): StatusRow[] {
  return statuses.statuses.map((figures) => {
    const { p95Ms } = figures.completed;
    const { targetMs } = figures;
    const share = p95Ms === null || targetMs === null || targetMs <= 0 ? null : p95Ms / targetMs;
    return { figures, health: targetHealth(p95Ms, targetMs), share };
  });
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
