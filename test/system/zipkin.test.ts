import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Trace } from '../../src/api/contract/index.ts';
import { findParents } from '../../src/model/span-parents.ts';
import { type ZipkinTestSpan, zipkinJson, zipkinProtobuf } from '../../src/wire/zipkin/testing/zipkin-proto.ts';
import { endEverything, temporaryDirectory, Waybill } from './harness.ts';

const LATE = { timeout: 30_000, interval: 200 };
/** Microseconds. */
const BEGIN = 1_795_000_000_000_000;

let waybill: Waybill;
beforeAll(async () => {
  waybill = await Waybill.start({ dataDir: await temporaryDirectory() });
});
afterAll(endEverything);

/**
 * What Brave reports of an order that is placed: the shop asks the MES for a price, and both report the call under one id. The MES is
 * a millisecond ahead of the shop's clock, so its half of the call starts before the shop's.
 */
function placedOrder(traceId: string, orderId: string): { shop: ZipkinTestSpan[]; mes: ZipkinTestSpan[] } {
  const shop = { localEndpoint: { serviceName: 'shop-api', ipv4: '10.0.0.1' } };
  const mes = { localEndpoint: { serviceName: 'mes-api', ipv4: '10.0.0.2' } };
  const [root, call] = ['86154a4ba6e91385', '4d1e00c0db9010db'];
  return {
    shop: [
      {
        ...shop,
        traceId,
        id: root,
        kind: 'SERVER',
        name: 'http post /orders/{id}/submit',
        timestamp: BEGIN,
        duration: 207_000,
        tags: { 'order.id': orderId, 'order.status': 'SUBMITTED', method: 'POST', status: '500' },
        remoteEndpoint: { ipv4: '127.0.0.1', port: 63_931 },
      },
      {
        ...shop,
        traceId,
        parentId: root,
        id: call,
        kind: 'CLIENT',
        name: 'http post',
        timestamp: BEGIN + 10_000,
        duration: 150_000,
        tags: { error: '503' },
        annotations: [{ timestamp: BEGIN + 11_000, value: 'request sent' }],
        remoteEndpoint: { serviceName: 'mes-api', ipv4: '10.0.0.2', port: 9000 },
      },
    ],
    mes: [
      {
        ...mes,
        traceId,
        parentId: root,
        id: call,
        kind: 'SERVER',
        name: 'http post /prices',
        timestamp: BEGIN + 9000,
        duration: 148_000,
        tags: { error: 'Connect timed out' },
        shared: true,
      },
      {
        ...mes,
        traceId,
        parentId: call,
        id: 'a6e91385db9010db',
        name: 'calculate price',
        timestamp: BEGIN + 12_000,
        duration: 140_000,
      },
    ],
  };
}

function post(body: Uint8Array, headers: Record<string, string>, path = '/api/v2/spans'): Promise<Response> {
  return fetch(`${waybill.otlpHttp}${path}`, { method: 'POST', body: Uint8Array.from(body), headers });
}

/** `service name` of every span with that of its parent. */
function tree({ spans }: Trace): Record<string, string | null> {
  const name = ({ service, kind }: Trace['spans'][number]): string => `${service} ${kind}`;
  const parents = findParents(spans);
  return Object.fromEntries(
    spans.map((span, index) => {
      const parent = spans[parents[index] ?? -1];
      return [name(span), parent === undefined ? null : name(parent)];
    }),
  );
}

it('shows what Brave sends as one trace of its order, the shared half below the caller', async () => {
  const { shop, mes } = placedOrder('5af7183fb1d4cf5f', 'ZIP-1');
  expect((await post(zipkinJson(mes), { 'content-type': 'application/json' })).status).toBe(202);
  const gzip = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' };
  // Twice: senders repeat what was not answered in time.
  for (let times = 0; times < 2; times += 1) {
    const response = await post(gzipSync(zipkinProtobuf(shop)), gzip);
    expect([response.status, await response.text()]).toEqual([202, '']);
  }
  const traceId = '5af7183fb1d4cf5f'.padStart(32, '0');
  await expect.poll(async () => (await waybill.api.trace(traceId))?.spanCount, LATE).toBe(4);
  const trace = await waybill.api.trace(traceId);
  if (trace === undefined) throw new Error('the trace has gone');
  expect(tree(trace)).toEqual({
    'shop-api server': null,
    'shop-api client': 'shop-api server',
    'mes-api server': 'shop-api client',
    'mes-api internal': 'mes-api server',
  });
  expect(trace).toMatchObject({ rootService: 'shop-api', orders: ['ZIP-1'], services: ['mes-api', 'shop-api'] });
  expect(trace.spans.map(({ orderId }) => orderId)).toEqual(['ZIP-1', 'ZIP-1', 'ZIP-1', 'ZIP-1']);
  const called = trace.spans.find(({ service, kind }) => service === 'mes-api' && kind === 'server');
  expect(called).toMatchObject({ status: { code: 'error', message: 'Connect timed out' }, durationMs: 148 });
  expect(called?.attributes).toContainEqual({ key: 'zipkin.shared', type: 'bool', value: 'true' });
  const call = trace.spans.find(({ kind }) => kind === 'client');
  expect(call?.events).toMatchObject([{ name: 'request sent', at: '2026-11-18T11:06:40.011Z' }]);
  expect(call?.attributes).toContainEqual({ key: 'peer.service', type: 'string', value: 'mes-api' });
});

it('gives the order its status, and one failure: where the call broke', async () => {
  await expect.poll(async () => (await waybill.api.order('ZIP-1'))?.status, LATE).toBe('SUBMITTED');
  const failures = async () =>
    (await waybill.api.order('ZIP-1'))?.failures.map(({ service, class: kind }) => [service, kind]);
  await expect.poll(failures, LATE).toEqual([['mes-api', 'timeout']]);
});

it('counts what it refuses, and answers in words', async () => {
  const refused = await post(Buffer.from('[{"traceId":"0","id":"1"}]'), { 'content-type': 'application/json' });
  expect([refused.status, await refused.text()]).toEqual([400, '1 spans rejected: invalid_trace_id 1\n']);
  const v1 = await post(Buffer.from('[]'), { 'content-type': 'application/json' }, '/api/v1/spans');
  expect([v1.status, await v1.text()]).toEqual([404, expect.stringContaining('/api/v2/spans')]);
  const { ingest, drops } = await waybill.api.system();
  expect(ingest).toMatchObject({ spansAccepted: 6, spansRefused: 1, requestsRefused: 1 });
  expect(drops).toEqual(
    expect.arrayContaining([
      { what: 'span_rejected.invalid_trace_id', count: 1 },
      { what: 'request_refused.not_found', count: 1 },
    ]),
  );
});
