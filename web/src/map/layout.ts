import type { Lifecycle } from '../../../src/api/contract/index.ts';

/** A rectangle in pixels. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A swim-lane: everything one system owns. */
export interface Lane extends Rect {
  /** Id of the system; null for the lane of statuses that the lifecycle does not know. */
  readonly system: string | null;
}

/** The statuses of one region in the lane of one system. */
export interface RegionBox extends Rect {
  readonly system: string;
  readonly region: string;
}

/** Where the map draws what; depends on the lifecycle and the width only, never on orders, so days can be compared. */
export interface MapLayout {
  readonly orientation: 'rows' | 'columns';
  readonly width: number;
  readonly height: number;
  readonly lanes: readonly Lane[];
  /** Empty where the lifecycle has no regions. */
  readonly regions: readonly RegionBox[];
  readonly nodes: ReadonlyMap<string, Rect>;
}

/** Below this width lanes become columns and time runs downwards. */
const COLUMNS_BELOW = 1140;

export const NODE_HEIGHT = 96;
const LANE_HEAD = 30;
const LANE_FOOT = 26;
/** Room above the nodes of a region for its name. */
const REGION_HEAD = 18;
const STACK_GAP = 16;
const LANE_GAP = 8;
const EDGE = 14;
/** Room between neighbours in a row, for the edge and its number. */
const NODE_GAP = 34;
/** How far a status moves on when its neighbour is in another lane; 1 is the place one node takes. */
const CROSS_STEP = 0.42;

interface Place {
  readonly status: string;
  readonly lane: number;
  /** Place along the flow, in nodes. */
  readonly along: number;
  /** Index of the region in the lifecycle; 0 without regions. */
  readonly region: number;
  /** Number of the place among statuses of one lane and depth; those of each region stand together. */
  readonly stack: number;
}

/** Steps from the initial status, with regions from that of each, which begins after what it waits for; statuses out of reach come last. */
function depths(lifecycle: Lifecycle): Map<string, number> {
  const { regions } = lifecycle;
  const depth = stepsFrom(lifecycle, regions.length === 0 ? [lifecycle.initial] : regions.map((each) => each.initial));
  const later = new Map(regions.map(({ id }) => [id, 0]));
  const homes = new Map(lifecycle.statuses.map(({ id, region }) => [id, region]));
  const placeOf = (status: string): number => (depth.get(status) ?? 0) + (later.get(homes.get(status) ?? '') ?? 0);
  // As many rounds as regions may wait for each other in a row.
  for (let round = 0; round < regions.length; round += 1) {
    for (const { id, startsWhen } of regions) {
      const guards = [...Map.groupBy(startsWhen, (status) => homes.get(status)).values()];
      if (guards.length > 0) later.set(id, 1 + Math.max(...guards.map((each) => Math.min(...each.map(placeOf)))));
    }
  }
  return new Map(lifecycle.statuses.map(({ id }) => [id, placeOf(id)]));
}

function stepsFrom(lifecycle: Lifecycle, starts: readonly string[]): Map<string, number> {
  const queue = [...starts];
  const depth = new Map(queue.map((status) => [status, 0]));
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const { from, to } of lifecycle.transitions) {
      if (from !== at || depth.has(to)) continue;
      depth.set(to, (depth.get(at) ?? 0) + 1);
      queue.push(to);
    }
  }
  const last = Math.max(...depth.values());
  for (const { id } of lifecycle.statuses) if (!depth.has(id)) depth.set(id, last + 1);
  return depth;
}

function places(lifecycle: Lifecycle): Place[] {
  const depth = depths(lifecycle);
  const lanes = new Map(lifecycle.systems.map((system, index) => [system.id, index]));
  const regions = new Map(lifecycle.regions.map((region, index) => [region.id, index]));
  const ends = new Map<string, number>();
  const result: Place[] = [];
  let along = -CROSS_STEP;
  for (let at = 0; at <= Math.max(...depth.values()); at += 1) {
    const here = lifecycle.statuses.filter((status) => depth.get(status.id) === at);
    if (here.length === 0) continue;
    const stacks = new Map<string, number>();
    along = Math.max(along + CROSS_STEP, ...here.map((status) => (ends.get(shelfOf(status)) ?? -Infinity) + 1));
    for (const status of here) {
      const shelf = shelfOf(status);
      const stack = stacks.get(shelf) ?? 0;
      stacks.set(shelf, stack + 1);
      ends.set(shelf, along);
      const region = regions.get(status.region ?? '') ?? 0;
      result.push({ status: status.id, lane: lanes.get(status.system) ?? 0, region, along, stack });
    }
  }
  return withOwnStacks(result);
}

/** The statuses of one region in one lane neither mix with others nor share a place. */
function shelfOf({ system, region }: Lifecycle['statuses'][number]): string {
  return `${region ?? ''}\n${system}`;
}

/** Puts the regions of a lane one below the other. */
function withOwnStacks(all: readonly Place[]): Place[] {
  return all.map((place) => {
    const above = new Map<number, number>();
    for (const { lane, region, stack } of all) {
      if (lane === place.lane && region < place.region) above.set(region, Math.max(above.get(region) ?? 0, stack + 1));
    }
    return { ...place, stack: place.stack + [...above.values()].reduce((sum, stacks) => sum + stacks, 0) };
  });
}

