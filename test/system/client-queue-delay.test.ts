import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Queues, queues } from '../../src/api/contract/index.ts';
import { endEverything, temporaryDirectory, Waybill } from './harness.ts';

const TRACE = 'c0ffee00000000000000000000000002';
/** A minute ago. */
const BEGAN = Date.now() - 60_000;
const RECEIVED_MS = [30, 50, 250];

let waybill: Waybill;

/** A span as the instrumentation of a client reports it; times in milliseconds since the first. */
function span(spanId: string, kind: number, name: string, more: { at: number; end: number; parent?: string }): object {
  const time = (ms: number): string => String(BigInt(BEGAN + ms) * 1_000_000n);
  const attributes = { 'messaging.system': 'rabbitmq', 'messaging.destination': 'orders' };
  return {
    traceId: TRACE,
    spanId,
    ...(more.parent === undefined ? {} : { parentSpanId: more.parent }),
    name,
    kind,
    startTimeUnixNano: time(more.at),
    endTimeUnixNano: time(more.end),
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: value } })),
  };
}

async function send(service: string, spans: readonly object[]): Promise<void> {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] };
  const answer = await fetch(`${waybill.otlpHttp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
  });
  expect(answer.status).toBe(200);
}

async function billing(): Promise<Queues['queues'][number] | undefined> {
  const answer = queues.parse(await (await waybill.api.fetch('/api/queues')).json());
  return answer.queues.find(({ queue }) => queue === 'billing');
}

describe('queue delay without a tracer', () => {
  beforeAll(async () => {
    waybill = await Waybill.start({ dataDir: await temporaryDirectory() });
  });
  afterAll(endEverything);

  it('comes from the spans that the services themselves report, in whatever order these come', async () => {
    const ids = RECEIVED_MS.map((_, index) => `aaaaaaaaaaaaaaa${index}`);
    const received = RECEIVED_MS.map((ms, index) =>
      span(`bbbbbbbbbbbbbbb${index}`, 5, 'billing process', { at: ms, end: ms + 5, parent: ids[index] ?? '' }),
    );
    const sent = ids.map((id) => span(id, 4, 'publish orders', { at: 0, end: 10 }));
    await send('billing', received);
    await send('shop', sent);
    await send('billing', received);
    let found: Queues['queues'][number] | undefined;
    for (const end = Date.now() + 60_000; found === undefined && Date.now() < end; ) {
      found = await billing();
      if (found === undefined) await sleep(200);
    }
    const { delay, depth, vhost, coverage } = found ?? {};
    expect(delay).toMatchObject({ count: 3, p50Ms: 40, source: 'client_spans', uncertaintyMs: 10, anomalies: 0 });
    expect({ depth, vhost, coverage }).toEqual({
      depth: null,
      vhost: '',
      coverage: { share: null, seen: null, counted: null, paired: null },
    });
  });
});
