import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SPAN_KINDS } from '../../model/span-parents.ts';
import { formatRfc3339 } from '../../model/units.ts';
import type { Store } from '../../store/store.ts';
import { openTemporaryStore } from '../../store/testing/temporary-store.ts';
import { toDateTime64 } from '../../store/time.ts';
import type { TracePlace } from './candidates.ts';
import { findTraces, type SearchSizes, type TracePage } from './find-traces.ts';
import { listOperations, listServices } from './operations.ts';
import type { TraceFilter } from './trace-filter.ts';

interface StoredSpan {
  readonly trace: string;
  readonly span: string;
  readonly parent: string;
  readonly start: bigint;
  readonly duration: bigint;
  readonly service: string;
  readonly name: string;
  readonly kind: number;
  readonly failed: boolean;
  readonly attributes: readonly string[];
}

const SECOND = 1_000_000_000n;
const NOW = BigInt(Math.floor(Date.now() / 1000)) * SECOND;
const SERVICES = ['shop', 'crm', 'mes'];
const NAMES = ['GET /', 'price', 'poll'];
/** Resources by service: an attribute of each. */
const RESOURCES = new Map(SERVICES.map((service, index) => [service, { id: index + 1, zone: `zone-${index % 2}` }]));
/** Small ones, so that a hundred traces take many batches and slices. */
const SMALL: SearchSizes = {
  more: 1,
  growth: 2,
  maxBatch: 24,
  nearSlice: 4,
  mostNear: 3,
  slice: 24,
  enough: 0.1,
  sliceGrowth: 2,
  granules: 0,
  shareAtEnd: 0.4,
  moreAtEnd: 2,
  maxUnderWay: 120,
  maxLookedAt: 1_000_000,
};

/** The same numbers at each run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Spans of 120 traces: short ones close together, some with equal starts, and some that last for a good part of all the time. */
function makeSpans(random: (below: number) => number): StoredSpan[] {
  const spans: StoredSpan[] = [];
  for (let number = 1; number <= 120; number += 1) {
    const trace = (number * 7919).toString(16).padStart(32, '0');
    const began = NOW - BigInt(random(60)) * SECOND;
    const spread = random(8) === 0 ? 40_000 : 50;
    const count = 1 + random(5);
    for (let index = 0; index < count; index += 1) {
      const service = SERVICES[random(random(10) === 0 ? 3 : 2)] ?? '';
      spans.push({
        trace,
        span: (number * 16 + index + 1).toString(16).padStart(16, '0'),
        parent: index === 0 ? '0'.repeat(16) : (number * 16 + 1).toString(16).padStart(16, '0'),
        start: began + (index === 0 ? 0n : BigInt(random(spread)) * 1_000_000n),
        duration: BigInt(random(4) === 0 ? random(2_000) : random(5) * 1_000_000),
        service,
        name: NAMES[random(random(12) === 0 ? 3 : 2)] ?? '',
        kind: random(SPAN_KINDS.length),
        failed: random(12) === 0,
        attributes: [`code\t3${random(3)}`, `user\t1u${random(40)}`, ...(random(3) === 0 ? ['code\t11'] : [])],
      });
    }
  }
  return spans;
}

const random = randomNumbers(7);
const SPANS = makeSpans(random);

/** What the whole list should be, by looking at every span. */
function expected(filter: TraceFilter): { traceId: string; start: bigint }[] {
  const valueOf = ({ attributes, service }: StoredSpan, key: string): string[] => [
    ...attributes.filter((text) => text.startsWith(`${key}\t`)).map((text) => text.slice(key.length + 2)),
    ...(key === 'zone' ? [RESOURCES.get(service)?.zone ?? ''] : []),
  ];
  const fits = (span: StoredSpan): boolean =>
    (filter.service === undefined || span.service === filter.service) &&
    (filter.operation === undefined || span.name === filter.operation) &&
    (filter.kind === undefined || SPAN_KINDS[span.kind] === filter.kind) &&
    (filter.minDuration === undefined || span.duration >= filter.minDuration) &&
    (filter.maxDuration === undefined || span.duration <= filter.maxDuration) &&
    (filter.failed !== true || span.failed) &&
    (filter.since === undefined || span.start >= filter.since) &&
    (filter.until === undefined || span.start < filter.until) &&
    filter.attributes.every(({ key, value }) => valueOf(span, key).includes(value));
  return [...Map.groupBy(SPANS, ({ trace }) => trace)]
    .filter(([, spans]) => spans.some(fits))
    .map(([traceId, spans]) => ({ traceId, start: spans.map(({ start }) => start).reduce((a, b) => (a < b ? a : b)) }))
    .sort((a, b) => (a.start === b.start ? (a.traceId > b.traceId ? -1 : 1) : a.start > b.start ? -1 : 1));
}

