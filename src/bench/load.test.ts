import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeMessage } from '../wire/otlp/testing/trace-proto.ts';
import { RunIds } from './ids.ts';
import { ledgerOf } from './ledger.ts';
import { FATE, Load, type LoadOptions } from './load.ts';
import { PLAN_SPANS } from './plan.ts';

const options: LoadOptions = {
  target: 'http://127.0.0.1:1',
  protocol: 'http',
  encoding: 'protobuf',
  gzip: false,
  spanBytes: 429,
  cardinality: 'medium',
  batch: PLAN_SPANS,
  connections: 4,
  headers: {},
  seed: 42,
};

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly values: readonly string[];
}

interface ProtobufSpan {
  readonly traceId: Buffer;
  readonly spanId: Buffer;
  readonly parentSpanId?: Buffer;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
}

/** The spans of a request, read by a decoder that knows nothing of the templates. */
function spansOf(body: Uint8Array, encoding: 'protobuf' | 'json'): SentSpan[] {
  const request = (
    encoding === 'protobuf'
      ? decodeMessage('ExportTraceServiceRequest', body)
      : JSON.parse(Buffer.from(body).toString())
  ) as { resourceSpans: { scopeSpans: { spans: ProtobufSpan[] }[] }[] };
  const text = (id: Buffer | string): string => (typeof id === 'string' ? id : id.toString('hex'));
  return request.resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: text(span.traceId),
        spanId: text(span.spanId),
        ...(span.parentSpanId === undefined || span.parentSpanId.length === 0
          ? {}
          : { parentSpanId: text(span.parentSpanId) }),
        start: BigInt(span.startTimeUnixNano),
        end: BigInt(span.endTimeUnixNano),
        values: span.attributes.flatMap(({ key, value }) =>
          key === 'app.request.id' ? [value.stringValue ?? ''] : [],
        ),
      })),
    ),
  );
}

describe('requests', () => {
  it.each([264, 429, 1700])('have spans of %d bytes on average', (spanBytes) => {
    const body = new Load({ ...options, spanBytes }).sample();
    expect(Math.abs(body.length / PLAN_SPANS - spanBytes)).toBeLessThan(spanBytes * 0.01);
  });

  it.each(['protobuf', 'json'] as const)(
    'hold whole traces with times that nest and parents that are there (%s)',
    (encoding) => {
      const spans = spansOf(new Load({ ...options, encoding }).sample(), encoding);
      const byId = new Map(spans.map((span) => [span.spanId, span]));
      expect(byId.size).toBe(PLAN_SPANS);
      const now = BigInt(Date.now()) * 1_000_000n;
      for (const span of spans) {
        expect(span.start).toBeLessThan(span.end);
        expect(span.end).toBeLessThanOrEqual(now);
        expect(now - span.start).toBeLessThan(60_000_000_000n);
        if (span.parentSpanId === undefined) continue;
        const parent = byId.get(span.parentSpanId);
        expect(parent).toMatchObject({ traceId: span.traceId });
        expect((parent?.start ?? 0n) <= span.start && span.end <= (parent?.end ?? 0n)).toBe(true);
      }
    },
  );

  it('are the same in both encodings', () => {
    const ids = (encoding: 'protobuf' | 'json') =>
      spansOf(new Load({ ...options, encoding }).sample(), encoding).map(
        ({ traceId, spanId, parentSpanId, values }) => ({
          traceId,
          spanId,
          parentSpanId,
          values,
        }),
      );
    expect(ids('json')).toEqual(ids('protobuf'));
  });

  it.each([
    ['low', 16],
    ['high', PLAN_SPANS],
  ] as const)('carry as many values as their cardinality says (%s)', (cardinality, most) => {
    const values = spansOf(new Load({ ...options, cardinality }).sample(), 'protobuf').flatMap((span) => span.values);
    expect(values.length).toBe(PLAN_SPANS);
    const distinct = new Set(values).size;
    if (cardinality === 'high') expect(distinct).toBe(most);
    else expect(distinct).toBeLessThanOrEqual(most);
  });
});

describe('Load', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  /** A receiver that answers what `answer` says and keeps what it got. */
  async function receiver(answer: (index: number) => number): Promise<{ target: string; bodies: Buffer[] }> {
    const bodies: Buffer[] = [];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.statusCode = answer(bodies.push(Buffer.concat(chunks)) - 1);
        response.end();
      });
    });
    await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
    return { target: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
  }

  it.each([1, 8, 64, 512, 1024])(
    'never sends a span twice, and every span that the ledger counts (%d a request)',
    async (batch) => {
      const { target, bodies } = await receiver(() => 200);
      const load = new Load({ ...options, target, batch });
      const results = [
        await load.run({ rate: batch * 100, seconds: 0.3 }),
        await load.run({ rate: batch * 100, seconds: 0.3 }),
      ];
      load.close();
      const ids = new RunIds(options.seed);
      const sent = bodies.flatMap((body) => spansOf(body, 'protobuf'));
      const numbers = sent.map(({ spanId }) => ids.spanOf(spanId));
      expect(new Set(numbers).size).toBe(numbers.length);
      expect(ledgerOf(results, batch)).toMatchObject({ offered: sent.length, acknowledged: sent.length });
      expect(Math.max(...numbers.map((number) => number ?? Number.POSITIVE_INFINITY))).toBe(sent.length - 1);
    },
  );

  it('counts what is refused for now, refused for good, and not answered', async () => {
    const { target } = await receiver((index) => [200, 429, 400][index % 3] ?? 200);
    const load = new Load({ ...options, target, batch: 8, connections: 1 });
    const result = await load.run({ rate: 8 * 30, seconds: 1 });
    load.close();
    expect(ledgerOf([result], 8)).toEqual({
      offered: 240,
      acknowledged: 80,
      rejectedRetryable: 80,
      rejectedForGood: 80,
      failed: 0,
      unsent: 0,
    });
    expect(result.answers).toEqual({ 'HTTP 429': 10, 'HTTP 400': 10 });

    const nobody = new Load({ ...options, batch: 8 });
    const failed = await nobody.run({ rate: 8 * 10, seconds: 0.5 });
    nobody.close();
    expect([...failed.fates]).toEqual(Array.from({ length: 5 }, () => FATE.failed));
  });
});
