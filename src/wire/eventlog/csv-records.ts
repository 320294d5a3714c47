import { WaybillError } from '../../model/errors.ts';

/** One record of a CSV file. An empty field without quotes is null, one with quotes (`""`) is the empty text. */
export interface CsvRecord {
  /** Line on which the record starts; 1 is the first. */
  readonly line: number;
  readonly fields: readonly (string | null)[];
  /** The record as it stands in the file, without the line end. */
  readonly raw: string;
  /** Why `fields` cannot be trusted; undefined for a sound record. */
  readonly problem: string | undefined;
}

/** Separators that are detected. */
export const SEPARATORS = [',', ';', '\t', '|'] as const;

/** Characters of one record, because an unclosed quote would otherwise swallow the rest of the file. */
export const MAX_RECORD_CHARACTERS = 1024 * 1024;

/** Columns of one file. */
export const MAX_COLUMNS = 4096;

const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;

type Scan =
  | {
      readonly kind: 'record';
      readonly fields: (string | null)[];
      readonly end: number;
      readonly next: number;
      readonly lines: number;
    }
  | { readonly kind: 'bad'; readonly problem: string }
  | { readonly kind: 'incomplete' };

/**
 * Cuts text into records after RFC 4180, chunk by chunk; LF and CRLF end a record, blank lines are skipped.
 *
 * A record with a quoting error is reported by its first line alone, and reading goes on with the next line: a stray
 * quote costs one line, not all lines up to the next quote. The same holds for a record that spans lines and does not
 * have as many fields as the first one.
 */
export class CsvRecords {
  readonly #separator: number;
  #rest = '';
  #line = 1;
  /** Number of fields of the first record, which is the header; 0 until it is known. */
  #columns = 0;

  constructor(separator: string) {
    this.#separator = separator.charCodeAt(0);
  }

  push(text: string): CsvRecord[] {
    return this.#cut(this.#rest + text, false);
  }

  end(): CsvRecord[] {
    return this.#cut(this.#rest, true);
  }

  #cut(text: string, isLast: boolean): CsvRecord[] {
    const records: CsvRecord[] = [];
    let start = 0;
    while (start < text.length) {
      const blank = blankLine(text, start);
      if (blank > 0) {
        start += blank;
        this.#line += 1;
        continue;
      }
      const scan = this.#scan(text, start, isLast);
      if (scan.kind === 'record' && (scan.lines === 1 || this.#columns === 0 || scan.fields.length === this.#columns)) {
        if (this.#columns === 0) this.#columns = scan.fields.length;
        records.push({ line: this.#line, fields: scan.fields, raw: text.slice(start, scan.end), problem: undefined });
        this.#line += scan.lines;
        start = scan.next;
        continue;
      }
      const isShort = text.length - start <= MAX_RECORD_CHARACTERS;
      if (!isLast && isShort && (scan.kind === 'incomplete' || !text.includes('\n', start))) break;
      const { record, next } = this.#firstLine(text, start, problemOf(scan));
      records.push(record);
      this.#line += 1;
      start = next;
    }
    this.#rest = text.slice(start);
    return records;
  }

  #firstLine(text: string, start: number, problem: string): { record: CsvRecord; next: number } {
    const lf = text.indexOf('\n', start);
    const end = lf === -1 ? text.length : lf;
    if (end - start > MAX_RECORD_CHARACTERS) {
      throw new WaybillError(
        'malformed_payload',
        `line ${this.#line} is longer than ${MAX_RECORD_CHARACTERS} characters`,
        {
          remedy: 'check that the file is CSV and not something else',
        },
      );
    }
    const raw = text.slice(start, end).replace(/\r$/, '');
    return { record: { line: this.#line, fields: [], raw, problem }, next: lf === -1 ? end : lf + 1 };
  }

  #scan(text: string, from: number, isLast: boolean): Scan {
    const fields: (string | null)[] = [];
    let lines = 1;
    let start = from;
    for (;;) {
      let end = start;
      if (text.charCodeAt(start) === QUOTE) {
        const close = closingQuote(text, start + 1);
        if (close === -1 || (close + 1 === text.length && !isLast)) return { kind: 'incomplete' };
        const inner = text.slice(start + 1, close);
        lines += newlines(inner);
        fields.push(inner.includes('"') ? inner.replaceAll('""', '"') : inner);
        end = close + 1;
      } else {
        end = this.#endOfPlain(text, start);
        if (end === text.length && !isLast) return { kind: 'incomplete' };
        fields.push(end === start ? null : text.slice(start, end));
      }
      const next = lineEnd(text, end, isLast);
      if (next >= 0) return { kind: 'record', fields, end, next, lines };
      if (next === MORE_NEEDED) return { kind: 'incomplete' };
      if (text.charCodeAt(end) !== this.#separator) return { kind: 'bad', problem: 'text follows a closing quote' };
      if (fields.length >= MAX_COLUMNS) return { kind: 'bad', problem: `more than ${MAX_COLUMNS} fields` };
      start = end + 1;
    }
  }

  /** Where a field without quotes ends: before the separator or the line end. */
  #endOfPlain(text: string, start: number): number {
    for (let at = start; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === this.#separator) return at;
      if (code === LF) return at > start && text.charCodeAt(at - 1) === CR ? at - 1 : at;
    }
    return text.length;
  }
}

const NO_LINE_END = -1;
const MORE_NEEDED = -2;

/** Where the next line starts when the record ends at `at`, else one of the two negative answers. */
function lineEnd(text: string, at: number, isLast: boolean): number {
  if (at === text.length) return at;
  const code = text.charCodeAt(at);
  if (code === LF) return at + 1;
  if (code !== CR) return NO_LINE_END;
  if (at + 1 === text.length) return isLast ? at + 1 : MORE_NEEDED;
  return text.charCodeAt(at + 1) === LF ? at + 2 : NO_LINE_END;
}

/** Chooses the separator that gives the first line the most fields; a comma where none gives more than one. */
export function detectSeparator(text: string): string {
  let best = ',';
  let most = 1;
  for (const separator of SEPARATORS) {
    const records = new CsvRecords(separator);
    const [first] = [...records.push(text), ...records.end()];
    const fields = first?.fields.length ?? 0;
    if (fields > most) {
      most = fields;
      best = separator;
    }
  }
  return best;
}

function problemOf(scan: Scan): string {
  if (scan.kind === 'bad') return scan.problem;
  if (scan.kind === 'incomplete') return 'a quote is not closed';
  return 'the quoted text spans lines and the fields do not match the header; probably a stray quote';
}

/** Length of the line end when the line is empty, else 0. */
function blankLine(text: string, at: number): number {
  if (text.charCodeAt(at) === LF) return 1;
  return text.charCodeAt(at) === CR && text.charCodeAt(at + 1) === LF ? 2 : 0;
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text.charCodeAt(at + 1) !== QUOTE) return at;
  }
  return -1;
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
