import type { Lifecycle } from '../../../src/api/contract/index.ts';
import { type EdgeShape, guardShape } from './edge-path.ts';
import type { MapLayout } from './layout.ts';

/** A move, or the beginning of a region, that waits for another region. */
export interface Guarded {
  /** Null where the region begins. */
  readonly from: string | null;
  readonly to: string;
  /** Statuses of other regions; one of each region must be the current one. */
  readonly requires: readonly string[];
}

/** A line from a status to one that waits for it. */
export interface GuardEdge {
  readonly from: string;
  readonly to: string;
  /** The moves to `to` that require `from`. */
  readonly moves: readonly Guarded[];
  readonly shape: EdgeShape;
}

/** Everything in a lifecycle that waits for another region. */
export function guardedMoves({ regions, transitions }: Lifecycle): Guarded[] {
  const starts = regions.map(({ initial, startsWhen }) => ({ from: null, to: initial, requires: startsWhen }));
  return [...starts, ...transitions].filter(({ requires }) => requires.length > 0);
}

/** Shapes for all guards; several moves between the same two statuses share a line. */
export function guardEdges(layout: MapLayout, lifecycle: Lifecycle): GuardEdge[] {
  const edges = new Map<string, { from: string; to: string; moves: Guarded[] }>();
  for (const move of guardedMoves(lifecycle)) {
    for (const from of move.requires) {
      const edge = edges.get(`${from}\n${move.to}`) ?? { from, to: move.to, moves: [] };
      edge.moves.push(move);
      edges.set(`${from}\n${move.to}`, edge);
    }
  }
  return [...edges.values()].flatMap((edge) => {
    const shape = guardShape(layout, edge.from, edge.to);
    return shape === undefined ? [] : [{ ...edge, shape }];
  });
}
