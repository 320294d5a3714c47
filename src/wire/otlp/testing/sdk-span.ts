import type { ISerializer, JsonTraceSerializer } from '@opentelemetry/otlp-transformer';

/** A span as the SDK hands it to an exporter. */
export type SdkSpan = typeof JsonTraceSerializer extends ISerializer<(infer Span)[], unknown> ? Span : never;

const RESOURCE = {
  attributes: { 'service.name': 'shop-api', 'process.pid': 42 },
  schemaUrl: 'https://example.test/schema',
};
const SCOPE = { name: '@shop/orders', version: '1.2.3' };

/** Span number `index`, with an attribute of every type that the SDK has, an event and a link. */
export function sdkSpan(index: number): SdkSpan {
  const hex = (digits: number): string => (index + 1).toString(16).padStart(digits, 'a');
  const context = { traceId: hex(32), spanId: hex(16), traceFlags: 1 };
  const time = 1_700_000_000 + index;
  const span = {
    name: `operation ${index}`,
    kind: index % 5,
    spanContext: () => context,
    ...(index % 2 === 0
      ? {}
      : { parentSpanContext: { ...context, spanId: hex(16).replaceAll('a', 'b'), isRemote: true } }),
    startTime: [time, 7],
    endTime: [time + 1, 500_000_007],
    status: { code: index % 3, message: index % 3 === 2 ? 'не удалось' : '' },
    attributes: {
      'order.id': `ORD-${index}`,
      retries: index,
      price: 12.5 + index,
      big: 2 ** 53 - 1,
      negative: -index - 1,
      isPaid: index % 2 === 0,
      items: ['ring', 'brooch'],
      sizes: [16, 17.5],
    },
    links: [{ context: { ...context, spanId: hex(16).replaceAll('a', 'c') }, attributes: { reason: 'retry' } }],
    events: [{ name: 'exception', time: [time, 10], attributes: { 'exception.message': 'время вышло' } }],
    duration: [1, 500_000_000],
    ended: true,
    resource: RESOURCE,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 1,
    droppedEventsCount: 2,
    droppedLinksCount: 3,
  };
  return span as unknown as SdkSpan;
}