/** Mostly nothing: filters of many parts find nothing. */
const optional = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: values });
const anyAttribute = fc.constantFrom(
  { key: 'code', value: '1' },
  { key: 'code', value: '2' },
  { key: 'code', value: '7' },
  { key: 'user', value: 'u3' },
  { key: 'zone', value: 'zone-0' },
  { key: 'zone', value: 'zone-1' },
);
const anyTime = fc.constantFrom(...SPANS.slice(0, 40).map(({ start }) => start));
const anyDuration = fc.constantFrom(
  0n,
  1n,
  999n,
  1_000_000n,
  3_000_000n,
  ...SPANS.slice(0, 20).map((span) => span.duration),
);
const anyFilter: fc.Arbitrary<TraceFilter> = fc.record({
  service: optional(fc.constantFrom(...SERVICES, 'nobody')),
  operation: optional(fc.constantFrom(...NAMES)),
  kind: optional(fc.constantFrom(...SPAN_KINDS)),
  minDuration: optional(anyDuration),
  maxDuration: optional(anyDuration),
  failed: optional(fc.boolean()),
  attributes: optional(fc.array(anyAttribute, { minLength: 1, maxLength: 2 })).map((some) => some ?? []),
  since: optional(anyTime),
  until: optional(anyTime),
});

/** Inserts spans as one segment does. */
async function insert({ client }: Store, spans: readonly StoredSpan[]): Promise<void> {
  await client.command('TRUNCATE TABLE raw_spans');
  await client.insertRows(
    'raw_spans',
    spans.map(({ start, duration, failed, ...span }) => ({
      ...span,
      start: toDateTime64(start),
      duration: String(duration),
      status: failed ? 2 : 0,
      resource: RESOURCES.get(span.service)?.id ?? 0,
      observed: toDateTime64(NOW + BigInt(random(5_000)) * 1_000_000n),
    })),
  );
  await client.command(
    `INSERT INTO spans (trace_id, span_id, parent_span_id, start, duration_nano, service, name, kind, status_code, resource_id, attributes, observed_at)
     SELECT unhex(trace), unhex(span), unhex(parent), start, duration, service, name, kind, status, resource,
       arrayMap(text -> replaceOne(text, '\\t', '\\xFF'), attributes), observed FROM raw_spans`,
  );
}

