import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeyValueTable } from '../../src/model/key-value-table.ts';
import { msToNano } from '../../src/model/units.ts';
import { Binder } from '../../src/pipeline/bind/binder.ts';
import { bindConfig } from '../../src/pipeline/bind/config.ts';
import type { InFlight } from '../../src/pipeline/in-flight.ts';
import { encodeRecord } from '../../src/pipeline/journal/encode-record.ts';
import { readSegment } from '../../src/pipeline/journal/record.ts';
import { Resources } from '../../src/query/resources.ts';
import { findTrace } from '../../src/query/trace.ts';
import { storeConfigSchema } from '../../src/store/config.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { decodeTraceJson } from '../../src/wire/otlp/decode-trace-json.ts';

const TRACE = 'ab'.repeat(16);
const NOW = Date.now();
const SPANS = 300;

/** What may stand in a key or a value: the packed columns must tell all of it from what they put between. */
const text = fc.string({ unit: 'binary', maxLength: 12 });
const keyValue = fc.oneof(
  fc.record({ key: text, type: fc.constant('string'), value: text }),
  fc.record({ key: text, type: fc.constant('bool'), value: fc.constantFrom('true', 'false') }),
  fc.record({ key: text, type: fc.constant('int'), value: fc.integer().map(String) }),
);
const keyValues = fc.uniqueArray(keyValue, { maxLength: 4, selector: ({ key }) => key });
const id = (bytes: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((raw) => Buffer.from(raw).toString('hex'))
    .filter((hex) => /[1-9a-f]/.test(hex));
const span = fc.record({
  attributes: keyValues,
  scope: fc.record({ name: text, version: text, attributes: keyValues }),
  events: fc.array(fc.record({ nano: fc.integer({ min: 0, max: 999_999_999 }), name: text, attributes: keyValues }), {
    maxLength: 3,
  }),
  links: fc.array(
    fc.record({ traceId: id(16), spanId: id(8), traceState: fc.constantFrom('', 'a=b'), attributes: keyValues }),
    { maxLength: 3 },
  ),
});
type Attributes = readonly { readonly key: string; readonly type: string; readonly value: string }[];

function sent(attributes: Attributes): object[] {
  return attributes.map(({ key, type, value }) => ({
    key,
    value:
      type === 'string'
        ? { stringValue: value }
        : type === 'bool'
          ? { boolValue: value === 'true' }
          : { intValue: value },
  }));
}

const eventTime = (nano: number): bigint => msToNano(NOW) + BigInt(nano);

describe('spans in the store', () => {
  let directory = '';
  let store: Store;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'waybill-stored-spans-'));
    store = await openStore(storeConfigSchema.parse({}), { dataDir: directory, log: () => undefined });
  });

  afterAll(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('come back as they were sent: attributes, scope, events and links, whatever their texts hold', async () => {
    const spans = fc.sample(span, { numRuns: SPANS, seed: 4 });
    const request = {
      resourceSpans: spans.map(({ scope, attributes, events, links }, index) => ({
        resource: { attributes: sent([{ key: 'service.name', type: 'string', value: 'shop' }]) },
        scopeSpans: [
          {
            scope: { ...scope, attributes: sent(scope.attributes) },
            spans: [
              {
                traceId: TRACE,
                spanId: (index + 1).toString(16).padStart(16, '0'),
                name: 'work',
                startTimeUnixNano: String(msToNano(NOW) + BigInt(index)),
                endTimeUnixNano: String(msToNano(NOW) + BigInt(index)),
                attributes: sent(attributes),
                events: events.map(({ nano, name, attributes: own }) => ({
                  timeUnixNano: String(eventTime(nano)),
                  name,
                  attributes: sent(own),
                })),
                links: links.map(({ attributes: own, ...link }) => ({ ...link, attributes: sent(own) })),
              },
            ],
          },
        ],
      })),
    };
    const batch: InFlight = {
      observedAt: msToNano(NOW),
      spans: decodeTraceJson(Buffer.from(JSON.stringify(request)), new KeyValueTable()),
      messages: undefined,
      facts: [],
      attributes: [],
      binding: undefined,
    };
    new Binder(bindConfig.parse({})).bind(batch);
    for (const { table, blocks } of readSegment(Buffer.from(encodeRecord(batch).bytes), 1).tables) {
      await store.client.insertBlocks(table, blocks);
    }

    const found = await findTrace(store.client, new Resources(store.client), TRACE);
    const back = found?.spans.map(({ attributes, scope, events, links }) => ({
      attributes,
      scope,
      events: events.map(({ name, attributes: own }) => ({ name, attributes: own })),
      links: links.map(({ traceId, spanId, attributes: own }) => ({ traceId, spanId, attributes: own })),
    }));
    expect(back).toEqual(
      spans.map(({ attributes, scope, events, links }) => ({
        attributes,
        scope: { name: scope.name, version: scope.version },
        events: events.map(({ name, attributes: own }) => ({ name, attributes: own })),
        links: links.map(({ traceId, spanId, attributes: own }) => ({ traceId, spanId, attributes: own })),
      })),
    );

    const more = await store.client.query<{ scope: string[]; times: string[]; states: string[] }>(
      `SELECT arrayMap(a -> splitByChar('\\xFF', a)[1], scope_attributes) AS scope, link_trace_states AS states,
         arrayMap(at -> toString(toUnixTimestamp64Nano(at)), event_times) AS times FROM spans ORDER BY start`,
    );
    expect(more).toEqual(
      spans.map(({ scope, events, links }) => ({
        scope: scope.attributes.map(({ key }) => key),
        times: events.map(({ nano }) => String(eventTime(nano))),
        states: links.map(({ traceState }) => traceState),
      })),
    );
  });
});
