import type { StatusFact } from '../model/order.ts';
import type { Machine } from './machine.ts';

/** An order entering a status, with every report of it. */
export interface Transition {
  readonly status: string;
  /** At least one, in canonical order; the first is the entry. */
  readonly witnesses: readonly StatusFact[];
}

/**
 * Merges reports into transitions: one visit, many witnesses.
 *
 * The rule. When a source says for the k-th time that an order entered X, it means the k-th entry into X. So the k-th
 * reports of all sources are one transition: the earliest of them is the entry, the others are further evidence, however
 * late they come. A source says it *again* (k grows) when the lifecycle has the self-edge X → X, or when between its two
 * reports it told of another status itself, or the order entered another status by anybody's report; otherwise its second
 * report is one more witness of the same entry. A late witness by somebody else lies between without telling anything.
 * And an order that is in X enters X only by a self-edge: without one, the report is one more witness of the visit.
 *
 * An event of an imported log is always an entry of its own within its source: whether the lifecycle has a self-edge decides only
 * whether the repeat deviates.
 *
 * Why in one sweep. Whether the order entered another status in between depends on what is an entry, which depends on the
 * merge. In canonical order both are decided together: a report either joins a transition that stands already, or is the
 * earliest witness of a new one.
 *
 * What it cannot see. A step back that is told only by sources that had not told of the first entry (each says X for the
 * first time) looks exactly like late witnesses, and counts as such.
 *
 * @param facts in canonical order, each piece of evidence once
 */
export function mergeWitnesses(machine: Machine, facts: readonly StatusFact[]): Transition[] {
  const transitions: OpenTransition[] = [];
  const entries = new Map<string, OpenTransition[]>();
  const sources = new Map<string, Source>();
  for (const fact of facts) {
    const { status } = fact;
    const ofStatus = getOrAdd(entries, status, (): OpenTransition[] => []);
    const source = getOrAdd(sources, fact.source, newSource);
    const told = getOrAdd(source.told, status, newTold);
    // A log is a list of entries, not of witnesses: the same activity twice in a row happened twice.
    const selfEdge = machine.allows(status, status) || fact.evidenceKind === 'import';
    const entriesElsewhere = transitions.length - ofStatus.length;
    const reportsElsewhere = source.reports - told.reports;
    const again = entriesElsewhere > told.entriesElsewhere || reportsElsewhere > told.reportsElsewhere || selfEdge;
    if (told.reports === 0 || again) told.occurrence += 1;
    if (told.occurrence === ofStatus.length && transitions.at(-1)?.status === status && !selfEdge) told.occurrence -= 1;
    const standing = ofStatus[told.occurrence];
    if (standing === undefined) {
      const entry = { status, witnesses: [fact] };
      ofStatus.push(entry);
      transitions.push(entry);
    } else standing.witnesses.push(fact);
    source.reports += 1;
    told.reports += 1;
    told.entriesElsewhere = entriesElsewhere;
    told.reportsElsewhere = reportsElsewhere;
  }
  return transitions;
}

interface OpenTransition {
  readonly status: string;
  readonly witnesses: StatusFact[];
}

interface Source {
  /** How many reports it has made so far. */
  reports: number;
  readonly told: Map<string, Told>;
}

/** What one source has told about one status so far. */
interface Told {
  reports: number;
  /** Which of the transitions into the status its latest report belongs to, from 0. */
  occurrence: number;
  /** Entries into other statuses before its latest report. */
  entriesElsewhere: number;
  /** Its own reports of other statuses before its latest report. */
  reportsElsewhere: number;
}

function newSource(): Source {
  return { reports: 0, told: new Map() };
}

function newTold(): Told {
  return { reports: 0, occurrence: -1, entriesElsewhere: 0, reportsElsewhere: 0 };
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
