import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatRfc3339, MAX_UNIX_NANO, MIN_UNIX_NANO } from '../../model/units.ts';
import { CsvReader } from './csv-reader.ts';
import { CSV_COLUMNS, encodeCsv } from './csv-writer.ts';
import type { Attribute, EventLogCase, EventLogEvent, EventLogItem, EventLogReader } from './event.ts';
import { encodeOrders } from './export.ts';
import { decodeOrderLine, JsonLinesReader } from './json-lines.ts';
import { OcelEventsReader, OcelOrdersReader } from './ocel-json-reader.ts';
import { readOcelSqlite } from './ocel-sqlite-reader.ts';
import { encodeOcelJson, writeOcelSqlite } from './ocel-writer.ts';
import { type ExportedEvidence, type ExportedOrder, orderCase } from './order-case.ts';
import { TimestampParser } from './timestamp.ts';
import { XesReader } from './xes-reader.ts';
import { encodeXes, XES_KEYS } from './xes-writer.ts';

const timestamps = new TimestampParser();
const time = fc.bigInt({ min: MIN_UNIX_NANO, max: MAX_UNIX_NANO });
/** Any text but the characters that XML 1.0 cannot hold (and NUL, which SQL text ends at). */
const text = fc
  .string({ unit: 'binary', maxLength: 12 })
  .map((value) => value.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, 'x')); // oxlint-disable-line no-control-regex
const name = text.filter((value) => value !== '');

const value: fc.Arbitrary<readonly [Attribute[1], string]> = fc.oneof(
  text.map((one) => ['string', one] as const),
  time.map((at) => ['date', formatRfc3339(at)] as const),
  fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }).map((one) => ['int', String(one)] as const),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => ['float', String(one)] as const),
  fc.boolean().map((one) => ['boolean', String(one)] as const),
);

/** Each name has one type throughout, as columns have. */
const attributes = fc
  .uniqueArray(fc.tuple(fc.constantFrom('colour', 'weight', 'due', 'a b', 'größe'), value), {
    selector: ([key]) => key,
    maxLength: 4,
  })
  .map((list) => list.map(([key, [type, one]]): Attribute => [`${key} ${type}`, type, one]));

