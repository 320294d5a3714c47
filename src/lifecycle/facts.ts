import type { StatusFact } from '../model/order.ts';
import type { Machine } from './machine.ts';

/**
 * Brings facts into the one order that does not depend on how they arrived: each piece of evidence once, by time, on equal
 * time imported events in the order of their log, then as the machine allows (unknown statuses last), then by status, source,
 * sequence and evidence id.
 *
 * Evidence that came twice under one id with different content counts as it was observed first.
 */
export function inCanonicalOrder(machine: Machine, facts: readonly StatusFact[]): StatusFact[] {
  const byId = new Map<string, StatusFact>();
  for (const fact of facts) {
    const other = byId.get(fact.evidenceId);
    if (other === undefined || compareCopies(fact, other) < 0) byId.set(fact.evidenceId, fact);
  }
  return [...byId.values()].sort(
    (a, b) =>
      compare(a.occurredAt, b.occurredAt) ||
      compareImports(a, b) ||
      compare(machine.rank(a.status), machine.rank(b.status)) ||
      compare(a.status, b.status) ||
      compare(a.source, b.source) ||
      compare(a.sequence, b.sequence) ||
      compare(a.evidenceId, b.evidenceId),
  );
}

/**
 * On equal time, events of an imported log come first, in the order of the log: its writer knew it, and many logs have whole
 * minutes for times. What is left (0) is ordered by the machine.
 */
function compareImports(a: StatusFact, b: StatusFact): number {
  const imported = compare(Number(b.evidenceKind === 'import'), Number(a.evidenceKind === 'import'));
  if (imported !== 0 || a.evidenceKind !== 'import') return imported;
  return compare(a.source, b.source) || compare(a.sequence, b.sequence);
}

/** A total order over everything that the fold reads, so that the choice between unequal copies is always the same. */
function compareCopies(a: StatusFact, b: StatusFact): number {
  return (
    compare(a.observedAt, b.observedAt) ||
    compare(a.occurredAt, b.occurredAt) ||
    compare(a.status, b.status) ||
    compare(a.source, b.source) ||
    compare(a.sequence, b.sequence) ||
    compare(a.evidenceKind, b.evidenceKind) ||
    compare(a.traceId ?? '', b.traceId ?? '') ||
    compare(a.spanId ?? '', b.spanId ?? '') ||
    compare(a.sourceVersion ?? '', b.sourceVersion ?? '')
  );
}

/** Text compares by UTF-16 unit, never by locale: the answer must be the same on every machine. */
function compare<Value extends string | number | bigint>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
