import { describe, expect, it } from 'vitest';
import { KeyValueTable } from '../../model/key-value-table.ts';
import { KIND_CONSUMER, KIND_PRODUCER } from '../../model/synthetic-span.ts';
import { decodeTraceJson } from '../../wire/otlp/decode-trace-json.ts';
import { ClientMessages } from './client-messages.ts';

const TRACE = 'a'.repeat(32);
const OTHER_TRACE = 'b'.repeat(32);
const SENT = '1'.repeat(16);
const RECEIVED = '2'.repeat(16);

function span(kind: number, attributes: Readonly<Record<string, string>>, more: object = {}): object {
  return {
    traceId: TRACE,
    spanId: SENT,
    name: 'billing process',
    kind,
    startTimeUnixNano: '1700000000000000005',
    endTimeUnixNano: '1700000000000000012',
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: value } })),
    ...more,
  };
}

function read(...spans: object[]) {
  const body = { resourceSpans: [{ scopeSpans: [{ spans }] }] };
  const decoded = decodeTraceJson(Buffer.from(JSON.stringify(body)), new KeyValueTable());
  const found = new ClientMessages().read(decoded);
  if (found === undefined) return [];
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return Array.from({ length: found.length }, (_, row) => ({
    trace: hex(found.traceIds.bytes.subarray(row * 16, row * 16 + 16)),
    span: hex(found.spanIds.bytes.subarray(row * 8, row * 8 + 8)),
    queue: found.strings.text(found.queueIds.at(row)),
    nanos: found.starts.at(row * 2) + found.starts.at(row * 2 + 1) * 2 ** 32 - 1_700_000_000_000_000_000,
    duration: found.durations.at(row * 2),
  }));
}

const rabbitmq = { 'messaging.system': 'rabbitmq' };

describe('ClientMessages', () => {
  it('names a message by the span that sent it, on both sides', () => {
    const found = read(
      span(KIND_PRODUCER, rabbitmq),
      span(KIND_CONSUMER, rabbitmq, { spanId: RECEIVED, parentSpanId: SENT }),
    );
    expect(found.map(({ trace, span: id, queue, duration }) => ({ trace, id, queue, duration }))).toEqual([
      { trace: TRACE, id: SENT, queue: '', duration: 7 },
      { trace: TRACE, id: SENT, queue: 'billing', duration: 7 },
    ]);
    expect(found[0]?.nanos).toBe(found[1]?.nanos);
  });

  it('follows links into other traces, one for each message of a batch', () => {
    const links = [
      { traceId: OTHER_TRACE, spanId: '3'.repeat(16) },
      { traceId: OTHER_TRACE, spanId: '4'.repeat(16) },
    ];
    expect(read(span(KIND_CONSUMER, rabbitmq, { links })).map(({ trace, span: id }) => ({ trace, id }))).toEqual([
      { trace: OTHER_TRACE, id: '3'.repeat(16) },
      { trace: OTHER_TRACE, id: '4'.repeat(16) },
    ]);
  });

  it("knows Spring's spans, which name no system", () => {
    expect(read(span(KIND_PRODUCER, { 'spring.rabbit.template.name': 'rabbitTemplate' }))).toHaveLength(1);
  });

  it('leaves out other systems, other kinds of spans, and spans whose queue is not known', () => {
    const exchange = { ...rabbitmq, 'messaging.destination.name': 'orders', 'messaging.rabbitmq.routing_key': 'paid' };
    expect(
      read(
        span(KIND_PRODUCER, { 'messaging.system': 'kafka' }),
        span(KIND_PRODUCER, {}),
        span(3, rabbitmq),
        span(KIND_CONSUMER, exchange, { name: 'deliver', parentSpanId: SENT }),
        span(KIND_CONSUMER, rabbitmq),
      ),
    ).toEqual([]);
  });
});
