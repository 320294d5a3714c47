import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { WaybillError } from '../../model/errors.ts';
import { formatRfc3339 } from '../../model/units.ts';
import type { Attribute, AttributeType } from './event.ts';
import { quoted } from './ocel-sqlite-reader.ts';
import { type ExportedOrder, orderCase } from './order-case.ts';

/** Object types of an export; ids of traces and messages are prefixed because ids are unique over all types. */
export const ORDER_OBJECT = 'order';
const TRACE_OBJECT = 'trace';
const MESSAGE_OBJECT = 'message';

/** Attributes of one type; SQLite has no more than 2,000 columns. */
const MAX_TYPE_ATTRIBUTES = 1000;

/** Static attributes hold since the beginning of time (OCEL 2.0, 4.2). */
const SINCE_EVER = '1970-01-01T00:00:00Z';

const TABLES = `
  CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
  CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
  CREATE TABLE event (ocel_id TEXT PRIMARY KEY, ocel_type TEXT REFERENCES event_map_type (ocel_type));
  CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT REFERENCES object_map_type (ocel_type));
  CREATE TABLE event_object (
    ocel_event_id TEXT REFERENCES event (ocel_id), ocel_object_id TEXT REFERENCES object (ocel_id), ocel_qualifier TEXT,
    PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier));
  CREATE TABLE object_object (
    ocel_source_id TEXT REFERENCES object (ocel_id), ocel_target_id TEXT REFERENCES object (ocel_id), ocel_qualifier TEXT,
    PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier));
`;

/** Column types by attribute type; OCEL has no ids, they are text. */
const COLUMN_TYPES: Record<AttributeType, string> = {
  string: 'TEXT',
  id: 'TEXT',
  date: 'TIMESTAMP',
  int: 'INTEGER',
  float: 'REAL',
  boolean: 'BOOLEAN',
};

/** The table of one event type or object type, which grows a column with each new attribute. */
class TypeTable {
  readonly #database: DatabaseSync;
  readonly #table: string;
  readonly #columns = new Map<string, string>();
  readonly #lowerCase: Set<string>;
  #insert: StatementSync | undefined;

  constructor(database: DatabaseSync, table: string, key: string) {
    this.#database = database;
    this.#table = quoted(table);
    this.#lowerCase = new Set(['ocel_id', 'ocel_time', 'ocel_changed_field']);
    database.exec(`CREATE TABLE ${this.#table} (ocel_id TEXT ${key}, ocel_time TIMESTAMP)`);
  }

  /** Adds the column for changed attributes that object tables have. */
  addChangedField(): void {
    this.#database.exec(`ALTER TABLE ${this.#table} ADD COLUMN ocel_changed_field TEXT`);
  }

  insert(id: string, time: string, attributes: readonly Attribute[]): void {
    for (const [name, type] of attributes) if (!this.#columns.has(name)) this.#addColumn(name, type);
    const columns = [...this.#columns.values()];
    this.#insert ??= this.#database.prepare(
      `INSERT INTO ${this.#table} (${['ocel_id', 'ocel_time', ...columns].join(', ')})
       VALUES (?, ?${', ?'.repeat(columns.length)})`,
    );
    const values = new Map(attributes.map(([name, type, value]) => [name, cell(type, value)]));
    this.#insert.run(id, time, ...[...this.#columns.keys()].map((name) => values.get(name) ?? null));
  }

  #addColumn(name: string, type: AttributeType): void {
    // Names of columns do not differ by case alone, and must not be those of the format.
    let free = name === '' ? 'attribute' : name.replaceAll('\0', '');
    for (let number = 2; this.#lowerCase.has(free.toLowerCase()); number += 1) free = `${name}_${number}`;
    if (this.#columns.size >= MAX_TYPE_ATTRIBUTES) {
      throw new WaybillError('invalid_argument', `a type has more than ${MAX_TYPE_ATTRIBUTES} attributes`, {
        remedy: 'export to XES or JSON lines, which have no such bound',
      });
    }
    this.#database.exec(`ALTER TABLE ${this.#table} ADD COLUMN ${quoted(free)} ${COLUMN_TYPES[type]}`);
    this.#lowerCase.add(free.toLowerCase());
    this.#columns.set(name, quoted(free));
    this.#insert = undefined;
  }
}

/**
 * An OCEL 2.0 database that is being written: object types order, trace and message; an event per visit.
 *
 * Relations: event → order (`order`), event → traces of its evidence (`trace`), order → its traces and messages.
 * `path` must not exist; the empty text is a temporary database that is gone after `close`. What was added is in the
 * file only after `finish`. Attribute names of one type that differ by case alone get a number.
 */
export class OcelDatabase {
  readonly database: DatabaseSync;
  readonly #types = new Map<string, TypeTable>();
  readonly #tables = new Set(['event_object', 'event_map_type', 'object_object', 'object_map_type']);
  readonly #addEvent: StatementSync;
  readonly #addObject: StatementSync;
  readonly #typeOfObject: StatementSync;
  readonly #relateEvent: StatementSync;
  readonly #relateObject: StatementSync;

