import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, inflateRawSync } from 'node:zlib';

/** An event of a log: which case entered which status when, in milliseconds since 1970. */
export interface LogEvent {
  readonly at: number;
  readonly status: string;
}

/** Events by case; in the order of the file, then (stably) of time. */
export type Log = ReadonlyMap<string, readonly LogEvent[]>;

/** Where the real logs lie, beside the checkout; they are not part of the project. */
const FOLDER = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

const ORDER_TO_CASH = `${FOLDER}o2c_sap_log.zip`;
const LOAN_APPLICATIONS = `${FOLDER}bpi_challenge_2012_a.xes.gz`;

/** Whether the real logs can be read here; tests that need them are skipped where not. */
export const hasRealLogs = existsSync(ORDER_TO_CASH) && existsSync(LOAN_APPLICATIONS);

/** A row of the order-to-cash log, by column name. */
export type CsvRow = Readonly<Record<string, string>>;

/** Reads the rows of the order-to-cash log. */
export function readOrderToCashRows(): readonly CsvRow[] {
  const text = readZipEntry(readFileSync(ORDER_TO_CASH)).toString('utf8');
  const [header = [], ...rows] = text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map(splitCsvLine);
  return rows.map((row) => Object.fromEntries(header.map((name, index) => [name, row[index] ?? ''])));
}

/** Reads the order-to-cash log: an SAP system's order lines. */
export function orderToCash(rows = readOrderToCashRows()): Log {
  return byCase(
    rows.map(({ Key = '', Activity = '', Date: date = '' }) => ({
      key: Key,
      at: Date.parse(`${date.replace(' ', 'T')}Z`),
      status: Activity,
    })),
  );
}

/** Reads the log of loan applications of the BPI Challenge 2012, statuses of the application only. */
export function loanApplications(): Log {
  const text = gunzipSync(readFileSync(LOAN_APPLICATIONS)).toString('utf8');
  const events = text.split('<trace>').flatMap((trace, index) =>
    [...trace.matchAll(/<event>([\s\S]*?)<\/event>/g)].map(([, body = '']) => ({
      key: String(index),
      at: Date.parse(valueOf(body, 'time:timestamp')),
      status: valueOf(body, 'concept:name'),
    })),
  );
  return byCase(events);
}

function valueOf(event: string, key: string): string {
  return new RegExp(`key="${key}" value="([^"]*)"`).exec(event)?.[1] ?? '';
}

function byCase(events: readonly (LogEvent & { readonly key: string })[]): Log {
  const cases = new Map<string, LogEvent[]>();
  for (const { key, at, status } of events) {
    const known = cases.get(key);
    if (known === undefined) cases.set(key, [{ at, status }]);
    else known.push({ at, status });
  }
  for (const each of cases.values()) each.sort((a, b) => a.at - b.at);
  return cases;
}

/** Splits a line with RFC 4180 quoting; no field of these files spans lines. */
function splitCsvLine(line: string): string[] {
  return [...line.matchAll(/(?<=^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
  );
}

/** Unpacks the first entry of a zip file, found by its central directory (PKWARE APPNOTE 4.3.12). */
function readZipEntry(zip: Buffer): Buffer {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const directory = zip.readUInt32LE(end + 16);
  const packed = zip.readUInt32LE(directory + 20);
  const local = zip.readUInt32LE(directory + 42);
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const bytes = zip.subarray(start, start + packed);
  return zip.readUInt16LE(directory + 10) === 0 ? bytes : inflateRawSync(bytes);
}
