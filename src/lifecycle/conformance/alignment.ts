import { WaybillError } from '../../model/errors.ts';
import type { Machine } from '../machine.ts';
import { isComplete } from '../position.ts';
import { type RunGraph, runGraph } from './run-graph.ts';

/** How an order is held against the model: a complete one must end in a final status, an open one may be anywhere on the way. */
export type Ending = 'complete' | 'open';

/** One step of an alignment. `at` is the place in the sequence: of the entry, or for `model` of the entry before which the step is missing. */
export interface AlignmentMove {
  /** `both`: seen and allowed; `log`: seen, and not allowed here; `model`: required, and not seen. */
  readonly kind: 'both' | 'log' | 'model';
  readonly status: string;
  readonly at: number;
  /** The state of the run before the step. */
  readonly state: number;
}

/** The cheapest way to explain a sequence by a run of the model. */
export interface Alignment {
  readonly ending: Ending;
  /** Number of `log` and `model` moves; 0 exactly when the sequence fits. */
  readonly cost: number;
  /** The cost of explaining nothing: every entry a `log` move and the shortest run all `model` moves. */
  readonly worst: number;
  /** 1 − cost / worst; 1 for an empty sequence of an open order. */
  readonly fitness: number;
  readonly moves: readonly AlignmentMove[];
}

/** Aligns sequences with one model; keeps nothing between calls but the compiled model. */
export interface Aligner {
  readonly graph: RunGraph;
  /** Undefined for a sequence longer than `maxLength`. */
  align(statuses: readonly string[], ending: Ending): Alignment | undefined;
  /** Longest sequence that is aligned; −1 where the model has too many runs for any (`MAX_RUN_STATES`). */
  readonly maxLength: number;
}

/** Most pairs of place and state in one alignment: 4 bytes each. */
const MAX_CELLS = 20_000_000;

/** Larger than any cost, and far from overflow when added to. */
const NEVER = 0x3fff_ffff;

/**
 * Prepares optimal alignments (van der Aalst, Adriansyah and van Dongen 2012) with the standard costs: 1 for a move in
 * the log only or in the model only, 0 for one in both.
 *
 * On a machine an alignment is a shortest path over (place in the sequence × state), found here by dynamic programming
 * from the end: at most O(length · edges), in practice little more than O(length · states), once per variant. Of equally
 * cheap alignments always the same one is chosen: at each place first what is seen and allowed, then what is missing (in
 * the order of the definition), then what is not allowed.
 *
 * Throws WaybillError `invalid_lifecycle` when no final status can be reached.
 */
export function openAligner(model: Machine | RunGraph): Aligner {
  const graph = 'lifecycle' in model ? runGraph(model) : model;
  if (graph === undefined) return { graph: { moves: [], finals: [] }, align: () => undefined, maxLength: -1 };
  const compiled = compile(graph);
  const last = { complete: lastLayer(compiled, graph, 'complete'), open: lastLayer(compiled, graph, 'open') };
  const shortest = last.complete[0] ?? NEVER;
  if (shortest >= NEVER) {
    throw new WaybillError('invalid_lifecycle', 'no final status can be reached from the initial one', {
      remedy: 'Prove the definition with: waybill lifecycle check FILE',
    });
  }
  const maxLength = Math.floor(MAX_CELLS / graph.moves.length) - 1;
  const align = (statuses: readonly string[], ending: Ending): Alignment | undefined => {
    if (statuses.length > maxLength) return undefined;
    const layers = costsToGo(compiled, statuses, last[ending]);
    const cost = layers[0]?.[0] ?? 0;
    const worst = statuses.length + (ending === 'complete' ? shortest : 0);
    const fitness = worst === 0 ? 1 : 1 - cost / worst;
    return { ending, cost, worst, fitness, moves: walk(graph, statuses, layers) };
  };
  return { graph, align, maxLength };
}

