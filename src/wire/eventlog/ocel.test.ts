import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventLogItem } from './event.ts';
import { JsonElements } from './json-elements.ts';
import { OcelEventsReader, OcelOrdersReader } from './ocel-json-reader.ts';
import { readOcelSqlite } from './ocel-sqlite-reader.ts';
import { chooseOrderType } from './order-type.ts';
import { TimestampParser } from './timestamp.ts';

const timestamps = new TimestampParser();

function readJson(json: string, { orderType, step = 13 }: { orderType?: string; step?: number } = {}): EventLogItem[] {
  const bytes = Buffer.from(json);
  const chunks = (): Uint8Array[] => {
    const cut: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += step) cut.push(bytes.subarray(at, at + step));
    return cut;
  };
  const first = new OcelOrdersReader(orderType === undefined ? {} : { orderType });
  for (const chunk of chunks()) first.push(chunk);
  const reader = new OcelEventsReader({ orders: first.end(), timestamps });
  return [...chunks().flatMap((chunk) => [...reader.push(chunk)]), ...reader.end()];
}

const LOG = {
  eventTypes: [{ name: 'pay', attributes: [{ name: 'sum', type: 'float' }] }],
  events: [
    {
      id: 'e1',
      type: 'pay',
      time: '2025-01-01T00:00:00Z',
      attributes: [{ name: 'sum', value: 12.5 }],
      relationships: [
        { objectId: 'o1', qualifier: 'a' },
        { objectId: 'o1', qualifier: 'b' },
        { objectId: 'i1', qualifier: 'item' },
        { objectId: 'o2', qualifier: '"]}\\"' },
      ],
    },
    {
      id: 'e2',
      type: 'pack',
      time: '2025-01-02T00:00:00Z',
      attributes: [],
      relationships: [{ objectId: 'i1', qualifier: '' }],
    },
    { id: 'e3', type: 'pay', time: 'soon', relationships: [{ objectId: 'o1', qualifier: '' }] },
    { id: 'e4', type: '', time: '2025-01-02T00:00:00Z', relationships: [{ objectId: 'o1', qualifier: '' }] },
    { id: 'e5', type: 'pay', relationships: [{ objectId: 'o1', qualifier: '' }] },
  ],
  extra: { nested: [1, { deep: ['}'] }] },
  objectTypes: [
    { name: 'orders', attributes: [{ name: 'price', type: 'integer' }] },
    { name: 'items', attributes: [] },
  ],
  objects: [
    {
      id: 'o1',
      type: 'orders',
      attributes: [
        { name: 'price', value: '2', time: '2025-06-01T00:00:00Z' },
        { name: 'price', value: '1', time: '1970-01-01T00:00:00Z' },
      ],
    },
    { id: 'o2', type: 'orders' },
    { id: 'i1', type: 'items' },
  ],
};

describe('OCEL 2.0 JSON', () => {
  test('an event is an event of every order that it names, once; the last value of an attribute counts', () => {
    const items = readJson(JSON.stringify(LOG, null, 2));
    const shared = {
      kind: 'event',
      activity: 'pay',
      occurredAt: 1_735_689_600_000_000_000n,
      source: null,
      id: 'e1',
      ordinal: 0,
      line: 14,
      attributes: [['sum', 'float', '12.5']],
    };
    expect(items.slice(0, 2)).toEqual([
      { ...shared, caseId: 'o1', caseAttributes: [['price', 'int', '2']] },
      { ...shared, caseId: 'o2', caseAttributes: [] },
    ]);
    expect(items.slice(2)).toMatchObject([
      { kind: 'skipped', reason: 'unrelated' },
      { kind: 'rejected', reason: expect.stringContaining('not a time') },
      { kind: 'rejected', reason: 'the activity is empty' },
      { kind: 'rejected', reason: 'the event has no time' },
    ]);
  });

  test('the outcome does not depend on how the bytes are cut, nor on the order of the sections', () => {
    const pretty = JSON.stringify(LOG, null, 1);
    const whole = readJson(pretty, { step: 100_000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), (step) => {
        expect(readJson(pretty, { step })).toEqual(whole);
      }),
    );
    const { events, ...rest } = LOG;
    expect(readJson(JSON.stringify({ ...rest, events })).filter(({ kind }) => kind === 'event')).toHaveLength(2);
  });

  test('an element that is not JSON is rejected alone', () => {
    const text = JSON.stringify(LOG).replace('"type":"pack"', '"type":pack');
    expect(readJson(text)[2]).toMatchObject({ kind: 'rejected', reason: 'the event is not valid JSON' });
  });

  test.each([
    ['a file that was cut off', JSON.stringify(LOG).slice(0, -1), /ends early/],
    ['an array', '[{"events":[]}]', /not a JSON object/],
    ['another object', '{"a":[1]}', /not OCEL/],
    ['two objects', '{"objects":[]}{"objects":[]}', /follows/],
    ['nothing', '', /ends early/],
  ])('%s is refused as a whole', (_name, text, message) => {
    expect(() => readJson(text)).toThrow(message);
  });

  test('elements are cut at their own borders: any JSON', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.array(fc.jsonValue())),
        fc.integer({ min: 1, max: 30 }),
        (value, step) => {
          const text = JSON.stringify(value, null, step % 3);
          const elements = new JsonElements();
          const found: { section: string; value: unknown }[] = [];
          for (let at = 0; at < text.length; at += step) {
            for (const one of elements.push(text.slice(at, at + step))) {
              found.push({ section: one.section, value: JSON.parse(one.text) as unknown });
            }
          }
          elements.end();
          const expected = Object.entries(JSON.parse(text) as Record<string, unknown[]>).flatMap(([section, list]) =>
            list.map((one) => ({ section, value: one })),
          );
          expect(found).toEqual(expected);
        },
      ),
    );
  });
});

