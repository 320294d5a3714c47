import type { CurrentStatus, Evidence, FoldedOrder, StatusFact, Visit } from '../model/order.ts';
import { findClockAnomalies } from './clock-anomalies.ts';
import { findDeviations } from './deviations.ts';
import { inCanonicalOrder } from './facts.ts';
import type { Machine } from './machine.ts';
import { isComplete } from './position.ts';
import { dividerOf } from './region-of-fact.ts';
import { mergeWitnesses, type Transition } from './transitions.ts';

/**
 * Folds all status facts of one order into its visits, deviations and current status.
 *
 * The result is a function of the set of facts: neither the order in which they arrived nor copies of them change it.
 * Pure; linear in the facts but for sorting. Which order the facts name (`fact.order`) is not looked at.
 *
 * - Time is the senders' clock (`occurredAt`), unchanged. A visit ends where the next of its region begins; the last one is open,
 *   also in a final status, which is not left. No dwell is negative, because entries are sorted by time; where that hides a wrong
 *   clock, `findClockAnomalies` says so.
 * - Regions follow each other independently: facts are divided by the region of their status, and only deviations look across.
 * - How reports become transitions: `mergeWitnesses`. What counts as a deviation: `findDeviations`.
 */
export function foldOrder(machine: Machine, facts: readonly StatusFact[]): FoldedOrder {
  const visits = visitsOf(machine, inCanonicalOrder(machine, facts));
  const current = currentStatuses(machine, visits);
  const open = current.filter(({ status }) => !machine.isFinal(status));
  // Of regions that moved at the same moment, the one whose visit is listed last.
  const latest = visits.findLast(({ region, leftAt }) => {
    return leftAt === null && (open.length === 0 || open.some((each) => each.region === region));
  });
  const position = new Map(current.map(({ region, status }) => [region, status]));
  return {
    lifecycle: { name: machine.lifecycle.name, version: machine.lifecycle.version },
    status: latest?.status ?? null,
    since: latest?.enteredAt ?? null,
    openedAt: visits[0]?.enteredAt ?? null,
    // When every region is in a final status, the one entered last made the order complete.
    closedAt: isComplete(machine, position) ? (latest?.enteredAt ?? null) : null,
    current,
    visits,
    deviations: findDeviations(machine, visits),
    clockAnomalies: findClockAnomalies(machine, visits),
  };
}

function visitsOf(machine: Machine, facts: readonly StatusFact[]): readonly Visit[] {
  const regionOf = dividerOf(machine);
  const divided = Map.groupBy(facts, regionOf);
  const visits = [...divided].flatMap(([region, own]) => {
    const transitions = mergeWitnesses(machine, own);
    return transitions.flatMap((transition, index) =>
      toVisit({ region, system: machine.systemOf(transition.status) }, transitions, index),
    );
  });
  if (divided.size < 2) return visits;
  const place = new Map(facts.map(({ evidenceId }, index) => [evidenceId, index]));
  const placeOf = (visit: Visit): number => place.get(visit.evidence[0]?.evidenceId ?? '') ?? 0;
  return visits.sort((a, b) => placeOf(a) - placeOf(b));
}

function toVisit(
  owner: Pick<Visit, 'region' | 'system'>,
  transitions: readonly Transition[],
  index: number,
): readonly Visit[] {
  const { status, witnesses } = transitions[index] ?? { status: '', witnesses: [] };
  const enteredAt = witnesses[0]?.occurredAt;
  // A transition has at least one witness; the empty list only spares the type a cast.
  if (enteredAt === undefined) return [];
  const from = transitions[index - 1]?.status ?? null;
  const leftAt = transitions[index + 1]?.witnesses[0]?.occurredAt ?? null;
  const dwell = leftAt === null ? null : leftAt - enteredAt;
  return [{ ...owner, status, from, enteredAt, leftAt, dwell, evidence: witnesses.map(toEvidence) }];
}

function currentStatuses(machine: Machine, visits: readonly Visit[]): readonly CurrentStatus[] {
  const last = new Map(visits.map((visit) => [visit.region, visit]));
  return machine.regions.flatMap(({ id }) => {
    const visit = last.get(id);
    return visit === undefined ? [] : [{ region: id, status: visit.status, since: visit.enteredAt }];
  });
}

function toEvidence(fact: StatusFact): Evidence {
  const { evidenceKind, evidenceId, source, sourceVersion, occurredAt, observedAt, sequence, traceId, spanId } = fact;
  const evidence = { evidenceKind, evidenceId, source, occurredAt, observedAt, sequence, traceId, spanId };
  return sourceVersion === undefined || sourceVersion === '' ? evidence : { ...evidence, sourceVersion };
}
