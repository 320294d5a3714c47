import type { Readable } from 'node:stream';
import { EngineException, EXCEPTION } from './exception.ts';
import type { EngineQuery, EngineResult, SessionPool } from './session-pool.ts';
import type { Spool } from './spool.ts';
import { type InsertData, quoteName, quoteText } from './sql-text.ts';

/** What an INSERT with data takes besides its statement. */
export interface InsertRequest {
  readonly insert: InsertData;
  /** The data itself, or the path of a file in the spool that holds it. */
  readonly data: Readable | string;
  readonly database: string | undefined;
  readonly settings: ReadonlyMap<string, string>;
  readonly parameters: ReadonlyMap<string, string>;
}

interface TableColumn {
  readonly name: string;
  readonly type: string;
}

const FORMAT = /^[A-Za-z0-9]+$/;
const MAX_KNOWN_TABLES = 1000;
const NO_SETTINGS: ReadonlyMap<string, string> = new Map();

/**
 * Brings the data of `INSERT … FORMAT …` into a table by way of a file, because the engine takes inline data only as text.
 *
 * Columns and types are always named, those of the table: data with a column that the table lacks is an error. A column that the
 * data lacks gets the default of its type, as ClickHouse does; who wants to know has to look at the data (`skimBlocks`).
 */
export class DataInserter {
  readonly #pool: SessionPool;
  readonly #spool: Spool;
  readonly #tables = new Map<string, readonly TableColumn[]>();

  constructor(pool: SessionPool, spool: Spool) {
    this.#pool = pool;
    this.#spool = spool;
  }

  /** Tables may have changed. */
  forgetTables(): void {
    this.#tables.clear();
  }

  /** Inserts and resolves when the rows are in the table; undefined where there were no bytes. */
  async run(request: InsertRequest): Promise<EngineResult | undefined> {
    const { insert } = request;
    if (!FORMAT.test(insert.format)) throw new EngineException(EXCEPTION.syntaxError, 'Bad name of a format');
    const given = request.data;
    const data = await (typeof given === 'string' ? this.#spool.handed(given) : this.#spool.write(given));
    try {
      if (data.byteLength === 0) return undefined;
      const columns = await this.#columns(request);
      const names = columns.map(({ name }) => quoteName(name)).join(', ');
      const structure = columns.map(({ name, type }) => `${quoteName(name)} ${type}`).join(', ');
      const table = `${insert.database === undefined ? '' : `${quoteName(insert.database)}.`}${quoteName(insert.table)}`;
      const source = [data.path, insert.format, structure, 'none'].map(quoteText).join(', ');
      const query: EngineQuery = {
        sql: `INSERT INTO ${table} (${names}) SELECT ${names} FROM file(${source})`,
        database: request.database,
        format: 'TabSeparated',
        settings: insertSettings(request.settings),
        parameters: request.parameters,
      };
      return await this.#pool.run('write', query);
    } finally {
      await data.remove();
    }
  }

  async #columns({ insert, database }: InsertRequest): Promise<readonly TableColumn[]> {
    const all = await this.#tableColumns(insert.database ?? database ?? 'default', insert.table);
    if (insert.columns === undefined) return all;
    return insert.columns.map((name) => {
      const column = all.find((candidate) => candidate.name === name);
      if (column !== undefined) return column;
      throw new EngineException(EXCEPTION.noSuchColumn, `No such column ${name} in table ${insert.table}`);
    });
  }

  async #tableColumns(database: string, table: string): Promise<readonly TableColumn[]> {
    const key = JSON.stringify([database, table]);
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const result = await this.#pool.run('write', {
      sql: `SELECT name, type FROM system.columns WHERE database = ${quoteText(database)} AND table = ${quoteText(table)}
        AND default_kind NOT IN ('ALIAS', 'MATERIALIZED') ORDER BY position`,
      database: undefined,
      format: 'JSONEachRow',
      settings: NO_SETTINGS,
      parameters: NO_SETTINGS,
    });
    const columns = new TextDecoder()
      .decode(result.bytes)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as TableColumn);
    if (columns.length === 0) {
      throw new EngineException(EXCEPTION.unknownTable, `Table ${database}.${table} does not exist.`);
    }
    if (this.#tables.size >= MAX_KNOWN_TABLES) this.#tables.clear();
    this.#tables.set(key, columns);
    return columns;
  }
}

/** One thread, so that a repeated INSERT cuts its blocks at the same rows and deduplication knows them again. */
function insertSettings(given: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const settings = new Map([
    ['max_threads', '1'],
    ['max_insert_threads', '1'],
    ['input_format_parallel_parsing', '0'],
    // An unknown column is an error unless the caller says otherwise; the default drops it silently.
    ['input_format_skip_unknown_fields', '0'],
    ...given,
  ]);
  // INSERT … SELECT deduplicates only what the engine takes for stable; asked for, it must deduplicate or refuse.
  if (settings.has('insert_deduplication_token')) settings.set('deduplicate_insert_select', 'force_enable');
  return settings;
}