describe('the object type that is the order', () => {
  test.each([
    [['orders', 'items'], 'orders'],
    [['Purchase Order', 'Invoice'], 'Purchase Order'],
    [['order', 'order line'], 'order'],
    [['Заказ', 'Счёт'], 'Заказ'],
    [['application'], 'application'],
  ])('of %j is %s', (types, expected) => {
    expect(chooseOrderType(types)).toBe(expected);
  });

  test.each([[['Purchase Order', 'Sales Order']], [['a', 'b']], [[]]])('of %j must be named', (types) => {
    expect(() => chooseOrderType(types)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', remedy: expect.any(String) }),
    );
  });

  test('that is named must exist', () => {
    expect(chooseOrderType(['a', 'b'], 'b')).toBe('b');
    expect(() => chooseOrderType(['a'], 'z')).toThrow(/no object type/);
  });
});

describe('OCEL 2.0 SQLite of others', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'waybill-ocel-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  function file(name: string, sql: string): string {
    const path = join(directory, name);
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
    return path;
  }

  const TABLES = `
    CREATE TABLE event_map_type (ocel_type TEXT, ocel_type_map TEXT);
    CREATE TABLE object_map_type (ocel_type TEXT, ocel_type_map TEXT);
    CREATE TABLE event (ocel_id TEXT, ocel_type TEXT);
    CREATE TABLE object (ocel_id TEXT, ocel_type TEXT);
    CREATE TABLE event_object (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT);`;

  test('events, attributes, changed attributes, times without zone and missing rows are read', () => {
    const path = file(
      'full.sqlite',
      `${TABLES}
      CREATE TABLE "event_Pay""It" (ocel_id TEXT, ocel_time TIMESTAMP, amount INTEGER, ok BOOLEAN);
      CREATE TABLE object_Order (ocel_id TEXT, ocel_time TIMESTAMP, ocel_changed_field TEXT, price REAL, channel TEXT);
      INSERT INTO event_map_type VALUES ('pay it', 'Pay"It'), ('gone', 'Gone');
      INSERT INTO object_map_type VALUES ('order', 'Order'), ('item', 'Item');
      INSERT INTO object VALUES ('o1', 'order'), ('i1', 'item');
      INSERT INTO object_Order VALUES ('o1', '2025-06-01 00:00:00', 'price', 2.5, NULL), ('o1', '1970-01-01 00:00:00', NULL, 1, 'web');
      INSERT INTO event VALUES ('e1', 'pay it'), ('e2', 'gone'), ('e3', 'pay it'), ('e4', 'pay it'), ('e5', 'pay it');
      INSERT INTO event_object VALUES ('e1', 'o1', 'a'), ('e1', 'o1', 'b'), ('e2', 'o1', ''), ('e3', 'i1', ''), ('e4', 'o1', ''), ('e5', 'o1', '');
      INSERT INTO "event_Pay""It" VALUES ('e1', '2025-01-01 00:00:00', 9007199254740993, 1), ('e3', '2025-01-01', 0, 0), ('e5', 'soon', 0, 0);`,
    );
    expect([...readOcelSqlite(path, { timestamps })]).toEqual([
      expect.objectContaining({ kind: 'rejected', line: 2, reason: expect.stringContaining('no time') }),
      {
        kind: 'event',
        caseId: 'o1',
        activity: 'pay it',
        occurredAt: 1_735_689_600_000_000_000n,
        source: null,
        id: 'e1',
        line: 1,
        ordinal: 1,
        attributes: [
          ['amount', 'int', '9007199254740993'],
          ['ok', 'boolean', 'true'],
        ],
        caseAttributes: [
          ['price', 'float', '2.5'],
          ['channel', 'string', 'web'],
        ],
      },
      expect.objectContaining({ kind: 'rejected', line: 4, reason: expect.stringContaining('no time') }),
      expect.objectContaining({ kind: 'rejected', line: 5, reason: expect.stringContaining('not a time') }),
      { kind: 'skipped', line: 3, reason: 'unrelated' },
    ]);
  });

  test('a file that is something else is refused', () => {
    expect(() => [...readOcelSqlite(file('other.sqlite', 'CREATE TABLE a (b)'), { timestamps })]).toThrow(
      /no table event/,
    );
    expect(() => [...readOcelSqlite(join(directory, 'absent.sqlite'), { timestamps })]).toThrow(/cannot be opened/);
    // A view under the name of a table would run what the file says.
    const view = file(
      'view.sqlite',
      `${TABLES.replace('CREATE TABLE object (ocel_id TEXT, ocel_type TEXT);', '')} CREATE VIEW object AS SELECT 1 AS ocel_id, 2 AS ocel_type;`,
    );
    expect(() => [...readOcelSqlite(view, { timestamps })]).toThrow(/no table object/);
    const odd = file(
      'odd.sqlite',
      TABLES.replace('CREATE TABLE event (ocel_id TEXT, ocel_type TEXT)', 'CREATE TABLE event (x)'),
    );
    expect(() => [...readOcelSqlite(odd, { timestamps, orderType: 'order' })]).toThrow(
      expect.objectContaining({ name: 'WaybillError' }),
    );
  });
});
