import type { Machine } from '../machine.ts';
import { isComplete, mayEnter } from '../position.ts';

/** What replaying a sequence of statuses on a machine says. */
export type Replay =
  /** Allowed from the initial status to a final one, in every region. */
  | { readonly kind: 'fits' }
  /** Allowed so far; the order is open and entered `status` last, or has not begun (null). Not a deviation. */
  | { readonly kind: 'fits_so_far'; readonly status: string | null }
  /** The first entry that is not allowed: its place in the sequence, and the status before it in its region (null at the start). */
  | { readonly kind: 'deviates'; readonly at: number; readonly status: string; readonly from: string | null };

/**
 * Replays a sequence exactly: from the initial status along allowed edges only, with guards. Unknown statuses deviate; a replay that
 * passed over them would call too many orders fitting. What comes after the first deviation is for `align`.
 */
export function replay(machine: Machine, statuses: readonly string[]): Replay {
  const position = new Map<string | null, string>();
  for (const [at, status] of statuses.entries()) {
    const region = machine.regionOf(status);
    if (!machine.knows(status) || !mayEnter(machine, position, status)) {
      // An unknown status belongs to no region; on a flat machine there is only one.
      return { kind: 'deviates', at, status, from: position.get(region) ?? null };
    }
    position.set(region, status);
  }
  if (isComplete(machine, position)) return { kind: 'fits' };
  return { kind: 'fits_so_far', status: statuses.at(-1) ?? null };
}
