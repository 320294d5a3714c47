import type { z } from 'zod';
import { WaybillError } from '../model/errors.ts';
import { type JoinedBlocks, JoinMemory, joinBlocks } from '../wire/native/join.ts';
import { type ConnectionOptions, type Settings, type Statement, StoreConnection } from './connection.ts';
import { SPOOLED_DATA_HEADER } from './engine/options.ts';
import type { Spool } from './engine/spool.ts';
import { toStoreError } from './failure.ts';

/** How to reach a ClickHouse server, and what helps to. */
export interface StoreClientOptions extends ConnectionOptions {
  /** Takes data of inserts in place of the connection, where the server is the embedded one. */
  readonly spool?: Pick<Spool, 'hand'> | undefined;
}

/** Values of `{name:Type}` placeholders; they travel beside the SQL, never in it. Times: `toDateTime64`. */
export type QueryParams = Readonly<Record<string, unknown>>;

/** What an insert may say besides its rows. */
export interface InsertOptions {
  /** Names this insert for deduplication: the same token again inserts nothing (last 10 000 inserts of a table). */
  readonly token?: string;
}

interface InsertedData {
  readonly format: 'Native' | 'JSONEachRow';
  readonly data: readonly Uint8Array[];
  /** Of a file in the spool that has the data instead. */
  readonly path?: string | undefined;
}

/** Longest wait for an answer, in milliseconds; the server gives up a query before that. */
const REQUEST_TIMEOUT_MS = 60_000;
const READ_SECONDS = 45;
const INSERT_TIMEOUT_MS = 300_000;
const PING_TIMEOUT_MS = 10_000;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const READ_SETTINGS: Settings = {
  // 64-bit numbers would lose digits as JSON numbers.
  output_format_json_quote_64bit_integers: 1,
  max_execution_time: READ_SECONDS,
  // Questions name thousands of orders or traces; the default, 256 KB, ends at some 9,000.
  max_query_size: '8000000',
  // An error must not come behind a 200.
  wait_end_of_query: 1,
  // It remembers which granules a condition found nothing in, and has been wrong in many ways: rows are missing then, and nobody is told.
  use_query_condition_cache: 0,
};

/** Bulk inserts leave it to merges to drop what a ReplacingMergeTree holds twice: doing it at once takes three times the CPU. */
const BULK_SETTINGS: Settings = { optimize_on_insert: 0 };

const INSERT_SETTINGS: Settings = {
  async_insert: 0,
  // The default drops a column that the table lacks without a word.
  input_format_skip_unknown_fields: 0,
  // A repeated insert still fills the views that a crash left without it; the default of older servers.
  deduplicate_blocks_in_dependent_materialized_views: 1,
  wait_end_of_query: 1,
};

/**
 * Asks and fills ClickHouse, the embedded server and a remote one alike.
 *
 * Every failure is a WaybillError: `store_unavailable` (retryable) where the store does not answer or is busy, `disk_full`, else
 * `internal` with ClickHouse's code; messages carry no data. Nothing is retried here, but for a query
 * whose connection the server had just closed.
 */
export class StoreClient {
  readonly #connection: StoreConnection;
  readonly #spool: Pick<Spool, 'hand'> | undefined;
  readonly #columns = new Map<string, readonly string[]>();
  #spareMemory: JoinMemory | undefined;

  constructor(options: StoreClientOptions) {
    this.#spool = options.spool;
    this.#connection = new StoreConnection(options);
  }

  /**
   * Runs a query and returns its rows; the SQL MUST NOT have a FORMAT clause.
   *
   * 64-bit numbers (count() among them) arrive as text: `z.coerce.number()` where 2^53 is enough, `unixNanoText` for times. Rows are
   * checked by `schema` where it is given; a row that does not fit is `internal`, since then SQL and schema disagree.
   */
  query<Row = unknown>(sql: string, params?: QueryParams): Promise<Row[]>;
  query<Schema extends z.ZodType>(sql: string, params: QueryParams, schema: Schema): Promise<z.output<Schema>[]>;
  async query(sql: string, params: QueryParams = {}, schema?: z.ZodType): Promise<unknown[]> {
    const rows = rowsOf(await this.#ask(sql, params, 'JSONEachRow'));
    if (schema === undefined) return rows;
    const parsed = schema.array().safeParse(rows);
    if (parsed.success) return parsed.data;
    const path = parsed.error.issues[0]?.path.slice(1).join('.') ?? '';
    throw new WaybillError(
      'internal',
      `a row of the store does not fit its schema at ${path === '' ? 'its root' : path}`,
    );
  }

  /**
   * Runs a query and returns the cells of its rows as text, unescaped: for bulk, at a fraction of what rows cost. No value may have a tab or a
   * line feed. Otherwise as `query`.
   */
  async queryCells(sql: string, params: QueryParams): Promise<string[][]> {
    return (await this.queryLines(sql, params)).map((line) => line.split('\t'));
  }

  /** Runs a query and returns its rows as they came, cells with a tab between them: for who does not want all of them at a time. As `queryCells`. */
  async queryLines(sql: string, params: QueryParams): Promise<string[]> {
    const text = await this.#ask(sql, params, 'TabSeparatedRaw');
    const lines = text.split('\n');
    // Every line ends with a line feed.
    lines.pop();
    return lines;
  }

  /**
   * Inserts blocks in the Native format; resolves when the rows are durable as far as the table's settings say.
   *
   * Every block MUST have exactly the columns of the table: ClickHouse would fill a missing one with defaults and say nothing, so it
   * is checked here and is `internal`; bytes that are not complete blocks are `malformed_payload`.
   */
  async insertBlocks(table: string, blocks: readonly Uint8Array[], options: InsertOptions = {}): Promise<void> {
    // The loader inserts one table after another; whoever inserts beside it has memory of its own.
    const memory = this.#spareMemory ?? new JoinMemory();
    this.#spareMemory = undefined;
    try {
      const joined = joinBlocks(blocks, memory);
      const columns = await this.#checkedColumns(table, joined);
      if (columns !== undefined) await this.#insertJoined(table, columns, joined, options);
    } finally {
      memory.reset();
      this.#spareMemory = memory;
    }
  }

  async #insertJoined(
    table: string,
    columns: readonly string[],
    { blocks }: JoinedBlocks,
    options: InsertOptions,
  ): Promise<void> {
    const spooled = await this.#spool?.hand(blocks);
    const data = spooled === undefined ? blocks : [];
    try {
      await this.#insert(table, columns, { format: 'Native', data, path: spooled?.path }, options);
    } finally {
      await spooled?.remove();
    }
  }

