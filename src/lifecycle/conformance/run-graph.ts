import type { Machine } from '../machine.ts';

/** A step of a run: the status that is entered, and the state in which the run is then. */
export interface RunMove {
  readonly status: string;
  readonly to: number;
}

/**
 * All runs of a model as a graph. State 0 is "not begun". A flat machine has one more state for each status; a machine
 * with parallel regions would have one for each combination that can be reached.
 */
export interface RunGraph {
  /** By state, in the order of the definition. */
  readonly moves: readonly (readonly RunMove[])[];
  /** By state: whether a run may end there. */
  readonly finals: readonly boolean[];
}

/** The runs of a flat machine: state 1 + i is the i-th status of the definition. */
export function runGraph(machine: Machine): RunGraph {
  const ids = machine.lifecycle.statuses.map(({ id }) => id);
  const states = new Map(ids.map((id, index) => [id, index + 1]));
  const moveTo = (status: string): RunMove => ({ status, to: states.get(status) ?? 0 });
  return {
    moves: [[moveTo(machine.lifecycle.initial)], ...ids.map((id) => machine.successors(id).map(moveTo))],
    finals: [false, ...ids.map((id) => machine.isFinal(id))],
  };
}
