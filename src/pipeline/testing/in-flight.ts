import { KeyValueTable } from '../../model/key-value-table.ts';
import { decodeTraceJson } from '../../wire/otlp/decode-trace-json.ts';
import type { InFlight } from '../in-flight.ts';

type Value = string | number | boolean;

/** A span as a test writes it; ids are short numbers. */
export interface SpanSketch {
  readonly trace?: number;
  readonly id: number;
  readonly parent?: number;
  readonly name?: string;
  /** OTLP SpanKind; a server's (2) where none is given. */
  readonly kind?: number;
  readonly failed?: boolean;
  readonly attributes?: Readonly<Record<string, Value>>;
  readonly events?: readonly { readonly name: string; readonly attributes?: Readonly<Record<string, Value>> }[];
  readonly linkAttributes?: Readonly<Record<string, Value>>;
}

const START = 1_700_000_000_000_000_000n;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

function keyValues(attributes: Readonly<Record<string, Value>> = {}): object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : typeof value === 'boolean'
          ? { boolValue: value }
          : { intValue: String(value) },
  }));
}

/** Makes a batch as a receiver would: spans of one service, span n starting n ms and its events n ms + index µs after START. */
export function inFlight(
  spans: readonly SpanSketch[],
  origin: {
    service?: string;
    resource?: Readonly<Record<string, Value>>;
    scope?: Readonly<Record<string, Value>>;
  } = {},
): InFlight {
  const body = {
    resourceSpans: [
      {
        resource: { attributes: keyValues({ 'service.name': origin.service ?? 'shop-api', ...origin.resource }) },
        scopeSpans: [
          {
            scope: { name: 'test', attributes: keyValues(origin.scope) },
            spans: spans.map((span, index) => ({
              traceId: hex(span.trace ?? 1, 32),
              spanId: hex(span.id, 16),
              ...(span.parent === undefined ? {} : { parentSpanId: hex(span.parent, 16) }),
              name: span.name ?? 'work',
              kind: span.kind ?? 2,
              startTimeUnixNano: String(START + BigInt(index) * 1_000_000n),
              endTimeUnixNano: String(START + BigInt(index + 1) * 1_000_000n),
              attributes: keyValues(span.attributes),
              events: (span.events ?? []).map((event, at) => ({
                name: event.name,
                timeUnixNano: String(START + BigInt(index) * 1_000_000n + BigInt(at) * 1000n),
                attributes: keyValues(event.attributes),
              })),
              links:
                span.linkAttributes === undefined
                  ? []
                  : [{ traceId: hex(9, 32), spanId: hex(9, 16), attributes: keyValues(span.linkAttributes) }],
              status: { code: span.failed === true ? 2 : 0 },
            })),
          },
        ],
      },
    ],
  };
  const batch = decodeTraceJson(Buffer.from(JSON.stringify(body)), new KeyValueTable());
  return {
    observedAt: START + 5_000_000_000n,
    spans: batch,
    messages: undefined,
    facts: [],
    attributes: [],
    binding: undefined,
  };
}
