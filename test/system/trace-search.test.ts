import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { errorBody, operations, services, type Traces, traces } from '../../src/api/contract/index.ts';
import { endEverything, temporaryDirectory, Waybill } from './harness.ts';
import { sendSpans, type TestSpan } from './otlp-sender.ts';

const NOW = BigInt(Date.now()) * 1_000_000n;
const SECOND = 1_000_000_000n;

/** A trace of the shop that calls the MES; number 0 is the newest. */
function traceOf(number: number): TestSpan[] {
  const traceId = (number + 1).toString(16).padStart(32, '0');
  const startedAt = NOW - BigInt(number * 60) * SECOND;
  const root = 'a'.repeat(16);
  return [
    {
      traceId,
      spanId: root,
      service: 'shop',
      name: 'submit',
      startedAt,
      attributes: { 'order.id': `O-${number % 3}` },
    },
    {
      traceId,
      spanId: 'b'.repeat(16),
      parentSpanId: root,
      service: 'mes',
      name: number % 2 === 0 ? 'price' : 'poll',
      startedAt: startedAt + SECOND,
      attributes: { 'model.id': `M-${number}` },
    },
  ];
}

let waybill: Waybill;

async function search(parameters: string): Promise<Traces> {
  const response = await waybill.api.fetch(`/api/traces${parameters}`);
  return traces.parse(await response.json());
}

const idsOf = (found: Traces): number[] => found.traces.map(({ traceId }) => Number.parseInt(traceId, 16) - 1);

beforeAll(async () => {
  waybill = await Waybill.start({ dataDir: await temporaryDirectory() });
  for (const number of [3, 90, 0, 4, 1, 2]) await sendSpans(waybill.otlpHttp, traceOf(number));
  const untilAllAreThere = async (): Promise<void> => {
    if ((await search('?since=2020-01-01T00:00:00Z')).traces.length < 6)
      throw new Error('not all traces are there yet');
  };
  await vi.waitFor(untilAllAreThere, { timeout: 30_000, interval: 200 });
});
afterAll(endEverything);

describe('GET /api/traces', () => {
  it('lists the traces of the last hour, newest first, with their orders', async () => {
    const found = await search('');
    expect(idsOf(found)).toEqual([0, 1, 2, 3, 4]);
    expect(found.nextCursor).toBeNull();
    expect(found.traces[1]).toMatchObject({
      rootService: 'shop',
      rootName: 'submit',
      spanCount: 2,
      errorCount: 0,
      services: ['mes', 'shop'],
      orders: ['O-1'],
    });
  });

  it('goes on where a page ended', async () => {
    const first = await search('?limit=3&since=2020-01-01T00:00:00Z');
    const second = await search(`?limit=3&since=2020-01-01T00:00:00Z&cursor=${first.nextCursor ?? ''}`);
    expect([idsOf(first), idsOf(second), second.nextCursor]).toEqual([[0, 1, 2], [3, 4, 90], null]);
  });

  it('wants one span to fit everything', async () => {
    expect(idsOf(await search('?service=mes&operation=price'))).toEqual([0, 2, 4]);
    expect(idsOf(await search('?service=shop&operation=price'))).toEqual([]);
    expect(idsOf(await search('?attribute=model.id%3DM-3'))).toEqual([3]);
    expect(idsOf(await search('?service=shop&attribute=model.id%3DM-3'))).toEqual([]);
    expect(idsOf(await search('?attribute=model.id%3DM-3&attribute=service.name%3Dmes'))).toEqual([3]);
    expect(idsOf(await search('?attribute=service.name%3Dmes&error=true'))).toEqual([]);
    expect(idsOf(await search('?minDuration=1h'))).toEqual([]);
  });

  it.each([
    ['minDuration=5', 'minDuration'],
    ['minDuration=2s&maxDuration=1s', 'maxDuration'],
    ['attribute=order.id', 'attribute'],
    ['since=yesterday', 'since'],
    ['since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z', 'until'],
    ['cursor=bm9uZQ', 'cursor'],
    ['kind=sideways', 'kind'],
    ['limit=1000', 'limit'],
  ])('refuses %s and names it', async (parameters, named) => {
    const response = await waybill.api.fetch(`/api/traces?${parameters}`);
    expect(response.status).toBe(400);
    const { error } = errorBody.parse(await response.json());
    expect(error).toMatchObject({ code: 'bad_request', retryable: false });
    expect(error.message).toContain(named);
  });
});

describe('GET /api/services and /api/operations', () => {
  it('list what there is to search for', async () => {
    const known = services.parse(await (await waybill.api.fetch('/api/services')).json());
    expect(known).toEqual({ services: ['mes', 'shop'], truncated: false });
    const found = operations.parse(await (await waybill.api.fetch('/api/operations?service=mes')).json());
    expect(found.operations.map(({ name }) => name)).toEqual(['poll', 'price']);
    expect((await waybill.api.fetch('/api/operations')).status).toBe(400);
  });
});
