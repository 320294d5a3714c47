import { WaybillError } from '../../model/errors.ts';
import { formatRfc3339 } from '../../model/units.ts';
import { CASE_PREFIX } from './csv-reader.ts';
import type { Attribute, EventLogCase } from './event.ts';

export interface CsvWriterOptions {
  /** Columns of event attributes, after the fixed ones. */
  readonly attributes?: readonly string[];
  /** Columns of case attributes; they stand in the file as `case:NAME`. */
  readonly caseAttributes?: readonly string[];
}

/** The fixed columns, which `proposeCsvMapping` recognises. */
export const CSV_COLUMNS = {
  case: 'case_id',
  activity: 'activity',
  timestamp: 'timestamp',
  source: 'source',
  id: 'event_id',
} as const;

/**
 * Writes cases as CSV (RFC 4180, comma, CRLF, UTF-8 without byte-order mark), one row per event, times in RFC 3339 UTC.
 *
 * A case without events leaves no row. An attribute that has no column throws `invalid_argument`: nothing is left out
 * unseen. A cell that a spreadsheet would run as a formula is written as it is: this is a data exchange format.
 */
export async function* encodeCsv(
  cases: AsyncIterable<EventLogCase>,
  { attributes = [], caseAttributes = [] }: CsvWriterOptions = {},
): AsyncGenerator<string> {
  const fixed = Object.values(CSV_COLUMNS);
  yield row([...fixed, ...attributes, ...caseAttributes.map((name) => `${CASE_PREFIX}${name}`)]);
  for await (const { caseId, attributes: ofCase, events } of cases) {
    const caseFields = fieldsOf(ofCase, caseAttributes);
    let text = '';
    for (const event of events) {
      text += row([
        caseId,
        event.activity,
        formatRfc3339(event.occurredAt),
        event.source,
        event.id,
        ...fieldsOf(event.attributes, attributes),
        ...caseFields,
      ]);
    }
    if (text !== '') yield text;
  }
}

/** One line of CSV with its line end; null is an empty field, the empty text is `""`. */
export function row(fields: readonly (string | null)[]): string {
  return `${fields.map(field).join(',')}\r\n`;
}

function field(value: string | null): string {
  if (value === null) return '';
  if (value === '' || /[",\r\n;\t|]/.test(value) || value !== value.trim()) return `"${value.replaceAll('"', '""')}"`;
  return value;
}

function fieldsOf(attributes: readonly Attribute[], columns: readonly string[]): (string | null)[] {
  const values = new Map(attributes.map(([name, , value]) => [name, value]));
  for (const name of values.keys()) {
    if (!columns.includes(name)) {
      throw new WaybillError('invalid_argument', 'an attribute has no column in the CSV file', {
        remedy: 'name all attributes as columns, or write XES or OCEL, which take any',
      });
    }
  }
  return columns.map((name) => values.get(name) ?? null);
}
