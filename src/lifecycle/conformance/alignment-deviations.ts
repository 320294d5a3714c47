import type { Alignment, AlignmentMove } from './alignment.ts';
import type { RunGraph } from './run-graph.ts';

/** What an alignment says is wrong at one place. */
export type AlignmentDeviationKind = 'skipped' | 'unexpected' | 'wrong_order' | 'unknown_status' | 'after_final';

export interface AlignmentDeviation {
  readonly kind: AlignmentDeviationKind;
  readonly status: string;
  /**
   * Place in the sequence: of the entry; for `skipped` of the entry before which the status is missing, which is the
   * length of the sequence when it is missing at the end.
   */
  readonly at: number;
  /** For `wrong_order`: before which entry the status belonged; else null. */
  readonly expectedAt: number | null;
}

/**
 * Names the deviations of an alignment, in the order of their places; none exactly when the sequence fits.
 *
 * - `unknown_status`: the model has no such status
 * - `wrong_order`: seen where it is not allowed and missing where it is required: one deviation for both
 * - `after_final`: seen while the order was complete, and not as the beginning of a reopening
 * - `unexpected`: seen where it is not allowed, e.g. a repetition
 * - `skipped`: required and never seen
 */
export function alignmentDeviations(graph: RunGraph, { moves }: Alignment): AlignmentDeviation[] {
  const known = new Set(graph.moves.flatMap((ways) => ways.map(({ status }) => status)));
  const missing = new Map<string, AlignmentMove[]>();
  for (const move of moves) {
    if (move.kind !== 'model') continue;
    const others = missing.get(move.status);
    if (others === undefined) missing.set(move.status, [move]);
    else others.push(move);
  }
  const deviations: AlignmentDeviation[] = [];
  for (const { kind, status, at, state } of moves) {
    if (kind !== 'log') continue;
    const expected = takeNearest(missing.get(status), at);
    if (expected !== undefined) deviations.push({ kind: 'wrong_order', status, at, expectedAt: expected.at });
    else
      deviations.push({ kind: judge(known.has(status), graph.finals[state] ?? false), status, at, expectedAt: null });
  }
  for (const { status, at } of [...missing.values()].flat()) {
    deviations.push({ kind: 'skipped', status, at, expectedAt: null });
  }
  const place = new Map(moves.map(({ kind, status, at }, index) => [placeKey(kind === 'model', status, at), index]));
  const placeOf = ({ kind, status, at }: AlignmentDeviation): number =>
    place.get(placeKey(kind === 'skipped', status, at)) ?? 0;
  return deviations.sort((a, b) => placeOf(a) - placeOf(b));
}

function judge(known: boolean, final: boolean): AlignmentDeviationKind {
  if (!known) return 'unknown_status';
  return final ? 'after_final' : 'unexpected';
}

function placeKey(model: boolean, status: string, at: number): string {
  return `${model ? 'model' : 'log'}/${at}/${status}`;
}

function takeNearest(candidates: AlignmentMove[] | undefined, at: number): AlignmentMove | undefined {
  if (candidates === undefined) return undefined;
  let nearest: number | undefined;
  for (const [index, candidate] of candidates.entries()) {
    const best = nearest === undefined ? undefined : candidates[nearest];
    if (best === undefined || Math.abs(candidate.at - at) < Math.abs(best.at - at)) nearest = index;
  }
  return nearest === undefined ? undefined : candidates.splice(nearest, 1)[0];
}