describe('searching traces', () => {
  let store: Store;

  beforeAll(async () => {
    store = await openTemporaryStore();
    const { client } = store;
    await client.command(
      `CREATE TABLE raw_spans (trace String, span String, parent String, start DateTime64(9, 'UTC'), duration Int64, service String,
       name String, kind UInt8, status UInt8, resource UInt64, attributes Array(String), observed DateTime64(3, 'UTC')) ENGINE = Memory`,
    );
    await client.insertRows(
      'resources',
      [...RESOURCES].map(([service, { id, zone }]) => ({
        resource_id: id,
        service,
        attribute_keys: ['service.name', 'zone'],
        attribute_types: [1, 1],
        attribute_values: [service, zone],
        schema_url: '',
      })),
    );
    // A trace comes in pieces, in any order, and some of it twice.
    const segments: StoredSpan[][] = Array.from({ length: 6 }, () => []);
    for (const span of SPANS) {
      segments[random(6)]?.push(span);
      if (random(6) === 0) segments[random(6)]?.push(span);
    }
    for (const segment of segments) await insert(store, segment);
    await client.insertRows('order_traces', [
      { order_id: 'A-1', alias: '', trace_id: 'one'.padEnd(16, '.'), observed_at: toDateTime64(NOW) },
    ]);
  });

  afterAll(async () => {
    await store?.close();
  });

  /** Every page of a list; fails where one is too long. */
  async function allPages(filter: TraceFilter, limit: number, sizes?: SearchSizes): Promise<TracePage['traces']> {
    const all: TracePage['traces'][number][] = [];
    let after: TracePlace | undefined;
    do {
      const page = await findTraces(store.client, filter, { limit, after }, sizes);
      expect(page.traces.length).toBeLessThanOrEqual(limit);
      all.push(...page.traces);
      after = page.next;
    } while (after !== undefined);
    return all;
  }

  it('finds what a look at every span finds, newest first and each trace once, on pages of any length', async () => {
    await fc.assert(
      fc.asyncProperty(anyFilter, fc.constantFrom(7, 30, 100), async (filter, limit) => {
        const found = await allPages(filter, limit, SMALL);
        expect(found.map(({ traceId }) => traceId)).toEqual(expected(filter).map(({ traceId }) => traceId));
      }),
      { numRuns: 40, seed: 1 },
    );
  }, 240_000);

  it('says where to go on when a page needs too many looks', async () => {
    const filter: TraceFilter = {
      attributes: [],
      kind: 'client',
      since: NOW - 30n * SECOND,
      until: NOW - 20n * SECOND,
    };
    const found = await allPages(filter, 5, { ...SMALL, maxLookedAt: 1 });
    expect(found.map(({ traceId }) => traceId)).toEqual(expected(filter).map(({ traceId }) => traceId));
  });

  it('says where more traces were under way at the end of a page than it looks at again', async () => {
    const filter: TraceFilter = { attributes: [], service: 'crm' };
    const sizes = { ...SMALL, maxUnderWay: 0 };
    const pages: TracePage[] = [];
    let after: TracePlace | undefined;
    do {
      const page = await findTraces(store.client, filter, { limit: 5, after }, sizes);
      pages.push(page);
      after = page.next;
    } while (after !== undefined);
    expect(pages[0]?.truncated).toBe(false);
    expect(pages.some(({ truncated }) => truncated)).toBe(true);
    const found = pages.flatMap(({ traces }) => traces.map(({ traceId }) => traceId));
    const all = expected(filter).map(({ traceId }) => traceId);
    expect(all).toEqual(expect.arrayContaining(found));
    const whole = await findTraces(store.client, filter, { limit: 5, after: pages[0]?.next }, SMALL);
    expect(whole.truncated).toBe(false);
  });

  it('sums up each trace whole, whatever part of it fits', async () => {
    const filter: TraceFilter = { attributes: [], service: 'mes' };
    const found = await allPages(filter, 100);
    expect(found.length).toBeGreaterThan(3);
    for (const trace of found) {
      const own = SPANS.filter((span) => span.trace === trace.traceId);
      const root = own.find(({ parent }) => parent === '0'.repeat(16));
      const [start = 0n] = own.map((span) => span.start).sort((a, b) => (a < b ? -1 : 1));
      const end = own.map((span) => span.start + span.duration).reduce((a, b) => (a > b ? a : b));
      expect(trace).toEqual({
        traceId: trace.traceId,
        rootService: root?.service,
        rootName: root?.name,
        startedAt: formatRfc3339(start),
        durationMs: Number(end - start) / 1e6,
        spanCount: own.length,
        errorCount: own.filter(({ failed }) => failed).length,
        services: [...new Set(own.map(({ service }) => service))].sort(),
        orders: [],
      });
    }
  });

  it('names the orders that a trace worked for', async () => {
    const trace = Buffer.from('one'.padEnd(16, '.')).toString('hex');
    const [like] = SPANS;
    if (like === undefined) throw new Error('there is no span');
    await insert(store, [{ ...like, trace, service: 'ordering' }]);
    const { traces } = await findTraces(store.client, { attributes: [], service: 'ordering' }, { limit: 20 });
    expect(traces.map(({ traceId, orders }) => [traceId, orders])).toEqual([[trace, ['A-1']]]);
  });

  it('lists services, and operations of a service with their kinds', async () => {
    expect((await listServices(store.client)).services).toEqual(expect.arrayContaining(SERVICES));
    const { operations } = await listOperations(store.client, 'shop');
    const ofShop = SPANS.filter(({ service }) => service === 'shop');
    expect(operations.map(({ name }) => name)).toEqual([...new Set(ofShop.map(({ name }) => name))].sort());
    const price = operations.find(({ name }) => name === 'price')?.kinds;
    const kinds = ofShop.filter(({ name }) => name === 'price').map(({ kind }) => kind);
    expect(price).toEqual([...new Set(kinds)].sort((a, b) => a - b).map((kind) => SPAN_KINDS[kind]));
    expect(await listOperations(store.client, 'nobody')).toEqual({ operations: [], truncated: false });
  });

  it('fills its index once, also where a crash came between the spans and their index', async () => {
    const row = { service: 'crashed', name: 'n', start: toDateTime64(NOW), observed_at: toDateTime64(NOW) };
    const load = (): Promise<void> => store.client.insertRows('spans', [row], { token: 'crashed' });
    const count = async (): Promise<unknown[]> =>
      store.client.query(
        `SELECT (SELECT count() FROM spans WHERE service = 'crashed') AS spans,
           (SELECT count() FROM trace_index WHERE trace_id = toFixedString('', 16)) AS indexed`,
      );
    await store.client.command('DETACH TABLE trace_index_of_spans');
    await load();
    expect(await count()).toEqual([{ spans: '1', indexed: '0' }]);
    await store.client.command('ATTACH TABLE trace_index_of_spans');
    for (let round = 0; round < 2; round += 1) {
      await load();
      expect(await count()).toEqual([{ spans: '1', indexed: '1' }]);
    }
  });
});
