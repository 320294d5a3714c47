import { EngineException, EXCEPTION } from './exception.ts';

/** What kind of work a statement is; only INSERTs with data need a road of their own. */
export type Statement =
  | { readonly kind: 'read'; readonly sql: string }
  | { readonly kind: 'write'; readonly sql: string }
  | InsertData;

/** `INSERT INTO table (columns) FORMAT name` followed by data. */
export interface InsertData {
  readonly kind: 'insert';
  readonly database: string | undefined;
  readonly table: string;
  readonly columns: readonly string[] | undefined;
  readonly format: string;
  /** What follows the name of the format in the statement itself. */
  readonly inlineData: string;
}

interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'symbol';
  readonly text: string;
  readonly end: number;
}

// Whitespace and comments, then one token. `name` is `x` or "x"; `text` is 'x' or $tag$x$tag$.
const SKIP = /(?:\s+|--[^\n]*(?:\n|$)|#[ !][^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NAME = /`(?:[^`\\]|\\[\s\S]|``)*`|"(?:[^"\\]|\\[\s\S]|"")*"/y;
const TEXT = /'(?:[^'\\]|\\[\s\S]|'')*'|\$(\w*)\$[\s\S]*?\$\1\$/y;

const READS = new Set(['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS', 'CHECK']);

function match(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : -1;
}

function nextToken(sql: string, from: number): Token | undefined {
  const at = match(SKIP, sql, from);
  if (at >= sql.length) return undefined;
  for (const [kind, pattern] of [
    ['word', WORD],
    ['name', NAME],
    ['text', TEXT],
  ] as const) {
    const end = match(pattern, sql, at);
    if (end > at) return { kind, text: sql.slice(at, end), end };
  }
  return { kind: 'symbol', text: sql.charAt(at), end: at + 1 };
}

/**
 * Finds out what a statement is. Exactly one statement is allowed, as over ClickHouse's HTTP interface; the engine itself would run
 * several, so that a `;` smuggled into SQL would do harm.
 */
export function parseStatement(sql: string): Statement {
  const first = nextToken(sql, 0);
  if (first === undefined) throw new EngineException(EXCEPTION.syntaxError, 'Empty query');
  const keyword = first.text.toUpperCase();
  if (keyword === 'INSERT') {
    const insert = parseInsert(sql, first.end);
    return insert ?? { kind: 'write', sql: singleStatement(sql, true) };
  }
  const isRead = READS.has(keyword) || keyword === '(';
  return { kind: isRead ? 'read' : 'write', sql: singleStatement(sql, false) };
}

function singleStatement(sql: string, isInsert: boolean): string {
  for (let token = nextToken(sql, 0); token !== undefined; token = nextToken(sql, token.end)) {
    // Behind VALUES comes data, whose syntax is not ours to know; the engine reads it to the end.
    if (isInsert && token.kind === 'word' && token.text.toUpperCase() === 'VALUES') return sql;
    if (token.text !== ';') continue;
    if (nextToken(sql, token.end) === undefined) return sql.slice(0, token.end - 1);
    throw new EngineException(EXCEPTION.syntaxError, 'Multi-statements are not allowed');
  }
  return sql;
}

/** Reads `[INTO] [TABLE] [db.]table [(columns)] FORMAT name`; undefined for INSERT … VALUES, … SELECT and into table functions. */
function parseInsert(sql: string, from: number): InsertData | undefined {
  let token = nextToken(sql, from);
  const advance = (): void => {
    token = token === undefined ? undefined : nextToken(sql, token.end);
  };
  const isSymbol = (symbol: string): boolean => token?.text === symbol;
  const isWord = (word: string): boolean => token?.kind === 'word' && token.text.toUpperCase() === word;
  if (isWord('INTO')) advance();
  if (isWord('TABLE')) advance();
  if (isWord('FUNCTION')) return undefined;

  let table = identifier(token);
  let database: string | undefined;
  advance();
  if (isSymbol('.')) {
    advance();
    database = table;
    table = identifier(token);
    advance();
  }
  let columns: string[] | undefined;
  if (isSymbol('(')) {
    columns = [];
    do {
      advance();
      // INSERT INTO t (SELECT …) is a query, not a list of columns.
      if (columns.length === 0 && (isWord('SELECT') || isWord('WITH'))) return undefined;
      columns.push(identifier(token));
      advance();
    } while (isSymbol(','));
    if (!isSymbol(')')) throw new EngineException(EXCEPTION.syntaxError, 'Expected a list of columns');
    advance();
  }
  if (!isWord('FORMAT')) return undefined;
  advance();
  if (token === undefined || token.kind !== 'word')
    throw new EngineException(EXCEPTION.syntaxError, 'Expected a format');
  // Inline VALUES are the engine's to read: it has no format of that name for files with our quoting rules.
  if (isWord('VALUES')) return undefined;
  return {
    kind: 'insert',
    database,
    table,
    columns,
    format: token.text,
    inlineData: sql.slice(token.end).replace(/^[ \t]*\r?\n?/, ''),
  };
}

function identifier(token: Token | undefined): string {
  if (token?.kind === 'word') return token.text;
  if (token?.kind === 'name') {
    const quote = token.text.charAt(0);
    return token.text
      .slice(1, -1)
      .replaceAll(quote + quote, quote)
      .replaceAll(/\\([\s\S])/g, '$1');
  }
  throw new EngineException(EXCEPTION.syntaxError, 'Expected an identifier');
}

/** A string literal of ClickHouse. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
}

/** A quoted identifier of ClickHouse. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}
