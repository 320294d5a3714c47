/** Everything that a definition can be refused for. */
export type ProblemCode =
  | 'file_too_large'
  | 'yaml_syntax' // not YAML 1.2, more than one document, a key twice, a broken alias
  | 'too_many_aliases'
  | 'unknown_key'
  | 'missing_key'
  | 'wrong_type'
  | 'invalid_value'
  | 'invalid_duration'
  | 'invalid_calendar'
  | 'too_many_statuses'
  | 'too_many_transitions'
  | 'unknown_system'
  | 'unknown_status'
  | 'unknown_initial'
  | 'unknown_region'
  | 'duplicate_region'
  | 'misplaced_region' // a region, a guard or `initial` where the definition has no place for it
  | 'foreign_status' // a region, an edge or a guard that names a status of the wrong region
  | 'duplicate_status'
  | 'duplicate_edge'
  | 'no_final'
  | 'final_exit' // an edge out of a final status without `reopen: true`
  | 'misplaced_reopen' // `reopen: true` on an edge out of a status that is not final
  | 'unreachable_status'
  | 'cannot_finish'
  | 'dead_edge' // an edge on no way from the initial status to a final one
  | 'no_required_region'
  | 'never_allowed' // a move or a start whose guard holds in no combination that can be reached
  | 'stuck_regions' // a combination that can be reached and from which no order can be complete
  | 'improper_completion' // all regions are complete, and one may still begin
  | 'too_many_combinations'
  | 'too_many_problems'; // the list was cut; says how many were left out

/** Keys and list indexes that lead from the top of a definition to a place in it. */
export type Path = readonly (string | number)[];

/** A problem at a place of the definition, before the place is a line. */
export interface Finding {
  readonly code: ProblemCode;
  readonly path: Path;
  /** The place is the key that the path ends with, not its value. */
  readonly atKey?: boolean;
  /** Where the same thing was said first, for duplicates. */
  readonly first?: Path;
  /** One sentence without a full stop. */
  readonly message: string;
  /** What to do, in full sentences. */
  readonly remedy: string;
}

/** A problem at a line of a definition file. */
export interface LifecycleProblem {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  readonly code: ProblemCode;
  /** One sentence without a full stop. */
  readonly message: string;
  /** What to do, in full sentences. */
  readonly remedy: string;
}

/** Formats a problem for a terminal in two lines; the first is `file:line:column: message [code]`, which editors make a link. */
export function formatProblem(fileName: string, problem: LifecycleProblem): string {
  return `${fileName}:${problem.line}:${problem.column}: ${problem.message} [${problem.code}]\n  ${problem.remedy}`;
}