/** Frames around the statuses of each region in each lane. */
function regionBoxes(lifecycle: Lifecycle, nodes: ReadonlyMap<string, Rect>): RegionBox[] {
  return lifecycle.regions.flatMap(({ id: region }) =>
    lifecycle.systems.flatMap(({ id: system }) => {
      const own = lifecycle.statuses.filter((status) => status.region === region && status.system === system);
      const rects = own.map(({ id }) => nodes.get(id)).filter((rect) => rect !== undefined);
      if (rects.length === 0) return [];
      const x = Math.min(...rects.map((rect) => rect.x)) - 6;
      const y = Math.min(...rects.map((rect) => rect.y)) - REGION_HEAD;
      const right = Math.max(...rects.map((rect) => rect.x + rect.width)) + 6;
      const bottom = Math.max(...rects.map((rect) => rect.y + rect.height)) + 6;
      return [{ system, region, x, y, width: right - x, height: bottom - y }];
    }),
  );
}

function inRows(
  lifecycle: Lifecycle,
  all: readonly Place[],
  width: number,
): Omit<MapLayout, 'orientation' | 'regions'> {
  // Names of regions take their room above every row, so that rows stay even.
  const regionHead = lifecycle.regions.length === 0 ? 0 : REGION_HEAD;
  const rowPitch = NODE_HEIGHT + STACK_GAP + regionHead;
  const units = Math.max(...all.map((place) => place.along)) + 1;
  const pitch = (width - 2 * EDGE) / units;
  const nodeWidth = Math.min(190, pitch - NODE_GAP);
  const nodes = new Map<string, Rect>();
  const lanes: Lane[] = [];
  let y = 0;
  for (const [index, system] of lifecycle.systems.entries()) {
    const own = all.filter((place) => place.lane === index);
    const stacks = Math.max(1, ...own.map((place) => place.stack + 1));
    const height = LANE_HEAD + stacks * rowPitch - STACK_GAP + LANE_FOOT;
    for (const place of own) {
      const x = EDGE + place.along * pitch + (pitch - nodeWidth) / 2;
      nodes.set(place.status, {
        x,
        y: y + LANE_HEAD + regionHead + place.stack * rowPitch,
        width: nodeWidth,
        height: NODE_HEIGHT,
      });
    }
    lanes.push({ system: system.id, x: 0, y, width, height });
    y += height + LANE_GAP;
  }
  return { width, height: y - LANE_GAP, lanes, nodes };
}

function inColumns(
  lifecycle: Lifecycle,
  all: readonly Place[],
  width: number,
): Omit<MapLayout, 'orientation' | 'regions'> {
  const columns = lifecycle.systems.map((_, index) =>
    Math.max(1, ...all.filter((place) => place.lane === index).map((place) => place.stack + 1)),
  );
  const slots = columns.reduce((sum, count) => sum + count, 0);
  const slot = (width - LANE_GAP * (columns.length - 1)) / slots;
  const pitch = NODE_HEIGHT + 34;
  const height = LANE_HEAD + 10 + Math.max(...all.map((place) => place.along)) * pitch + NODE_HEIGHT + 16;
  const nodeWidth = Math.min(200, slot - 12);
  const nodes = new Map<string, Rect>();
  const lanes: Lane[] = [];
  let x = 0;
  for (const [index, system] of lifecycle.systems.entries()) {
    const laneWidth = slot * (columns[index] ?? 1);
    for (const place of all.filter((candidate) => candidate.lane === index)) {
      nodes.set(place.status, {
        x: x + place.stack * slot + (slot - nodeWidth) / 2,
        y: LANE_HEAD + 10 + place.along * pitch,
        width: nodeWidth,
        height: NODE_HEIGHT,
      });
    }
    lanes.push({ system: system.id, x, y: 0, width: laneWidth, height });
    x += laneWidth + LANE_GAP;
  }
  return { width, height, lanes, nodes };
}

/**
 * Lays out the map for a width in pixels: swim-lanes are rows where the width allows it, else columns.
 * A status stands one node further than the one before it, or overlaps it by half where their lanes differ.
 */
export function layoutMap(lifecycle: Lifecycle, width: number): MapLayout {
  const all = places(lifecycle);
  const rows = width >= COLUMNS_BELOW;
  const placed = rows ? inRows(lifecycle, all, width) : inColumns(lifecycle, all, width);
  return { orientation: rows ? 'rows' : 'columns', ...placed, regions: regionBoxes(lifecycle, placed.nodes) };
}

/** Adds a lane for statuses that the lifecycle does not know below all others; nothing that stands moves. */
export function withUnknown(layout: MapLayout, statuses: readonly string[]): MapLayout {
  if (statuses.length === 0) return layout;
  const first = [...layout.nodes.values()][0];
  const nodeWidth = first?.width ?? 160;
  const perRow = Math.max(1, Math.floor((layout.width - 2 * EDGE) / (nodeWidth + 16)));
  const rows = Math.ceil(statuses.length / perRow);
  const y = layout.height + LANE_GAP;
  const height = LANE_HEAD + rows * NODE_HEIGHT + (rows - 1) * 12 + 16;
  const nodes = new Map(layout.nodes);
  for (const [index, status] of statuses.entries()) {
    nodes.set(status, {
      x: EDGE + (index % perRow) * (nodeWidth + 16),
      y: y + LANE_HEAD + Math.floor(index / perRow) * (NODE_HEIGHT + 12),
      width: nodeWidth,
      height: NODE_HEIGHT,
    });
  }
  const lane: Lane = { system: null, x: 0, y, width: layout.width, height };
  return { ...layout, height: layout.height + LANE_GAP + height, lanes: [...layout.lanes, lane], nodes };
}
