import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { DatabaseSync } from 'node:sqlite';
import { WaybillError } from '../../model/errors.ts';
import type { AttributeType } from './event.ts';
import { OcelDatabase } from './ocel-database.ts';
import { ocelType } from './ocel-json-reader.ts';
import { quoted } from './ocel-sqlite-reader.ts';
import type { ExportedOrder } from './order-case.ts';

/**
 * Writes orders as OCEL 2.0 SQLite to `path`, which must not exist (`invalid_argument`).
 *
 * The file appears when it is complete; a failed export leaves nothing behind.
 */
export async function writeOcelSqlite(orders: AsyncIterable<ExportedOrder>, path: string): Promise<void> {
  if (existsSync(path)) {
    throw new WaybillError('invalid_argument', 'the file exists already', { remedy: 'remove it or name another one' });
  }
  const partial = `${path}.${randomUUID()}.partial`;
  const ocel = new OcelDatabase(partial);
  try {
    for await (const order of orders) ocel.addOrder(order);
    ocel.finish();
    ocel.close();
    await rename(partial, path);
  } catch (cause) {
    if (ocel.database.isOpen) ocel.close();
    await rm(partial, { force: true });
    throw cause;
  }
}

/**
 * Writes orders as OCEL 2.0 JSON, events in the order given.
 *
 * Types stand before events and objects, so that all orders are first collected in a temporary database on disk:
 * memory stays bounded, and the orders are read once.
 */
export async function* encodeOcelJson(orders: AsyncIterable<ExportedOrder>): AsyncGenerator<string> {
  const ocel = new OcelDatabase('');
  try {
    for await (const order of orders) ocel.addOrder(order);
    ocel.finish();
    const events = typeTables(ocel.database, 'event');
    const objects = typeTables(ocel.database, 'object');
    yield `{"eventTypes":${JSON.stringify([...events.values()].map(declaration))},\n`;
    yield `"objectTypes":${JSON.stringify([...objects.values()].map(declaration))},\n"events":[`;
    yield* elements(ocel.database, 'event', events);
    yield '],\n"objects":[';
    yield* elements(ocel.database, 'object', objects);
    yield ']}\n';
  } finally {
    ocel.close();
  }
}

interface TypeColumns {
  readonly type: string;
  readonly table: string;
  readonly attributes: readonly { readonly name: string; readonly type: AttributeType }[];
}

const JSON_TYPES: Record<AttributeType, string> = {
  string: 'string',
  id: 'string',
  date: 'time',
  int: 'integer',
  float: 'float',
  boolean: 'boolean',
};

function declaration({ type, attributes }: TypeColumns): unknown {
  return { name: type, attributes: attributes.map((one) => ({ name: one.name, type: JSON_TYPES[one.type] })) };
}

function typeTables(database: DatabaseSync, kind: 'event' | 'object'): Map<string, TypeColumns> {
  const types = database.prepare(`SELECT ocel_type, ocel_type_map FROM ${kind}_map_type ORDER BY rowid`).all();
  const tables = new Map<string, TypeColumns>();
  for (const { ocel_type: type, ocel_type_map: map } of types) {
    const table = `${kind}_${String(map)}`;
    const columns = database.prepare('SELECT name, type FROM pragma_table_info(?)').all(table);
    const attributes = columns
      .map((column) => ({ name: String(column['name']), type: ocelType(column['type']) }))
      .filter(({ name }) => !['ocel_id', 'ocel_time', 'ocel_changed_field'].includes(name));
    tables.set(String(type), { type: String(type), table, attributes });
  }
  return tables;
}

function* elements(
  database: DatabaseSync,
  kind: 'event' | 'object',
  types: ReadonlyMap<string, TypeColumns>,
): Generator<string> {
  const relations = database.prepare(
    kind === 'event'
      ? 'SELECT ocel_object_id AS id, ocel_qualifier AS qualifier FROM event_object WHERE ocel_event_id = ? ORDER BY rowid'
      : 'SELECT ocel_target_id AS id, ocel_qualifier AS qualifier FROM object_object WHERE ocel_source_id = ? ORDER BY rowid',
  );
  // `SELECT *` by rowid is not possible for object tables, which have no key; both kinds get an index for the look-up.
  const rows = new Map(
    [...types.values()].map(({ type, table }) => {
      if (kind === 'object') database.exec(`CREATE INDEX ${quoted(`${table}_by_id`)} ON ${quoted(table)} (ocel_id)`);
      const statement = database.prepare(`SELECT * FROM ${quoted(table)} WHERE ocel_id = ?`);
      statement.setReadBigInts(true);
      return [type, statement] as const;
    }),
  );
  let separator = '\n';
  for (const { ocel_id: id, ocel_type: type } of database.prepare(`SELECT * FROM ${kind} ORDER BY rowid`).iterate()) {
    const row = rows.get(String(type))?.get(String(id)) ?? {};
    const time = row['ocel_time'];
    const attributes = (types.get(String(type))?.attributes ?? [])
      .filter(({ name }) => row[name] !== null && row[name] !== undefined)
      .map(({ name }) => ({ name, value: String(row[name]), ...(kind === 'object' ? { time } : {}) }));
    const relationships = relations
      .all(String(id))
      .map((one) => ({ objectId: one['id'], qualifier: one['qualifier'] }));
    const base = kind === 'event' ? { id, type, time } : { id, type };
    yield separator + JSON.stringify({ ...base, attributes, relationships });
    separator = ',\n';
  }
}
