/** How a p95 stands against its target; `noData` has a target but no completed visit, `none` has no target. */
export type Health = 'ok' | 'near' | 'over' | 'none' | 'noData';

/** From this share of the target on, a p95 counts as close to it. */
const NEAR = 0.8;

/** Judges a p95 against its target; both in ms, null where unknown. */
export function targetHealth(p95Ms: number | null, targetMs: number | null): Health {
  if (targetMs === null) return 'none';
  if (p95Ms === null) return 'noData';
  if (p95Ms > targetMs) return 'over';
  return p95Ms >= targetMs * NEAR ? 'near' : 'ok';
}
