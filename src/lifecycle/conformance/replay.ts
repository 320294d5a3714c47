import type { Machine } from '../machine.ts';

/** What replaying a sequence of statuses on a machine says. */
export type Replay =
  /** Allowed from the initial status to a final one. */
  | { readonly kind: 'fits' }
  /** Allowed so far; the order is open in `status`, or has not begun (null). Not a deviation. */
  | { readonly kind: 'fits_so_far'; readonly status: string | null }
  /** The first entry that is not allowed: its place in the sequence, and the status before it (null at the start). */
  | { readonly kind: 'deviates'; readonly at: number; readonly status: string; readonly from: string | null };

/**
 * Replays a sequence exactly: from the initial status along allowed edges only. Unknown statuses deviate; a replay that
 * passed over them would call too many orders fitting. What comes after the first deviation is for `align`.
 */
export function replay(machine: Machine, statuses: readonly string[]): Replay {
  let from: string | null = null;
  for (const [at, status] of statuses.entries()) {
    const allowed: boolean = from === null ? status === machine.lifecycle.initial : machine.allows(from, status);
    if (!allowed) return { kind: 'deviates', at, status, from };
    from = status;
  }
  return from !== null && machine.isFinal(from) ? { kind: 'fits' } : { kind: 'fits_so_far', status: from };
}
