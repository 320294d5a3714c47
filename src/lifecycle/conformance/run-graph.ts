import type { Machine } from '../machine.ts';
import { explore } from '../product.ts';

/** A step of a run: the status that is entered, and the state in which the run is then. */
export interface RunMove {
  readonly status: string;
  readonly to: number;
}

/**
 * All runs of a model as a graph. State 0 is "not begun". A flat machine has one more state for each status; a machine
 * with parallel regions has one for each combination that can be reached.
 */
export interface RunGraph {
  /** By state, in the order of the definition. */
  readonly moves: readonly (readonly RunMove[])[];
  /** By state: whether a run may end there. */
  readonly finals: readonly boolean[];
}

/** Most states of a run graph; a layer of an alignment has four bytes for each. */
export const MAX_RUN_STATES = 100_000;

/**
 * The runs of a machine. On a flat one state 1 + i is the i-th status of the definition. Undefined where regions have more than
 * MAX_RUN_STATES combinations that can be reached.
 */
export function runGraph(machine: Machine, limit = MAX_RUN_STATES): RunGraph | undefined {
  const { lifecycle, regions } = machine;
  const ids = lifecycle.statuses.map(({ id }) => id);
  const places = new Map(ids.map((id, index) => [id, index + 1]));
  const place = (status: string): number => places.get(status) ?? 0;
  if (regions.length === 1 && regions[0]?.id === null) {
    const moveTo = (status: string): RunMove => ({ status, to: place(status) });
    return {
      moves: [[moveTo(lifecycle.initial)], ...ids.map((id) => machine.successors(id).map(moveTo))],
      finals: [false, ...ids.map((id) => machine.isFinal(id))],
    };
  }
  const product = explore(
    lifecycle,
    regions.map(({ id }) => id),
    limit,
  );
  if (product === undefined) return undefined;
  const states = Array.from({ length: product.size }, (_, state) => state);
  const movesOf = (state: number): readonly RunMove[] => {
    const moves: RunMove[] = [];
    product.eachMove(state, ({ status }, to) => moves.push({ status, to }));
    return moves.sort((a, b) => place(a.status) - place(b.status));
  };
  return { moves: states.map(movesOf), finals: states.map((state) => product.isComplete(state)) };
}
