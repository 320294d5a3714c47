import { DatabaseSync } from 'node:sqlite';
import { WaybillError } from '../../model/errors.ts';
import { type Attribute, type EventLogItem, type EventLogMapping, nameProblem, rejected } from './event.ts';
import { kept, ocelType } from './ocel-json-reader.ts';
import { chooseOrderType } from './order-type.ts';
import type { TimestampParser } from './timestamp.ts';

export interface OcelSqliteOptions {
  readonly timestamps: TimestampParser;
  /** Object type that is the order; guessed where only one is named like it. */
  readonly orderType?: string;
  /** `source` and `id` name attributes; without `id` the event's own id is used. */
  readonly mapping?: EventLogMapping;
  /** Default true; otherwise case attributes are left out, and of the event's only the named ones are kept. */
  readonly keepAttributes?: true | readonly string[];
}

type Cell = string | number | bigint | null | Uint8Array;

/** Tables that every OCEL 2.0 file has. */
const TABLES = ['event', 'object', 'event_object', 'event_map_type', 'object_map_type'];

/**
 * Reads OCEL 2.0 SQLite: an event for each order that it names; the others are counted as skipped (`unrelated`).
 *
 * Events come type by type; `ordinal` and `line` are the position of the event in table `event`. The file is opened
 * for reading only, and nothing of its schema is run. Throws `malformed_payload` when it is not such a file.
 */
export function* readOcelSqlite(path: string, options: OcelSqliteOptions): Generator<EventLogItem> {
  const database = openForReading(path);
  try {
    yield* new OcelTables(database, options).items();
  } catch (cause) {
    if (cause instanceof WaybillError) throw cause;
    throw new WaybillError('malformed_payload', 'the file cannot be read as OCEL 2.0 SQLite', {
      remedy: 'check it with `sqlite3 FILE "PRAGMA integrity_check"`',
      cause,
    });
  } finally {
    database.close();
  }
}

/** How many events the file holds, for progress. */
export function countOcelSqlite(path: string): number {
  const database = openForReading(path);
  try {
    return Number(database.prepare('SELECT count(*) AS n FROM event').get()?.['n'] ?? 0);
  } finally {
    database.close();
  }
}

function openForReading(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    database.enableDefensive(true);
    database.exec('PRAGMA trusted_schema = OFF');
    const found = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all()
      .map(({ name }) => name);
    const missing = TABLES.find((table) => !found.includes(table));
    if (missing === undefined) return database;
    throw new WaybillError('malformed_payload', `the file has no table ${missing}; it is not OCEL 2.0 SQLite`);
  } catch (cause) {
    database?.close();
    if (cause instanceof WaybillError) throw cause;
    throw new WaybillError('malformed_payload', 'the file cannot be opened as SQLite', { cause });
  }
}

class OcelTables {
  readonly #database: DatabaseSync;
  readonly #options: OcelSqliteOptions;
  /** Attributes of the order read last: events of an order tend to stand together. */
  #lastCase: { id: string; attributes: readonly Attribute[] } = { id: '', attributes: [] };

  constructor(database: DatabaseSync, options: OcelSqliteOptions) {
    this.#database = database;
    this.#options = options;
  }

