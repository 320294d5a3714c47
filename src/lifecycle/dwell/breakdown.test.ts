import { describe, expect, it } from 'vitest';
import type { SpanKind } from '../../model/span-parents.ts';
import type { WorkSpan } from '../../model/work-span.ts';
import { type Breakdown, breakDown, placeWork } from './breakdown.ts';
import type { Interval } from './intervals.ts';

/** A span of the trace `t`; its name is its id. */
function span(
  name: string,
  service: string,
  kind: SpanKind,
  [start, end]: [number, number],
  more: Partial<WorkSpan> & { parent?: string } = {},
): WorkSpan {
  const { parent = null, ...rest } = more;
  return {
    traceId: 't',
    spanId: name,
    parentSpanId: parent,
    service,
    kind,
    start: BigInt(start),
    end: BigInt(end),
    messaging: null,
    peer: '',
    links: [],
    ...rest,
  };
}

const visit = (from: number, to: number): Interval => ({ from: BigInt(from), to: BigInt(to) });

function readable({ services, externals, queue, external, idle, ...rest }: Breakdown) {
  const record = (times: Breakdown['services']) =>
    Object.fromEntries(times.map(({ name, time }) => [name, Number(time)]));
  return {
    services: record(services),
    externals: record(externals),
    queue: Number(queue),
    external: Number(external),
    idle: Number(idle),
    ...rest,
  };
}

function broken(spans: readonly WorkSpan[], [from, to]: [number, number], waits: readonly Interval[] = []) {
  return readable(breakDown(placeWork(spans, waits), visit(from, to)));
}

const NOTHING = { services: {}, externals: {}, queue: 0, external: 0, spans: 0, anomalies: 0 };

