import { CsvRecords, detectSeparator } from './csv-records.ts';
import type { EventLogMapping } from './event.ts';
import { TextInput } from './text-input.ts';
import { hasSlashes, slashFormat, type TimestampFormat, TimestampParser } from './timestamp.ts';

export type CsvRole = keyof EventLogMapping;

/** Why a column was proposed for a role; for a person to confirm. */
export interface ProposalReason {
  readonly role: CsvRole;
  readonly column: string;
  readonly reason: string;
}

/** What a CSV file seems to be, after a look at its first rows. */
export interface CsvProposal {
  readonly separator: string;
  readonly columns: readonly string[];
  readonly mapping: EventLogMapping;
  readonly timestampFormat: TimestampFormat;
  readonly reasons: readonly ProposalReason[];
  /** Roles that nothing was found for and that an import needs. */
  readonly missing: readonly ('case' | 'activity' | 'timestamp')[];
}

/** Rows looked at. */
const SAMPLE_ROWS = 1000;

/** Header names by role, best first, after `plain`. */
const NAMES: Record<CsvRole, readonly string[]> = {
  case: [
    'case:concept:name',
    'case id',
    'caseid',
    'case',
    'order id',
    'orderid',
    'order',
    'order number',
    'order no',
    'ordernumber',
    'номер заказа',
    'id заказа',
    'заказ',
    'case key',
    'key',
    'trace',
  ],
  activity: [
    'concept:name',
    'activity',
    'activity name',
    'status',
    'state',
    'event',
    'event name',
    'event type',
    'step',
    'task',
    'action',
    'статус',
    'активность',
    'событие',
    'операция',
  ],
  timestamp: [
    'time:timestamp',
    'timestamp',
    'occurred at',
    'occurredat',
    'event time',
    'datetime',
    'date time',
    'complete timestamp',
    'end timestamp',
    'start timestamp',
    'time',
    'date',
    'время',
    'дата',
    'дата и время',
  ],
  source: ['source', 'system', 'service', 'service name', 'application', 'источник', 'система'],
  id: ['identity:id', 'event id', 'eventid', 'id', 'uuid'],
};

interface Column {
  readonly name: string;
  readonly plain: string;
  readonly values: readonly string[];
  readonly distinct: number;
  readonly isFull: boolean;
}

/**
 * Proposes which columns carry what, from the names in the header and up to 1,000 sampled rows.
 *
 * `sample` is the beginning of the file (256 KiB are plenty; a record cut at its end is ignored). `given` is what the
 * person has said already: it is kept and not guessed.
 */
export function proposeCsvMapping(
  sample: Uint8Array,
  { given = {}, separator, encoding }: { given?: EventLogMapping; separator?: string; encoding?: string } = {},
): CsvProposal {
  const text = new TextInput(encoding).decode(sample);
  const chosen = separator ?? detectSeparator(text);
  const { header, rows } = readSample(text, chosen);
  const columns = header.map((name, index) =>
    columnOf(
      name,
      rows.map((row) => row[index] ?? ''),
    ),
  );
  const mapping: { -readonly [Role in CsvRole]?: string } = { ...given };
  const reasons: ProposalReason[] = [];
  const taken = new Set<string>(Object.values(given));
  for (const role of ['timestamp', 'case', 'activity', 'source', 'id'] as const) {
    if (mapping[role] !== undefined) continue;
    const free = columns.filter(({ name }) => !taken.has(name));
    const found =
      byName(role, free) ??
      byValues(
        role,
        free,
        columns.find(({ name }) => name === mapping.case),
      );
    if (found === undefined) continue;
    mapping[role] = found.column;
    taken.add(found.column);
    reasons.push({ role, ...found });
  }
  const times = columns.find(({ name }) => name === mapping.timestamp)?.values ?? [];
  return {
    separator: chosen,
    columns: header,
    mapping,
    timestampFormat: slashFormat(times) ?? 'auto',
    reasons,
    missing: (['case', 'activity', 'timestamp'] as const).filter((role) => mapping[role] === undefined),
  };
}

function readSample(text: string, separator: string): { header: string[]; rows: (string | null)[][] } {
  const records = new CsvRecords(separator);
  let all = records.push(text);
  // A file smaller than the sample may lack the last line end; a longer one ends inside a record, which is left out.
  if (all.length < 2) all = [...all, ...records.end()];
  const [first, ...rest] = all;
  const header = (first?.fields ?? []).map((name) => (name ?? '').trim());
  const rows = rest
    .filter(({ problem, fields }) => problem === undefined && fields.length === header.length)
    .slice(0, SAMPLE_ROWS)
    .map(({ fields }) => [...fields]);
  return { header, rows };
}

