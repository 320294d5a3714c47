import { WaybillError } from '../../model/errors.ts';
import { type CsvProposal, proposeCsvMapping } from '../../wire/eventlog/csv-proposal.ts';
import { CsvReader } from '../../wire/eventlog/csv-reader.ts';
import type { EventLogItem, EventLogMapping, EventLogReader } from '../../wire/eventlog/event.ts';
import { JsonLinesReader } from '../../wire/eventlog/json-lines.ts';
import { OcelEventsReader, OcelOrdersReader } from '../../wire/eventlog/ocel-json-reader.ts';
import { countOcelSqlite, readOcelSqlite } from '../../wire/eventlog/ocel-sqlite-reader.ts';
import { type TimestampFormat, TimestampParser } from '../../wire/eventlog/timestamp.ts';
import { XesReader } from '../../wire/eventlog/xes-reader.ts';
import type { LogFile } from './log-file.ts';

/** How a file is to be read. */
export interface ReadOptions {
  /** CSV: names of columns. XES: keys of attributes. OCEL: `source` and `id` only. */
  readonly mapping?: EventLogMapping;
  /** Default `auto`. */
  readonly timestampFormat?: TimestampFormat;
  /** Zone of times without offset; default `UTC`. */
  readonly zone?: string;
  /** CSV: one character; detected by default. */
  readonly separator?: string;
  /** CSV: default `utf-8`. */
  readonly encoding?: string;
  /** XES: which `lifecycle:transition` counts; default `['complete']`. */
  readonly lifecycle?: readonly string[] | 'all';
  /** OCEL: object type that is the order; guessed where only one is named like it. */
  readonly objectType?: string;
  /** Attributes of events or cases that describe the order; kept and imported. */
  readonly orderAttributes?: readonly string[];
  /** CSV: asked when case, activity or time were guessed; without it a guess is an error that proposes the flags. */
  readonly confirm?: (proposal: CsvProposal) => boolean | Promise<boolean>;
}

/** Attributes that the importer always looks at, besides `orderAttributes`; all others are not even kept. */
const USED_ATTRIBUTES = ['trace_id', 'span_id'];

const ITEMS_PER_STEP = 1000;

/** A file that is ready to be read. */
export interface OpenLog {
  /** Bytes that `onRead` will have heard of at the end: twice the file where it is read twice. */
  readonly totalBytes: number;
  readonly timestamps: TimestampParser;
  /** Whether events carry ids that a person named as unique. */
  readonly hasIds: boolean;
  items(onRead: (bytes: number) => void): AsyncGenerator<readonly EventLogItem[]>;
}

/** Chooses the reader of a file and settles what it needs to know; throws `invalid_argument` with the missing flags. */
export async function openLog(file: LogFile, options: ReadOptions): Promise<OpenLog> {
  const { mapping = {}, zone, objectType, lifecycle, encoding } = options;
  const csv = file.format === 'csv' ? await csvSettings(file, options) : undefined;
  const format = options.timestampFormat ?? csv?.timestampFormat;
  const timestamps = new TimestampParser({ ...(format && { format }), ...(zone !== undefined && { zone }) });
  const shared = { timestamps, mapping, keepAttributes: [...USED_ATTRIBUTES, ...(options.orderAttributes ?? [])] };
  const base = { totalBytes: file.bytes, timestamps, hasIds: (csv?.mapping.id ?? mapping.id) !== undefined };
  const through = (reader: EventLogReader): OpenLog => ({
    ...base,
    items: (onRead) => readThrough(file, reader, onRead),
  });
  if (csv !== undefined) {
    return through(new CsvReader({ ...shared, ...csv, ...(encoding !== undefined && { encoding }) }));
  }
  if (file.format === 'xes') {
    return through(new XesReader({ ...shared, ...(lifecycle !== undefined && { lifecycle }) }));
  }
  if (file.format === 'ocel-json') {
    return { ...base, totalBytes: file.bytes * 2, items: (onRead) => readTwice(file, objectType, shared, onRead) };
  }
  if (file.format === 'ocel-sqlite') {
    const ocel = { ...shared, ...(objectType !== undefined && { orderType: objectType }) };
    return { ...base, items: (onRead) => readTables(file, ocel, onRead) };
  }
  return through(new JsonLinesReader());
}