describe('what a dwell consists of', () => {
  it('is idle time where no span is', () => {
    expect(broken([], [0, 1000])).toEqual({ ...NOTHING, idle: 1000 });
  });

  it('gives the time of an answered call to whoever answers it, with the way there and back', () => {
    const spans = [
      span('request', 'shop', 'server', [0, 100]),
      span('call', 'shop', 'client', [20, 80], { parent: 'request' }),
      span('answer', 'mes', 'server', [25, 75], { parent: 'call' }),
    ];
    expect(broken(spans, [0, 1000])).toEqual({ ...NOTHING, services: { mes: 60, shop: 40 }, idle: 900, spans: 3 });
  });

  it('calls a call external that nobody is seen to answer, by the name that the caller gives', () => {
    const spans = [
      span('work', 'mes', 'internal', [0, 100]),
      span('select', 'mes', 'client', [10, 40], { parent: 'work', peer: 'postgresql' }),
      span('pay', 'mes', 'client', [30, 60], { parent: 'work', peer: 'bank.example' }),
      span('nameless', 'mes', 'client', [90, 95], { parent: 'work' }),
    ];
    expect(broken(spans, [0, 100])).toEqual({
      ...NOTHING,
      services: { mes: 45 },
      external: 55,
      externals: { postgresql: 30, 'bank.example': 30, unknown: 5 },
      idle: 0,
      spans: 4,
    });
  });

  it('finds the answer through the libraries that call one another inside the caller', () => {
    const spans = [
      span('fetch', 'shop', 'client', [0, 50], { peer: 'mes:80' }),
      span('request', 'shop', 'client', [5, 45], { parent: 'fetch', peer: 'mes:80' }),
      span('answer', 'mes', 'server', [10, 40], { parent: 'request' }),
      span('insert', 'mes', 'client', [20, 30], { parent: 'answer', peer: 'postgresql' }),
    ];
    const { services, externals } = broken(spans, [0, 50]);
    expect({ services, externals }).toEqual({ services: { mes: 40 }, externals: { postgresql: 10 } });
  });

  it('lets a service that calls itself work', () => {
    const spans = [
      span('call', 'mes', 'client', [0, 50], { peer: 'localhost' }),
      span('answer', 'mes', 'server', [10, 40], { parent: 'call' }),
    ];
    expect(broken(spans, [0, 50])).toEqual({ ...NOTHING, services: { mes: 50 }, idle: 0, spans: 2 });
  });

  it('knows a client and a server span that share an id', () => {
    const spans = [
      span('shared', 'shop', 'client', [0, 50]),
      span('shared', 'mes', 'server', [10, 40]),
      span('inner', 'mes', 'internal', [20, 30], { parent: 'shared' }),
    ];
    expect(broken(spans, [0, 50])).toEqual({ ...NOTHING, services: { mes: 50 }, idle: 0, spans: 3 });
  });

  it('counts parallel work for each service, so that only idle time is exact', () => {
    const spans = [span('a', 'shop', 'internal', [0, 60]), span('b', 'mes', 'internal', [40, 100])];
    expect(broken(spans, [0, 200])).toEqual({ ...NOTHING, services: { mes: 60, shop: 60 }, idle: 100, spans: 2 });
  });

  it.each([
    ['its child', { parent: 'publish' }],
    ['linked to it', { links: [{ traceId: 't', spanId: 'publish' }] }],
    ['in another trace', { traceId: 'u', links: [{ traceId: 't', spanId: 'publish' }] }],
  ])('tells the time in a queue from the span that sends to the one that processes, %s', (_, relation) => {
    const spans = [
      span('submit', 'shop', 'server', [0, 30]),
      span('publish', 'shop', 'producer', [10, 20], { parent: 'submit' }),
      span('process', 'mes', 'consumer', [500, 600], relation),
    ];
    expect(broken(spans, [0, 1000])).toEqual({
      ...NOTHING,
      services: { mes: 100, shop: 30 },
      queue: 470,
      idle: 400,
      spans: 3,
    });
  });

  it('counts the wait of a redelivered message again, and takes away what was worked in between', () => {
    const spans = [
      span('publish', 'shop', 'producer', [0, 10]),
      span('failed', 'mes', 'consumer', [100, 150], { parent: 'publish' }),
      span('again', 'mes', 'consumer', [400, 420], { parent: 'publish' }),
    ];
    const { services, queue, idle } = broken(spans, [0, 500]);
    expect({ services, queue, idle }).toEqual({ services: { mes: 70, shop: 10 }, queue: 340, idle: 80 });
  });

  it('takes waits that a broker tells, together with its own', () => {
    const spans = [span('work', 'mes', 'internal', [100, 200])];
    expect(broken(spans, [0, 1000], [visit(50, 120), visit(300, 400)])).toMatchObject({ queue: 150, idle: 750 });
  });

  it('counts nobody as working who only polls for messages, whatever its kind', () => {
    const receive = { messaging: 'receive' } as const;
    const spans = [
      span('loop', 'mes', 'internal', [0, 100]),
      span('poll', 'mes', 'client', [10, 60], { parent: 'loop', ...receive }),
      span('receive', 'crm', 'consumer', [200, 300], receive),
    ];
    expect(broken(spans, [0, 300])).toEqual({ ...NOTHING, services: { mes: 50 }, idle: 250, spans: 3 });
  });

  it('knows a CLIENT span that sends a message', () => {
    const spans = [
      span('send', 'shop', 'client', [0, 10], { messaging: 'send', peer: 'rabbitmq' }),
      span('process', 'mes', 'consumer', [60, 70], { parent: 'send' }),
    ];
    expect(broken(spans, [0, 70])).toEqual({
      ...NOTHING,
      services: { mes: 10, shop: 10 },
      queue: 50,
      idle: 0,
      spans: 2,
    });
  });

  it('does not let a sender wait for the processing of its message', () => {
    const spans = [
      span('submit', 'shop', 'server', [0, 50]),
      span('publish', 'shop', 'producer', [10, 12], { parent: 'submit' }),
      span('process', 'mes', 'consumer', [15, 45], { parent: 'publish' }),
    ];
    expect(broken(spans, [0, 50])).toMatchObject({ services: { shop: 50, mes: 30 }, queue: 0, idle: 0 });
  });

  it('cuts at the borders of the visit, and counts spans that overlap it', () => {
    const spans = [
      span('before', 'shop', 'internal', [0, 100]),
      span('over', 'shop', 'internal', [80, 120]),
      span('inside', 'mes', 'internal', [150, 160]),
      span('instant', 'mes', 'internal', [170, 170]),
      span('behind', 'crm', 'internal', [200, 300]),
    ];
    expect(broken(spans, [100, 200])).toEqual({
      ...NOTHING,
      services: { mes: 10, shop: 20 },
      idle: 70,
      spans: 3,
    });
  });

  it('counts signs of wrong clocks instead of time', () => {
    const spans = [
      span('backwards', 'mes', 'internal', [50, 40]),
      span('publish', 'shop', 'producer', [70, 80]),
      span('process', 'mes', 'consumer', [60, 65], { parent: 'publish' }),
      // Delivered while the sender waits for the broker's confirmation: usual.
      span('quick', 'mes', 'consumer', [75, 79], { parent: 'publish' }),
    ];
    expect(broken(spans, [0, 100])).toEqual({
      ...NOTHING,
      services: { shop: 10, mes: 9 },
      idle: 85,
      spans: 4,
      anomalies: 2,
    });
  });

  it('is not caught in a cycle of wrong parents', () => {
    const spans = [
      span('a', 'shop', 'client', [0, 10], { parent: 'b' }),
      span('b', 'shop', 'client', [0, 10], { parent: 'a' }),
      span('self', 'mes', 'server', [20, 30], { parent: 'self' }),
    ];
    expect(broken(spans, [0, 40])).toMatchObject({ services: { mes: 10 }, spans: 3 });
  });
});