/** Whether an order counts as complete: the latest status of every region is final. Unknown statuses say nothing about it. */
export function endingOf(machine: Machine, statuses: readonly string[]): Ending {
  const known = statuses.filter((status) => machine.knows(status));
  return isComplete(machine, new Map(known.map((status) => [machine.regionOf(status), status]))) ? 'complete' : 'open';
}

interface Compiled {
  /** By state: the states from which a move leads there. */
  readonly before: readonly (readonly number[])[];
  /** By status: where it is entered, as pairs of state before and after. */
  readonly entries: ReadonlyMap<string, readonly (readonly [from: number, to: number])[]>;
}

function compile({ moves }: RunGraph): Compiled {
  const before: number[][] = moves.map(() => []);
  const entries = new Map<string, [number, number][]>();
  for (const [from, each] of moves.entries()) {
    for (const { status, to } of each) {
      before[to]?.push(from);
      const known = entries.get(status);
      if (known === undefined) entries.set(status, [[from, to]]);
      else known.push([from, to]);
    }
  }
  return { before, entries };
}

/** Costs to go after the last entry: the model moves that are still missing to an end. */
function lastLayer(compiled: Compiled, { finals }: RunGraph, ending: Ending): Int32Array {
  const layer = Int32Array.from(finals, (final) => (final || ending === 'open' ? 0 : NEVER));
  const sources = [...finals.keys()].filter((state) => layer[state] === 0);
  spread(compiled, layer, sources);
  return layer;
}

/** Costs to go by place and state, from the end backwards. */
function costsToGo(
  { entries, before }: Compiled,
  statuses: readonly string[],
  last: Int32Array,
): readonly Int32Array[] {
  const layers: Int32Array[] = [last];
  let next = last;
  for (const status of statuses.toReversed()) {
    const after = next;
    const layer = after.map((cost) => cost + 1);
    const improved = new Set<number>();
    for (const [from, to] of entries.get(status) ?? []) {
      const cost = after[to] ?? NEVER;
      if (cost >= (layer[from] ?? NEVER)) continue;
      layer[from] = cost;
      improved.add(from);
    }
    // No other state can gain from a model move: the layer after was closed under them, and 1 more everywhere keeps that.
    spread({ entries, before }, layer, improved);
    layers.push(layer);
    next = layer;
  }
  return layers.toReversed();
}

/** Lets cheaper costs flow back along model moves until nothing changes. */
function spread({ before }: Compiled, layer: Int32Array, sources: Iterable<number>): void {
  let wave = new Set(sources);
  while (wave.size > 0) {
    const improved = new Set<number>();
    for (const state of wave) {
      const cost = (layer[state] ?? NEVER) + 1;
      for (const from of before[state] ?? []) {
        if (cost >= (layer[from] ?? NEVER)) continue;
        layer[from] = cost;
        improved.add(from);
      }
    }
    wave = improved;
  }
}

function walk(graph: RunGraph, statuses: readonly string[], layers: readonly Int32Array[]): AlignmentMove[] {
  const moves: AlignmentMove[] = [];
  const costAt = (at: number, state: number): number => layers[at]?.[state] ?? NEVER;
  let at = 0;
  let state = 0;
  while (at < statuses.length || costAt(at, state) > 0) {
    const cost = costAt(at, state);
    const ways = graph.moves[state] ?? [];
    const seen = statuses[at];
    const both = ways.find(({ status, to }) => status === seen && costAt(at + 1, to) === cost);
    const model = both ?? ways.find(({ to }) => costAt(at, to) + 1 === cost);
    if (both !== undefined) moves.push({ kind: 'both', status: both.status, at, state });
    else if (model !== undefined) moves.push({ kind: 'model', status: model.status, at, state });
    else moves.push({ kind: 'log', status: seen ?? '', at, state });
    state = model?.to ?? state;
    if (both !== undefined || model === undefined) at += 1;
  }
  return moves;
}