interface CsvSettings {
  readonly separator: string;
  readonly mapping: EventLogMapping & { readonly case: string; readonly activity: string; readonly timestamp: string };
  readonly timestampFormat?: TimestampFormat;
}

async function csvSettings(file: LogFile, options: ReadOptions): Promise<CsvSettings> {
  const { mapping = {}, confirm } = options;
  const proposal = proposeCsv(file, options);
  const given = complete(mapping);
  if (given !== undefined) return { separator: proposal.separator, mapping: given };
  const proposed = complete(proposal.mapping);
  if (proposed === undefined) {
    throw new WaybillError(
      'invalid_argument',
      `it is not clear which columns carry ${proposal.missing.join(' and ')}`,
      {
        remedy: `name them: ${proposal.missing.map((role) => `--${role} COLUMN`).join(' ')}; columns: ${columnList(proposal)}`,
      },
    );
  }
  if (confirm === undefined) {
    throw new WaybillError('invalid_argument', 'which columns carry what was only guessed', {
      remedy: `confirm with the flags ${proposalFlags(proposal)}, or correct them`,
    });
  }
  if (!(await confirm(proposal))) {
    throw new WaybillError('invalid_argument', 'the proposed columns were not confirmed', {
      remedy: `name the right ones: --case, --activity and --timestamp; columns: ${columnList(proposal)}`,
    });
  }
  return { separator: proposal.separator, mapping: proposed, timestampFormat: proposal.timestampFormat };
}

/** Looks at the beginning of a CSV file and proposes which columns carry what. */
export function proposeCsv(file: LogFile, { mapping, separator, encoding }: ReadOptions): CsvProposal {
  return proposeCsvMapping(file.head, {
    ...(mapping && { given: mapping }),
    ...(separator !== undefined && { separator }),
    ...(encoding !== undefined && { encoding }),
  });
}

/** The flags of `waybill import` that say what the proposal says. */
export function proposalFlags({ mapping, timestampFormat }: CsvProposal): string {
  const flags = Object.entries(mapping).map(([role, column]) => `--${role} ${shellWord(String(column))}`);
  if (timestampFormat !== 'auto') flags.push(`--timestamp-format ${timestampFormat}`);
  return flags.join(' ');
}

function shellWord(text: string): string {
  return /^[\w:.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function columnList({ columns }: CsvProposal): string {
  return columns.slice(0, 40).join(', ').slice(0, 1000);
}

function complete(mapping: EventLogMapping): CsvSettings['mapping'] | undefined {
  const { case: caseColumn, activity, timestamp } = mapping;
  if (caseColumn === undefined || activity === undefined || timestamp === undefined) return undefined;
  return { ...mapping, case: caseColumn, activity, timestamp };
}

async function* readThrough(
  file: LogFile,
  reader: EventLogReader,
  onRead: (bytes: number) => void,
): AsyncGenerator<readonly EventLogItem[]> {
  for await (const chunk of file.chunks(onRead)) yield reader.push(chunk);
  yield reader.end();
}

async function* readTwice(
  file: LogFile,
  objectType: string | undefined,
  options: { timestamps: TimestampParser; mapping: EventLogMapping; keepAttributes: readonly string[] },
  onRead: (bytes: number) => void,
): AsyncGenerator<readonly EventLogItem[]> {
  const first = new OcelOrdersReader({
    ...(objectType !== undefined && { orderType: objectType }),
    keepAttributes: false,
  });
  for await (const chunk of file.chunks(onRead)) {
    first.push(chunk);
    yield [];
  }
  yield* readThrough(file, new OcelEventsReader({ ...options, orders: first.end() }), onRead);
}

async function* readTables(
  file: LogFile,
  options: Parameters<typeof readOcelSqlite>[1],
  onRead: (bytes: number) => void,
): AsyncGenerator<readonly EventLogItem[]> {
  const total = Math.max(1, countOcelSqlite(file.path));
  let step: EventLogItem[] = [];
  let told = 0;
  let read = 0;
  for (const item of readOcelSqlite(file.path, options)) {
    step.push(item);
    read += 1;
    if (step.length < ITEMS_PER_STEP) continue;
    const bytes = Math.floor(Math.min(1, read / total) * file.bytes);
    onRead(bytes - told);
    told = bytes;
    yield step;
    step = [];
  }
  onRead(file.bytes - told);
  yield step;
}