function columnOf(name: string, values: string[]): Column {
  return {
    name,
    plain: name
      .toLowerCase()
      .replaceAll(/[\s_\-.]+/g, ' ')
      .trim(),
    values,
    distinct: new Set(values).size,
    isFull: values.length > 0 && values.every((value) => value !== ''),
  };
}

function byName(role: CsvRole, columns: readonly Column[]): { column: string; reason: string } | undefined {
  for (const wanted of NAMES[role]) {
    const column = columns.find(({ plain }) => plain === wanted);
    if (column === undefined) continue;
    const doubt = doubtOf(role, column);
    if (doubt === undefined)
      return { column: column.name, reason: `its name says so, and ${evidenceOf(role, column)}` };
  }
  return undefined;
}

/** What in the values speaks against the role, whatever the name says. */
function doubtOf(role: CsvRole, column: Column): string | undefined {
  if (column.values.length === 0) return undefined;
  if (role === 'timestamp' && shareOfTimes(column) < 0.9) return 'most values are not times';
  if (role === 'case' && !column.isFull) return 'some values are empty';
  if (role === 'activity' && column.distinct > 50 && column.distinct > column.values.length / 2)
    return 'hardly a value repeats';
  if (role === 'id' && !(column.isFull && column.distinct === column.values.length)) return 'values repeat';
  return undefined;
}

function evidenceOf(role: CsvRole, column: Column): string {
  const rows = column.values.length;
  if (rows === 0) return 'there are no rows to look at';
  if (role === 'timestamp') return `${Math.round(shareOfTimes(column) * 100)} % of ${rows} sampled values are times`;
  return `${column.distinct} different values stand in ${rows} sampled rows`;
}

function byValues(
  role: CsvRole,
  columns: readonly Column[],
  caseColumn: Column | undefined,
): { column: string; reason: string } | undefined {
  if (role === 'timestamp') {
    const column = columns.find(
      (one) => one.isFull && one.distinct > 1 && shareOfTimes(one) === 1 && !one.values.every(isNumber),
    );
    return column && { column: column.name, reason: `all ${column.values.length} sampled values are times` };
  }
  if (role === 'case') {
    const candidates = columns.filter(
      ({ isFull, distinct, values }) =>
        isFull && distinct > 1 && distinct <= values.length * 0.8 && distinct >= values.length * 0.02,
    );
    const column = candidates.sort((a, b) => b.distinct - a.distinct)[0];
    return (
      column && {
        column: column.name,
        reason: `${column.distinct} values repeat over ${column.values.length} sampled rows`,
      }
    );
  }
  if (role !== 'activity' || caseColumn === undefined) return undefined;
  const scored = columns
    .filter(({ isFull, distinct, values }) => isFull && distinct > 1 && distinct <= 100 && !values.every(isNumber))
    .filter((column) => shareOfTimes(column) < 0.5)
    .map((column) => ({ column, changes: changesWithinCases(column, caseColumn) }))
    .sort((a, b) => b.changes - a.changes);
  const [best] = scored;
  return best && best.changes > 0.5
    ? {
        column: best.column.name,
        reason: `it changes from row to row of a case, and has ${best.column.distinct} values`,
      }
    : undefined;
}

/** An activity changes within a case; an attribute of the case does not. */
function changesWithinCases(column: Column, cases: Column): number {
  const last = new Map<string, string>();
  let pairs = 0;
  let changes = 0;
  for (const [index, caseId] of cases.values.entries()) {
    const value = column.values[index] ?? '';
    const before = last.get(caseId);
    if (before !== undefined) {
      pairs += 1;
      if (before !== value) changes += 1;
    }
    last.set(caseId, value);
  }
  return pairs === 0 ? 0 : changes / pairs;
}

const isNumber = (value: string): boolean => /^-?\d+([.,]\d+)?$/.test(value);

function shareOfTimes({ values }: Column): number {
  const parser = new TimestampParser();
  const filled = values.filter((value) => value !== '').slice(0, 200);
  if (filled.length === 0) return 0;
  return filled.filter((value) => hasSlashes(value) || typeof parser.parse(value) !== 'string').length / filled.length;
}
