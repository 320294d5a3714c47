import type { MapLayout, Rect } from './layout.ts';

/** The drawing of one edge: an SVG path and the place of its label, in pixels of the map. */
export interface EdgeShape {
  readonly path: string;
  readonly labelX: number;
  readonly labelY: number;
}

/** The part of a rectangle along the flow and across it; in rows the flow runs to the right, in columns downwards. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly middle: number;
  readonly near: number;
  readonly far: number;
  readonly centre: number;
}

/** The number of a short straight edge stands above it instead of hiding it; px. */
const STRAIGHT_LABEL_LIFT = 14;

/** How far a guard goes round the nodes between its two; px. */
const GUARD_REACH = 34;

type Point = readonly [along: number, across: number];

function spans(rect: Rect, rows: boolean): Span {
  const [along, length, across, breadth] = rows
    ? [rect.x, rect.width, rect.y, rect.height]
    : [rect.y, rect.height, rect.x, rect.width];
  return {
    start: along,
    end: along + length,
    middle: along + length / 2,
    near: across,
    far: across + breadth,
    centre: across + breadth / 2,
  };
}

function curve(points: readonly [Point, Point, Point, Point], rows: boolean): EdgeShape {
  const text = ([along, across]: Point): string => {
    const [x, y] = rows ? [along, across] : [across, along];
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  };
  const [a, b, c, d] = points;
  const along = (a[0] + 3 * b[0] + 3 * c[0] + d[0]) / 8;
  const across = (a[1] + 3 * b[1] + 3 * c[1] + d[1]) / 8;
  const [labelX, labelY] = rows ? [along, across] : [across, along];
  return { path: `M${text(a)} C${text(b)} ${text(c)} ${text(d)}`, labelX, labelY };
}

/** A bow over the near side (forwards) or under the far side (backwards) of nodes in one lane. */
function bow(from: Span, to: Span, rows: boolean): EdgeShape {
  const forwards = to.middle > from.middle;
  const reach = rows ? 26 : 12;
  const [a, b] = forwards ? [from.near, to.near] : [from.far, to.far];
  const lift = forwards ? -reach : reach;
  const pull = (to.middle - from.middle) * 0.12;
  const shift = forwards ? 10 : -10;
  return curve(
    [
      [from.middle + shift, a],
      [from.middle + shift + pull, a + lift],
      [to.middle - shift - pull, b + lift],
      [to.middle - shift, b],
    ],
    rows,
  );
}

function loop(at: Span, rows: boolean): EdgeShape {
  const reach = rows ? 30 : 14;
  return curve(
    [
      [at.middle + 8, at.near],
      [at.middle + 4, at.near - reach],
      [at.middle + 44, at.near - reach],
      [at.middle + 38, at.near],
    ],
    rows,
  );
}

function acrossLanes(from: Span, to: Span, rows: boolean): EdgeShape {
  if (to.start >= from.end + 4) {
    const bend = Math.max(18, (to.start - from.end) * 0.5);
    return curve(
      [
        [from.end, from.centre],
        [from.end + bend, from.centre],
        [to.start - bend, to.centre],
        [to.start, to.centre],
      ],
      rows,
    );
  }
  const down = to.centre > from.centre;
  const [a, b] = down ? [from.far, to.near] : [from.near, to.far];
  const bend = (b - a) * 0.5;
  // Edges leave in the second half of a side and arrive in the first, so that they do not run into each other.
  const start = from.middle + (from.end - from.start) * 0.2;
  const end = to.middle - (to.end - to.start) * 0.2;
  return curve(
    [
      [start, a],
      [start, a + bend],
      [end, b - bend],
      [end, b],
    ],
    rows,
  );
}

function between(from: Span, to: Span, others: readonly Span[]): boolean {
  return others.some((other) => other.centre === from.centre && other.start >= from.end && other.end <= to.start);
}

/** Draws the edge from one node to another around the nodes of their lane; undefined where a node is not on the map. */
export function edgeShape(layout: MapLayout, fromStatus: string, toStatus: string): EdgeShape | undefined {
  const rows = layout.orientation === 'rows';
  const fromRect = layout.nodes.get(fromStatus);
  const toRect = layout.nodes.get(toStatus);
  if (fromRect === undefined || toRect === undefined) return undefined;
  const from = spans(fromRect, rows);
  const to = spans(toRect, rows);
  if (fromStatus === toStatus) return loop(from, rows);
  if (from.centre !== to.centre) return acrossLanes(from, to, rows);
  const others = [...layout.nodes.values()].map((rect) => spans(rect, rows));
  if (to.start < from.end || between(from, to, others)) return bow(from, to, rows);
  const third = (to.start - from.end) / 3;
  const straight = curve(
    [
      [from.end, from.centre],
      [from.end + third, from.centre],
      [to.start - third, to.centre],
      [to.start, to.centre],
    ],
    rows,
  );
  return rows ? { ...straight, labelY: straight.labelY - STRAIGHT_LABEL_LIFT } : straight;
}

/**
 * Draws the line from a status to one that waits for it; undefined where a node is not on the map. Between nodes that stand at the same
 * moment it goes round them, since others may stand between.
 */
export function guardShape(layout: MapLayout, fromStatus: string, toStatus: string): EdgeShape | undefined {
  const rows = layout.orientation === 'rows';
  const fromRect = layout.nodes.get(fromStatus);
  const toRect = layout.nodes.get(toStatus);
  if (fromRect === undefined || toRect === undefined) return undefined;
  const from = spans(fromRect, rows);
  const to = spans(toRect, rows);
  if (Math.abs(from.middle - to.middle) > (from.end - from.start) / 2) return edgeShape(layout, fromStatus, toStatus);
  const reach = Math.max(from.end, to.end) + GUARD_REACH;
  return curve(
    [
      [from.end, from.centre],
      [reach, from.centre],
      [reach, to.centre],
      [to.end, to.centre],
    ],
    rows,
  );
}

/** Stroke width of an edge in pixels: as its traffic, from 1.5 (hardly any) to 9 (the busiest edge of the map). */
export function edgeWidth(count: number, busiest: number): number {
  return busiest <= 0 ? 1.5 : 1.5 + 7.5 * (count / busiest);
}
