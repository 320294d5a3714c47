import { hash } from 'node:crypto';
import type { EventLogEvent } from '../../wire/eventlog/event.ts';
import { HashCounts } from './hash-counts.ts';

/**
 * Gives every event of a file an id that the same file gives it again, so that a repeated import adds nothing.
 *
 * It is a hash of source, case, activity and time, and the ordinal among events equal in all four, in file order. With
 * `hasIds` the event's own id stands for the ordinal where it has one: then the same event in two overlapping files is one.
 */
export class EvidenceIds {
  readonly #hasIds: boolean;
  readonly #equals = new HashCounts();

  constructor(hasIds: boolean) {
    this.#hasIds = hasIds;
  }

  of(event: EventLogEvent, source: string): string {
    const { caseId, activity, occurredAt, id } = event;
    const parts = [source, caseId, activity, String(occurredAt)];
    if (this.#hasIds && id !== null) return `import:${digest([...parts, id])}`;
    const base = digest(parts);
    const ordinal = this.#equals.add(...halves(base));
    return ordinal === 0 ? `import:${base}` : `import:${base}.${ordinal}`;
  }
}

/** Counts the different cases of a file. */
export class CaseCount {
  readonly #cases = new HashCounts();
  #last: string | undefined;

  get size(): number {
    return this.#cases.size;
  }

  see(caseId: string): void {
    if (caseId === this.#last) return;
    this.#last = caseId;
    this.#cases.add(...halves(digest([caseId])));
  }
}

function digest(parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex').slice(0, 32);
}

function halves(digits: string): [high: number, low: number] {
  return [Number.parseInt(digits.slice(0, 8), 16), Number.parseInt(digits.slice(8, 16), 16)];
}