  constructor(path: string) {
    this.database = new DatabaseSync(path);
    // A failed export is thrown away as a whole, so that nothing needs to be rolled back or survive a crash.
    this.database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN');
    this.database.exec(TABLES);
    this.#addEvent = this.database.prepare('INSERT INTO event VALUES (?, ?)');
    this.#addObject = this.database.prepare('INSERT OR IGNORE INTO object VALUES (?, ?)');
    this.#typeOfObject = this.database.prepare('SELECT ocel_type FROM object WHERE ocel_id = ?');
    this.#relateEvent = this.database.prepare('INSERT OR IGNORE INTO event_object VALUES (?, ?, ?)');
    this.#relateObject = this.database.prepare('INSERT OR IGNORE INTO object_object VALUES (?, ?, ?)');
    for (const type of [ORDER_OBJECT, TRACE_OBJECT, MESSAGE_OBJECT]) this.#typeTable('object', type);
  }

  addOrder(order: ExportedOrder): void {
    const { attributes, events } = orderCase({ ...order, traces: [], messages: [] });
    this.#object(ORDER_OBJECT, order.orderId, attributes);
    for (const trace of order.traces) {
      this.#object(TRACE_OBJECT, `trace:${trace.id}`, trace.attributes);
      this.#relateObject.run(order.orderId, `trace:${trace.id}`, 'trace');
    }
    for (const message of order.messages) {
      this.#object(MESSAGE_OBJECT, `message:${message.id}`, message.attributes);
      this.#relateObject.run(order.orderId, `message:${message.id}`, 'message');
    }
    const ids = new Map<string, number>();
    for (const [index, event] of events.entries()) {
      // Stable when further visits come later: not the position but what happened when.
      const base = `${order.orderId}/${event.activity}/${event.occurredAt}`;
      const equals = ids.get(base) ?? 0;
      ids.set(base, equals + 1);
      const id = `${base}/${equals}`;
      const source: readonly Attribute[] = event.source === null ? [] : [['source', 'string', event.source]];
      const table = this.#typeTable('event', event.activity);
      this.#addEvent.run(id, event.activity);
      table.insert(id, formatRfc3339(event.occurredAt), [...source, ...event.attributes]);
      this.#relateEvent.run(id, order.orderId, 'order');
      for (const { traceId } of order.visits[index]?.evidence ?? []) {
        if (traceId === null) continue;
        this.#object(TRACE_OBJECT, `trace:${traceId}`, []);
        this.#relateEvent.run(id, `trace:${traceId}`, 'trace');
      }
    }
  }

  finish(): void {
    this.database.exec('COMMIT');
  }

  close(): void {
    this.database.close();
  }

  /** Adds an object once; a trace may serve many orders. */
  #object(type: string, id: string, attributes: readonly Attribute[]): void {
    if (this.#addObject.run(id, type).changes === 0) {
      if (type !== ORDER_OBJECT && this.#typeOfObject.get(id)?.['ocel_type'] === type) return;
      throw new WaybillError('invalid_argument', 'an order is exported twice, or has the id of a trace or message');
    }
    this.#typeTable('object', type).insert(id, SINCE_EVER, attributes);
  }

  #typeTable(kind: 'event' | 'object', type: string): TypeTable {
    const key = `${kind} ${type}`;
    const known = this.#types.get(key);
    if (known !== undefined) return known;
    const plain = type.replaceAll(/[^\p{L}\p{N}_]/gu, '') || 'Type';
    let suffix = plain;
    for (let number = 2; this.#tables.has(`${kind}_${suffix}`.toLowerCase()); number += 1)
      suffix = `${plain}_${number}`;
    this.#tables.add(`${kind}_${suffix}`.toLowerCase());
    this.database.prepare(`INSERT INTO ${kind}_map_type VALUES (?, ?)`).run(type, suffix);
    const table = new TypeTable(
      this.database,
      `${kind}_${suffix}`,
      kind === 'event' ? 'PRIMARY KEY' : 'REFERENCES object (ocel_id)',
    );
    if (kind === 'object') table.addChangedField();
    this.#types.set(key, table);
    return table;
  }
}

/** Numbers are stored as numbers where that keeps every digit, else as text. */
function cell(type: AttributeType, value: string): string | number | bigint {
  if (type === 'int' && /^(0|-?[1-9]\d{0,17})$/.test(value)) return BigInt(value);
  if (type === 'float' && String(Number(value)) === value && Number.isFinite(Number(value))) return Number(value);
  return value;
}
