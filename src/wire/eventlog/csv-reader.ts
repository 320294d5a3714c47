import { WaybillError } from '../../model/errors.ts';
import { type CsvRecord, CsvRecords } from './csv-records.ts';
import {
  type Attribute,
  type EventLogItem,
  type EventLogMapping,
  type EventLogReader,
  nameProblem,
  rejected,
} from './event.ts';
import { TextInput } from './text-input.ts';
import type { TimestampParser } from './timestamp.ts';

/** Columns with this prefix describe the case, not the event (a convention of process-mining tools). */
export const CASE_PREFIX = 'case:';

export interface CsvReaderOptions {
  /** Names of columns as the header has them. */
  readonly mapping: EventLogMapping & { readonly case: string; readonly activity: string; readonly timestamp: string };
  /** One character; `detectSeparator` finds it. */
  readonly separator: string;
  readonly timestamps: TimestampParser;
  /** Default `utf-8`; a byte-order mark wins. */
  readonly encoding?: string;
  /** Default true; otherwise case attributes are left out, and of the event's only the named ones are kept. */
  readonly keepAttributes?: true | readonly string[];
}

interface Columns {
  readonly names: readonly string[];
  readonly case: number;
  readonly activity: number;
  readonly timestamp: number;
  readonly source: number;
  readonly id: number;
  readonly attributes: readonly (readonly [index: number, name: string])[];
  readonly caseAttributes: readonly (readonly [index: number, name: string])[];
}

/** Reads CSV with a header row. Every attribute has type `string`; an empty field without quotes is no attribute. */
export class CsvReader implements EventLogReader {
  readonly #options: CsvReaderOptions;
  readonly #text: TextInput;
  readonly #records: CsvRecords;
  #columns: Columns | undefined;
  #ordinal = 0;

  constructor(options: CsvReaderOptions) {
    this.#options = options;
    this.#text = new TextInput(options.encoding);
    this.#records = new CsvRecords(options.separator);
  }

  push(chunk: Uint8Array): readonly EventLogItem[] {
    return this.#items(this.#records.push(this.#text.decode(chunk)));
  }

  end(): readonly EventLogItem[] {
    const items = this.#items(this.#records.push(this.#text.end()));
    items.push(...this.#items(this.#records.end()));
    if (this.#columns === undefined) {
      throw new WaybillError('malformed_payload', 'the file is empty', { remedy: 'CSV needs a header row' });
    }
    return items;
  }

  #items(records: CsvRecord[]): EventLogItem[] {
    const items: EventLogItem[] = [];
    for (const record of records) {
      if (this.#columns === undefined) {
        this.#columns = this.#header(record);
        continue;
      }
      items.push(this.#item(record, this.#columns));
    }
    return items;
  }

  #header(record: CsvRecord): Columns {
    if (record.problem !== undefined) {
      throw new WaybillError('malformed_payload', `the header row cannot be read: ${record.problem}`);
    }
    const names = record.fields.map((name) => (name ?? '').trim());
    const { mapping, keepAttributes = true } = this.#options;
    const find = (role: keyof EventLogMapping): number => {
      const wanted = mapping[role];
      if (wanted === undefined) return -1;
      const index = names.indexOf(wanted.trim());
      if (index === -1) throw missingColumn(role, names);
      return index;
    };
    const roles = {
      case: find('case'),
      activity: find('activity'),
      timestamp: find('timestamp'),
      source: find('source'),
      id: find('id'),
    };
    const taken = new Set(Object.values(roles));
    const isKept = (name: string): boolean => keepAttributes === true || keepAttributes.includes(name);
    const free = names
      .map((name, index) => [index, name] as const)
      .filter(([index, name]) => !taken.has(index) && isKept(name));
    return {
      names,
      ...roles,
      attributes: free.filter(([, name]) => !name.startsWith(CASE_PREFIX)),
      caseAttributes: free
        .filter(([, name]) => keepAttributes === true && name.startsWith(CASE_PREFIX))
        .map(([index, name]) => [index, name.slice(CASE_PREFIX.length)] as const),
    };
  }

  #item({ line, fields, raw, problem }: CsvRecord, columns: Columns): EventLogItem {
    const ordinal = this.#ordinal;
    this.#ordinal += 1;
    if (problem !== undefined) return rejected(line, problem, raw);
    if (fields.length !== columns.names.length) {
      return rejected(line, `${fields.length} fields where the header has ${columns.names.length}`, raw);
    }
    const caseId = fields[columns.case] ?? '';
    const activity = fields[columns.activity] ?? '';
    const source = fields[columns.source] ?? null;
    const id = fields[columns.id] ?? null;
    const problemOfNames = nameProblem(caseId, activity, source, id);
    if (problemOfNames !== undefined) return rejected(line, problemOfNames, raw);
    const time = fields[columns.timestamp] ?? '';
    if (time === '') return rejected(line, 'the timestamp is empty', raw);
    const occurredAt = this.#options.timestamps.parse(time);
    if (typeof occurredAt === 'string') return rejected(line, occurredAt, raw);
    return {
      kind: 'event',
      caseId,
      activity,
      occurredAt,
      source: source === '' ? null : source,
      id: id === '' ? null : id,
      line,
      ordinal,
      attributes: attributesOf(fields, columns.attributes),
      caseAttributes: attributesOf(fields, columns.caseAttributes),
    };
  }
}

const NONE: readonly Attribute[] = [];

function attributesOf(fields: readonly (string | null)[], columns: Columns['attributes']): readonly Attribute[] {
  if (columns.length === 0) return NONE;
  const attributes: Attribute[] = [];
  for (const [index, name] of columns) {
    const value = fields[index];
    if (value !== null && value !== undefined) attributes.push([name, 'string', value]);
  }
  return attributes;
}

function missingColumn(role: keyof EventLogMapping, names: readonly string[]): WaybillError {
  const shown = names.slice(0, 40).join(', ').slice(0, 1000);
  return new WaybillError('invalid_argument', `the header has no column of the name given for the ${role}`, {
    remedy: `name one of its columns with --${role}: ${shown}`,
  });
}
