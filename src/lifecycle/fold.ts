import type { Evidence, FoldedOrder, StatusFact, Visit } from '../model/order.ts';
import { findDeviations } from './deviations.ts';
import { inCanonicalOrder } from './facts.ts';
import type { Machine } from './machine.ts';
import { mergeWitnesses, type Transition } from './transitions.ts';

/**
 * Folds all status facts of one order into its visits, deviations and current status.
 *
 * The result is a function of the set of facts: neither the order in which they arrived nor copies of them change it.
 * Pure; linear in the facts but for sorting. Which order the facts name (`fact.order`) is not looked at.
 *
 * - Time is the senders' clock (`occurredAt`), unchanged. A visit ends where the next begins; the last one is open, also in
 *   a final status, which closes the order but is not left. No dwell is negative, because entries are sorted by time.
 * - How reports become transitions: `mergeWitnesses`. What counts as a deviation: `findDeviations`.
 */
export function foldOrder(machine: Machine, facts: readonly StatusFact[]): FoldedOrder {
  const transitions = mergeWitnesses(machine, inCanonicalOrder(machine, facts));
  const visits = transitions.flatMap((transition, index) => toVisit(machine, transition, transitions[index + 1]));
  const last = visits.at(-1);
  return {
    lifecycle: { name: machine.lifecycle.name, version: machine.lifecycle.version },
    status: last?.status ?? null,
    since: last?.enteredAt ?? null,
    openedAt: visits[0]?.enteredAt ?? null,
    closedAt: last !== undefined && machine.isFinal(last.status) ? last.enteredAt : null,
    visits,
    deviations: findDeviations(machine, visits),
  };
}

function toVisit(machine: Machine, { status, witnesses }: Transition, next: Transition | undefined): Visit[] {
  const enteredAt = witnesses[0]?.occurredAt;
  // A transition has at least one witness; the empty list only spares the type a cast.
  if (enteredAt === undefined) return [];
  const leftAt = next?.witnesses[0]?.occurredAt ?? null;
  const dwell = leftAt === null ? null : leftAt - enteredAt;
  return [{ status, system: machine.systemOf(status), enteredAt, leftAt, dwell, evidence: witnesses.map(toEvidence) }];
}

function toEvidence(fact: StatusFact): Evidence {
  const { evidenceKind, evidenceId, source, occurredAt, observedAt, traceId, spanId } = fact;
  return { evidenceKind, evidenceId, source, occurredAt, observedAt, traceId, spanId };
}