const cases: fc.Arbitrary<EventLogCase[]> = fc.uniqueArray(
  fc.record({
    caseId: name,
    attributes,
    events: fc.array(
      fc.record({ activity: name, occurredAt: time, source: fc.option(name), id: fc.option(name), attributes }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
  { selector: ({ caseId }) => caseId, maxLength: 4 },
);

const hex = (digits: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'.split('')), { minLength: digits, maxLength: digits })
    .map((list) => list.join(''));

const evidence: fc.Arbitrary<ExportedEvidence> = fc.record({
  evidenceKind: fc.constantFrom('span_event', 'span_attribute', 'api', 'import'),
  evidenceId: text,
  source: name,
  occurredAt: time,
  observedAt: time,
  traceId: fc.option(hex(32)),
  spanId: fc.option(hex(16)),
});

const visit: fc.Arbitrary<ExportedOrder['visits'][number]> = fc
  .record({
    status: name,
    system: fc.option(name),
    enteredAt: time,
    leftAt: fc.option(time),
    evidence: fc.array(evidence, { minLength: 1, maxLength: 3 }),
  })
  .map((one) => ({ ...one, dwell: one.leftAt === null ? null : one.leftAt - one.enteredAt }));

const objects = fc.uniqueArray(fc.record({ id: name, attributes }), { selector: ({ id }) => id, maxLength: 3 });

const orders: fc.Arbitrary<ExportedOrder[]> = fc.uniqueArray(
  fc.record({
    orderId: name.map((id) => `order ${id}`),
    aliases: fc.array(fc.record({ name, value: text }), { maxLength: 2 }),
    attributes,
    visits: fc.array(visit, { minLength: 1, maxLength: 4 }),
    traces: objects,
    messages: objects,
  }),
  { selector: ({ orderId }) => orderId, minLength: 1, maxLength: 4 },
);

async function* stream<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

async function joined(parts: AsyncIterable<string>): Promise<Buffer> {
  const all: string[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.from(all.join(''));
}

function readAll(bytes: Uint8Array, reader: EventLogReader): EventLogItem[] {
  return [...reader.push(bytes.subarray(0, 300)), ...reader.push(bytes.subarray(300)), ...reader.end()];
}

/** Events without their place in the file, and without the id that a format made. */
function content(items: readonly EventLogItem[], { withId = true } = {}): unknown[] {
  return [...items]
    .sort((a, b) => (a.kind === 'event' && b.kind === 'event' ? a.ordinal - b.ordinal : 0))
    .map((item) => {
      if (item.kind !== 'event') return item;
      const { kind: _kind, line: _line, ordinal: _ordinal, id, ...rest } = item;
      return withId ? { ...rest, id } : rest;
    });
}

function expected(
  list: readonly EventLogCase[],
  change: (attribute: Attribute) => Attribute = (one) => one,
): unknown[] {
  return list.flatMap(({ caseId, attributes: ofCase, events }) =>
    events.map((event) => ({
      caseId,
      ...event,
      attributes: event.attributes.map(change),
      caseAttributes: ofCase.map(change),
    })),
  );
}

const byName = (items: unknown[]): unknown[] =>
  items.map((item) => {
    const { attributes: own, caseAttributes, ...rest } = item as EventLogEvent;
    const sorted = (list: readonly Attribute[]): Attribute[] => [...list].sort(([a], [b]) => (a < b ? -1 : 1));
    return { ...rest, attributes: sorted(own), caseAttributes: sorted(caseAttributes) };
  });

describe('what is written is read back', () => {
  let directory: string;
  let number = 0;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'waybill-round-trip-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test('CSV: every event; attributes as text', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (list) => {
        const columns = [
          ...new Set(list.flatMap((one) => one.events.flatMap((event) => event.attributes.map(([key]) => key)))),
        ];
        const caseColumns = [...new Set(list.flatMap((one) => one.attributes.map(([key]) => key)))];
        const bytes = await joined(encodeCsv(stream(list), { attributes: columns, caseAttributes: caseColumns }));
        const items = readAll(bytes, new CsvReader({ mapping: CSV_COLUMNS, separator: ',', timestamps }));
        const asText = ([key, , one]: Attribute): Attribute => [key, 'string', one];
        expect(byName(content(items))).toEqual(byName(expected(list, asText)));
      }),
    );
  });

  test('XES: every event with the types of its attributes', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (list) => {
        const bytes = await joined(encodeXes(stream(list)));
        const items = readAll(bytes, new XesReader({ timestamps, mapping: XES_KEYS }));
        const plain = content(items).map((item) => {
          const event = item as EventLogEvent;
          return { ...event, attributes: event.attributes.filter(([key]) => key !== 'lifecycle:transition') };
        });
        expect(plain).toEqual(expected(list));
      }),
    );
  });

  test('JSON lines: the whole order, and its events', async () => {
    await fc.assert(
      fc.asyncProperty(orders, async (list) => {
        const bytes = await joined(encodeOrders('jsonl', stream(list)));
        expect(bytes.toString().trimEnd().split('\n').map(decodeOrderLine)).toEqual(list);
        expect(content(readAll(bytes, new JsonLinesReader()))).toEqual(expected(list.map(orderCase)));
      }),
    );
  });

  test('OCEL 2.0 JSON: every event of every order', async () => {
    await fc.assert(
      fc.asyncProperty(orders, async (list) => {
        const bytes = await joined(encodeOcelJson(stream(list)));
        const first = new OcelOrdersReader();
        first.push(bytes);
        const found = first.end();
        expect(found.orderType).toBe('order');
        const reader = new OcelEventsReader({ orders: found, timestamps, mapping: { source: 'source' } });
        expect(byName(content(readAll(bytes, reader), { withId: false }))).toEqual(ocelEvents(list));
      }),
      { numRuns: 50 },
    );
  });

  test('OCEL 2.0 SQLite: every event of every order', async () => {
    await fc.assert(
      fc.asyncProperty(orders, async (list) => {
        number += 1;
        const path = join(directory, `${number}.sqlite`);
        await writeOcelSqlite(stream(list), path);
        const items = [...readOcelSqlite(path, { timestamps, mapping: { source: 'source' } })];
        expect(byName(content(items, { withId: false }))).toEqual(ocelEvents(list));
      }),
      { numRuns: 30 },
    );
  });

  test('OCEL relates orders and events to traces, and orders to messages', async () => {
    const [order] = fc.sample(orders, { numRuns: 1, seed: 7 })[0] ?? [];
    const traceId = 'ab'.repeat(16);
    const one = {
      ...order,
      orderId: 'o1',
      traces: [{ id: traceId, attributes: [] }],
      messages: [{ id: 'm1', attributes: [] }],
    } as ExportedOrder;
    const log = JSON.parse((await joined(encodeOcelJson(stream([one, { ...one, orderId: 'o2' }])))).toString()) as {
      objectTypes: { name: string }[];
      objects: { id: string; relationships: unknown[] }[];
    };
    expect(log.objectTypes.map((type) => type.name)).toEqual(['order', 'trace', 'message']);
    expect(log.objects.filter(({ id }) => id === `trace:${traceId}`)).toHaveLength(1);
    expect(log.objects.find(({ id }) => id === 'o2')?.relationships).toEqual([
      { objectId: `trace:${traceId}`, qualifier: 'trace' },
      { objectId: 'message:m1', qualifier: 'message' },
    ]);
  });

  test('an export that fails leaves no file, and one that exists is not overwritten', async () => {
    const path = join(directory, 'failed.sqlite');
    const [[order] = []] = fc.sample(orders, 1);
    async function* failing(): AsyncGenerator<ExportedOrder> {
      if (order !== undefined) yield order;
      throw new Error('the store went away');
    }
    await expect(writeOcelSqlite(failing(), path)).rejects.toThrow('the store went away');
    expect((await readdir(directory)).filter((one) => one.includes('failed'))).toEqual([]);
    await writeOcelSqlite(stream([]), path);
    await expect(writeOcelSqlite(stream([]), path)).rejects.toThrow(/exists already/);
  });

  test('CSV refuses an attribute without column instead of dropping it', async () => {
    const lone: EventLogCase = { caseId: 'c', attributes: [['x', 'string', '1']], events: [] };
    await expect(joined(encodeCsv(stream([lone])))).rejects.toThrow(/no column/);
  });
});

/** OCEL has no ids as a type, and relations in place of lists of traces and messages. */
function ocelEvents(list: readonly ExportedOrder[]): unknown[] {
  const plain = list.map((order) => orderCase({ ...order, traces: [], messages: [] }));
  return byName(expected(plain)).map((item) => {
    const { id: _id, ...rest } = item as EventLogEvent;
    return rest;
  });
}
