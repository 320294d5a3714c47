/** How a thing is: as it should be, worth a look, or not working. */
export type CheckState = 'ok' | 'warning' | 'problem';

/** One thing that was looked at. */
export interface Check {
  /** What was looked at, in a word or two. */
  readonly what: string;
  readonly state: CheckState;
  /** How it is. */
  readonly reason: string;
  /** What to do about it; null where nothing is to be done. */
  readonly remedy: string | null;
}

export function ok(what: string, reason: string): Check {
  return { what, state: 'ok', reason, remedy: null };
}

export function warning(what: string, reason: string, remedy: string): Check {
  return { what, state: 'warning', reason, remedy };
}

export function problem(what: string, reason: string, remedy: string): Check {
  return { what, state: 'problem', reason, remedy };
}
