import type { UnixNano } from '../../model/units.ts';

/** The elementary types of IEEE 1849 (XES); CSV knows only `string`. */
export type AttributeType = 'string' | 'date' | 'int' | 'float' | 'boolean' | 'id';

/** One attribute; the value is the text of the file (dates of our own writers are RFC 3339), so that no digit is lost. */
export type Attribute = readonly [name: string, type: AttributeType, value: string];

/** One event of an event log: a case (for us an order) did an activity (for us: entered a status) at a time. */
export interface EventLogEvent {
  readonly kind: 'event';
  readonly caseId: string;
  readonly activity: string;
  readonly occurredAt: UnixNano;
  /** Who reports, from the mapped column or attribute; null where none is mapped or the value is absent. */
  readonly source: string | null;
  /** The event's own id; null where none is mapped or the value is absent. */
  readonly id: string | null;
  /** Where a person finds it: the line of text formats (1 is the first), the row of tables, the element of JSON. */
  readonly line: number;
  /** Position in file order (0 is the first); counts rejected and skipped events too, so options do not shift it. */
  readonly ordinal: number;
  /** In file order; the mapped ones (case, activity, time, source, id) are not repeated here. */
  readonly attributes: readonly Attribute[];
  /** Attributes of the whole case; events of one case MAY share the array. */
  readonly caseAttributes: readonly Attribute[];
}

/** A record that is not an event, kept apart for the person who must mend it. */
export interface RejectedRow {
  readonly kind: 'rejected';
  readonly line: number;
  /** One sentence that names the remedy where there is one; holds no value of the file. */
  readonly reason: string;
  /** The record as it stands in the file, cut at MAX_RAW_CHARACTERS; empty where the format has no text of its own. */
  readonly raw: string;
}

/** An event that is well-formed and left out on purpose. */
export interface SkippedEvent {
  readonly kind: 'skipped';
  readonly line: number;
  /** `lifecycle`: not one of the wanted lifecycle transitions; `unrelated`: belongs to no object of the order type. */
  readonly reason: 'lifecycle' | 'unrelated';
}

/** What a reader makes of one record of the file: nothing is dropped without one of the three. */
export type EventLogItem = EventLogEvent | RejectedRow | SkippedEvent;

/**
 * A streaming decoder of one file.
 *
 * `push` MUST be called with the chunks in order and `end` once after the last; both return what became complete.
 * They throw WaybillError `malformed_payload` where the file as a whole cannot be read any further.
 */
export interface EventLogReader {
  push(chunk: Uint8Array): readonly EventLogItem[];
  end(): readonly EventLogItem[];
}

/** Which columns (CSV) or attributes (XES, OCEL) carry what; absent ones are the format's standard ones or none. */
export interface EventLogMapping {
  readonly case?: string;
  readonly activity?: string;
  readonly timestamp?: string;
  readonly source?: string;
  readonly id?: string;
}

/** One case with its events in order, as writers take it. */
export interface EventLogCase {
  readonly caseId: string;
  readonly attributes: readonly Attribute[];
  readonly events: readonly Pick<EventLogEvent, 'activity' | 'occurredAt' | 'source' | 'id' | 'attributes'>[];
}

/** Characters of an order id, a status or a source; the same bound as the API's. */
export const MAX_NAME_CHARACTERS = 256;

/** Characters of a rejected record that are kept. */
export const MAX_RAW_CHARACTERS = 65_536;

/** Attributes of one event or one case; a record with more is rejected. */
export const MAX_ATTRIBUTES = 4096;

/** Checks the three names of an event; the answer is the reason for a rejection, undefined when all is well. */
export function nameProblem(
  caseId: string,
  activity: string,
  source: string | null,
  id: string | null,
): string | undefined {
  if (caseId === '') return 'the case id is empty';
  if (activity === '') return 'the activity is empty';
  if (caseId.length > MAX_NAME_CHARACTERS) return `the case id is longer than ${MAX_NAME_CHARACTERS} characters`;
  if (activity.length > MAX_NAME_CHARACTERS) return `the activity is longer than ${MAX_NAME_CHARACTERS} characters`;
  if (source !== null && source.length > MAX_NAME_CHARACTERS) {
    return `the source is longer than ${MAX_NAME_CHARACTERS} characters`;
  }
  if (id !== null && id.length > MAX_NAME_CHARACTERS) return `the id is longer than ${MAX_NAME_CHARACTERS} characters`;
  return undefined;
}

/** Makes a RejectedRow; the record is cut to MAX_RAW_CHARACTERS. */
export function rejected(line: number, reason: string, raw: string): RejectedRow {
  return { kind: 'rejected', line, reason, raw: raw.slice(0, MAX_RAW_CHARACTERS) };
}