  *items(): Generator<EventLogItem> {
    const orderType = this.#orderType();
    const attributesOfCase = this.#caseAttributes(orderType);
    const types = this.#database.prepare('SELECT DISTINCT ocel_type FROM event ORDER BY ocel_type').all();
    for (const { ocel_type: type } of types) {
      if (typeof type === 'string') yield* this.#eventsOf(type, orderType, attributesOfCase);
    }
    const unrelated = this.#database.prepare(
      `SELECT rowid AS line FROM event WHERE ocel_id NOT IN (
         SELECT eo.ocel_event_id FROM event_object eo JOIN object o ON o.ocel_id = eo.ocel_object_id
         WHERE o.ocel_type = ? AND eo.ocel_event_id IS NOT NULL)`,
    );
    for (const { line } of unrelated.iterate(orderType))
      yield { kind: 'skipped', line: Number(line), reason: 'unrelated' };
    const unnamed = this.#database.prepare('SELECT rowid AS line FROM event WHERE ocel_type IS NULL').iterate();
    for (const { line } of unnamed) yield rejected(Number(line), 'the activity is empty', '');
  }

  #orderType(): string {
    const types = this.#database
      .prepare('SELECT DISTINCT ocel_type FROM object UNION SELECT ocel_type FROM object_map_type')
      .all();
    const names = types.map(({ ocel_type: type }) => type).filter((type) => typeof type === 'string');
    return chooseOrderType(names, this.#options.orderType);
  }

  *#eventsOf(
    type: string,
    orderType: string,
    attributesOfCase: (id: string) => readonly Attribute[],
  ): Generator<EventLogItem> {
    const table = this.#typeTable('event', type);
    const joined = table === undefined ? '' : `LEFT JOIN ${quoted(table)} t ON t.ocel_id = e.ocel_id`;
    const statement = this.#database.prepare(
      `SELECT e.rowid, e.ocel_id, o.ocel_id ${table === undefined ? '' : ', t.*'}
       FROM event e JOIN event_object eo ON eo.ocel_event_id = e.ocel_id JOIN object o ON o.ocel_id = eo.ocel_object_id
       ${joined} WHERE e.ocel_type = ? AND o.ocel_type = ? ORDER BY e.rowid, o.ocel_id`,
    );
    statement.setReturnArrays(true);
    statement.setReadBigInts(true);
    const columns = table === undefined ? [] : this.#columns(table);
    let before = '';
    for (const row of statement.iterate(type, orderType)) {
      const [position, eventId, caseId, ...cells] = row as unknown as Cell[];
      // The same order with two qualifiers is one event.
      const pair = `${String(position)}\n${String(caseId)}`;
      if (pair === before) continue;
      before = pair;
      yield this.#item(type, Number(position), String(eventId), String(caseId), columns, cells, attributesOfCase);
    }
  }

  #item(
    activity: string,
    position: number,
    eventId: string,
    caseId: string,
    columns: readonly (readonly [name: string, type: string])[],
    cells: readonly Cell[],
    attributesOfCase: (id: string) => readonly Attribute[],
  ): EventLogItem {
    const { timestamps, mapping = {}, keepAttributes = true } = this.#options;
    const all: Attribute[] = [];
    let time: string | undefined;
    for (const [index, [name, type]] of columns.entries()) {
      const cell = cells[index] ?? null;
      if (name === 'ocel_time') time = cell === null ? undefined : String(cell);
      else if (name !== 'ocel_id' && cell !== null) all.push(attribute(name, type, cell));
    }
    const valueOf = (name: string | undefined): string | null =>
      all.find(([key, , value]) => key === name && value !== '')?.[2] ?? null;
    const source = valueOf(mapping.source);
    const id = mapping.id === undefined ? eventId : valueOf(mapping.id);
    const problem = nameProblem(caseId, activity, source, mapping.id === undefined ? null : id);
    const raw = JSON.stringify({ event: eventId, order: caseId });
    if (problem !== undefined) return rejected(position, problem, raw);
    if (time === undefined) return rejected(position, 'the event has no time in the table of its type', raw);
    const occurredAt = timestamps.parse(time);
    if (typeof occurredAt === 'string') return rejected(position, occurredAt, raw);
    const attributes = kept(all, keepAttributes, [mapping.source, mapping.id]);
    if (this.#lastCase.id !== caseId) {
      this.#lastCase = { id: caseId, attributes: attributesOfCase(caseId) };
    }
    const caseAttributes = this.#lastCase.attributes;
    return {
      kind: 'event',
      caseId,
      activity,
      occurredAt,
      source,
      id,
      line: position,
      ordinal: position,
      attributes,
      caseAttributes,
    };
  }

  #caseAttributes(orderType: string): (id: string) => readonly Attribute[] {
    const table = this.#typeTable('object', orderType);
    const { keepAttributes = true } = this.#options;
    if (table === undefined || keepAttributes !== true) return () => [];
    const columns = this.#columns(table);
    // Without an index each look-up would read the whole table; a temporary one lives outside the read-only file.
    this.#database.exec(`CREATE TEMP TABLE order_rows AS SELECT rowid AS position, * FROM ${quoted(table)}`);
    this.#database.exec('CREATE INDEX temp.order_rows_by_id ON order_rows (ocel_id)');
    const statement = this.#database.prepare('SELECT * FROM order_rows WHERE ocel_id = ? ORDER BY ocel_time, position');
    statement.setReturnArrays(true);
    statement.setReadBigInts(true);
    return (id) => {
      const latest = new Map<string, Attribute>();
      for (const row of statement.iterate(id)) {
        const [, ...cells] = row as unknown as Cell[];
        for (const [index, [name, type]] of columns.entries()) {
          const cell = cells[index] ?? null;
          if (cell !== null && !name.startsWith('ocel_')) latest.set(name, attribute(name, type, cell));
        }
      }
      return [...latest.values()];
    };
  }

  #typeTable(kind: 'event' | 'object', type: string): string | undefined {
    const mapped = this.#database.prepare(`SELECT ocel_type_map FROM ${kind}_map_type WHERE ocel_type = ?`).get(type);
    const table = `${kind}_${String(mapped?.['ocel_type_map'])}`;
    const found = this.#database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?)")
      .get(table);
    return typeof found?.['name'] === 'string' ? found['name'] : undefined;
  }

  #columns(table: string): (readonly [name: string, type: string])[] {
    const rows = this.#database.prepare('SELECT name, type FROM pragma_table_info(?)').all(table);
    return rows.map(({ name, type }) => [String(name), String(type)] as const);
  }
}

function attribute(name: string, type: string, cell: Exclude<Cell, null>): Attribute {
  const known = ocelType(type);
  if (cell instanceof Uint8Array) return [name, 'string', Buffer.from(cell).toString('base64')];
  if (known === 'boolean' && typeof cell === 'bigint') return [name, known, cell === 0n ? 'false' : 'true'];
  return [name, known, String(cell)];
}

/** SQL has no parameters for names; a quote inside a name is doubled. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