  /** Inserts a few rows, all with the columns of the first one; for bulk there is `insertBlocks`. Times: `toDateTime64`. */
  async insertRows(
    table: string,
    rows: readonly Readonly<Record<string, unknown>>[],
    options: InsertOptions = {},
  ): Promise<void> {
    const [first] = rows;
    if (first === undefined) return;
    const lines = rows.map((row) => JSON.stringify(row, encodeBigInt));
    const data = [Buffer.from(lines.join('\n'))];
    await this.#insert(table, Object.keys(first), { format: 'JSONEachRow', data }, options);
  }

  /** Runs a statement that returns nothing, such as DDL. */
  async command(sql: string, params: QueryParams = {}): Promise<void> {
    const settings = { wait_end_of_query: 1 };
    await this.#run('run a statement', { sql, params, settings }, INSERT_TIMEOUT_MS);
    this.#columns.clear();
  }

  /** Whether the store answers. */
  ping(): Promise<boolean> {
    return this.#connection.ping(PING_TIMEOUT_MS);
  }

  /** Closes the connections. */
  close(): void {
    this.#connection.close();
  }

  async #insert(
    table: string,
    columns: readonly string[],
    { format, data, path }: InsertedData,
    { token }: InsertOptions,
  ): Promise<void> {
    const names = [table, ...columns];
    if (!names.every((name) => NAME.test(name))) throw new WaybillError('internal', 'bad name of a table or column');
    const statement: Statement = {
      sql: `INSERT INTO ${table} (${columns.join(', ')}) FORMAT ${format}`,
      data,
      settings: {
        ...INSERT_SETTINGS,
        ...(format === 'Native' ? BULK_SETTINGS : {}),
        ...(token === undefined ? {} : { insert_deduplicate: 1, insert_deduplication_token: token }),
      },
      ...(path === undefined ? {} : { headers: { [SPOOLED_DATA_HEADER]: path } }),
    };
    await this.#run(`insert into ${table}`, statement, INSERT_TIMEOUT_MS);
  }

  /** The table's columns, after every block was found to have them all and no other; undefined where there are no rows. */
  async #checkedColumns(table: string, { shapes }: JoinedBlocks): Promise<readonly string[] | undefined> {
    if (shapes.length === 0) return undefined;
    const columns = await this.#tableColumns(table);
    for (const shape of shapes) {
      const names = new Set(shape.columns.map(({ name }) => name));
      const missing = columns.filter((name) => !names.has(name));
      const unknown = [...names].filter((name) => !columns.includes(name));
      if (missing.length === 0 && unknown.length === 0 && names.size === shape.columns.length) continue;
      // The table may have changed since it was looked at.
      this.#columns.delete(table);
      const details = `missing: ${missing.join(', ') || 'none'}; unknown: ${unknown.join(', ') || 'none'}`;
      throw new WaybillError('internal', `the columns of a block are not those of the table ${table} (${details})`);
    }
    return columns;
  }

  async #tableColumns(table: string): Promise<readonly string[]> {
    const known = this.#columns.get(table);
    if (known !== undefined) return known;
    const rows = await this.query<{ name: string }>(
      `SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String}
       AND default_kind NOT IN ('ALIAS', 'MATERIALIZED') ORDER BY position`,
      { table },
    );
    if (rows.length === 0) {
      throw new WaybillError('invalid_configuration', `the store has no table ${table}`, {
        remedy: 'start Waybill again: it applies the schema at its start',
      });
    }
    const names = rows.map(({ name }) => name);
    this.#columns.set(table, names);
    return names;
  }

  async #ask(sql: string, params: QueryParams, format: string): Promise<string> {
    const statement: Statement = { sql, params, settings: READ_SETTINGS, format, repeatable: true };
    return (await this.#run('answer a query', statement, REQUEST_TIMEOUT_MS)).toString();
  }

  async #run(what: string, statement: Statement, timeoutMs: number): Promise<Buffer> {
    try {
      return await this.#connection.run(statement, timeoutMs);
    } catch (cause) {
      throw toStoreError(what, cause);
    }
  }
}

/** The rows of an answer in JSONEachRow. */
function rowsOf(text: string): unknown[] {
  // Line feeds within values are escaped.
  const rows: unknown = JSON.parse(`[${text.trimEnd().replaceAll('\n', ',')}]`);
  return Array.isArray(rows) ? rows : [];
}

function encodeBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
