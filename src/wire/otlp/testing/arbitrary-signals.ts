import * as fc from 'fast-check';
import {
  anyValue,
  expectedAttribute,
  type Form,
  id,
  PROTOBUF_FORM,
  pairForm,
  pairs,
  type TestPair,
  type TestValue,
  text,
  time,
  uint32,
  valueForm,
} from './arbitrary-request.ts';
import type { PlainAttribute } from './plain-spans.ts';

const bytesOrNone = (bytes: number): fc.Arbitrary<Uint8Array> => fc.oneof(id(bytes), fc.constant(new Uint8Array(0)));
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const number = fc.oneof(
  fc.record({ kind: fc.constant('none' as const) }),
  fc.record({ kind: fc.constant('int' as const), value: int64 }),
  fc.record({ kind: fc.constant('double' as const), value: fc.double() }),
);
type TestNumber = { kind: 'none' } | { kind: 'int'; value: bigint } | { kind: 'double'; value: number };

/** A log record in test form. */
export const arbitraryRecord = fc.record({
  time,
  observed: time,
  severity: fc.integer({ min: 0, max: 24 }),
  severityText: text,
  body: anyValue,
  attributes: pairs,
  dropped: uint32,
  flags: uint32,
  traceId: id(16),
  spanId: bytesOrNone(8),
  eventName: text,
});
type TestRecord = typeof arbitraryRecord extends fc.Arbitrary<infer Value> ? Value : never;

export function recordForm(of: TestRecord, form: Form): Record<string, unknown> {
  return {
    timeUnixNano: of.time.toString(),
    observedTimeUnixNano: of.observed.toString(),
    severityNumber: of.severity,
    severityText: of.severityText,
    body: valueForm(of.body, form),
    attributes: of.attributes.map((pair) => pairForm(pair, form)),
    droppedAttributesCount: of.dropped,
    flags: of.flags,
    traceId: form.id(of.traceId),
    spanId: form.id(of.spanId),
    eventName: of.eventName,
  };
}

/** What a decoder must make of a record; see `plainLogs`. */
export function expectedRecord(of: TestRecord) {
  const { traceId, spanId, body, attributes, ...same } = of;
  return {
    ...same,
    traceId: Buffer.from(traceId).toString('hex'),
    spanId: Buffer.from(spanId).toString('hex').padStart(16, '0'),
    body: valueOf(body),
    attributes: attributes.map(expectedAttribute),
  };
}

function valueOf(value: TestValue): PlainAttribute {
  return expectedAttribute({ key: '', value });
}

const exemplar = fc.record({ time, number, traceId: id(16), spanId: bytesOrNone(8), attributes: pairs });
const buckets = fc.record({ offset: int32, counts: fc.array(uint64, { maxLength: 5 }) });
const bounds = fc
  .uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 4, comparator: (a, b) => a === b })
  .map((values) => values.sort((a, b) => a - b));
const explicit = bounds.chain((limits) =>
  fc.record({
    bounds: fc.constant(limits),
    counts: fc.array(uint64, { minLength: limits.length + 1, maxLength: limits.length + 1 }),
  }),
);
const noBuckets: { bounds: number[]; counts: bigint[] } = { bounds: [], counts: [] };
const optional = fc.option(fc.double(), { nil: undefined });

/** A data point with every field that any type has; each type takes its own. */
const point = fc.record({
  start: time,
  time,
  flags: uint32,
  attributes: pairs,
  number,
  exemplars: fc.array(exemplar, { maxLength: 2 }),
  count: uint64,
  sum: optional,
  min: optional,
  max: optional,
  explicit: fc.oneof(explicit, fc.constant(noBuckets)),
  scale: int32,
  zeroCount: uint64,
  zeroThreshold: fc.double(),
  positive: buckets,
  negative: buckets,
  quantiles: fc.array(fc.record({ quantile: fc.double(), value: fc.double() }), { maxLength: 3 }),
});
type TestPoint = typeof point extends fc.Arbitrary<infer Value> ? Value : never;

/** A metric in test form. */
export const arbitraryMetric = fc.record({
  name: text.filter((name) => name !== ''),
  description: text,
  unit: text,
  type: fc.constantFrom('gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'),
  temporality: fc.integer({ min: 1, max: 2 }),
  isMonotonic: fc.boolean(),
  points: fc.array(point, { maxLength: 3 }),
});
type TestMetric = typeof arbitraryMetric extends fc.Arbitrary<infer Value> ? Value : never;

function numberForm(of: TestNumber, form: Form): Record<string, unknown> {
  if (of.kind === 'none') return {};
  return of.kind === 'int' ? { asInt: of.value.toString() } : { asDouble: form.double(of.value) };
}

function pointForm(of: TestPoint, type: string, form: Form): Record<string, unknown> {
  const attributes = (all: TestPair[]): unknown => all.map((pair) => pairForm(pair, form));
  const optionalDouble = (value: number | undefined): unknown => (value === undefined ? undefined : form.double(value));
  const exemplars = of.exemplars.map((each) => ({
    ...numberForm(each.number, form),
    timeUnixNano: each.time.toString(),
    traceId: form.id(each.traceId),
    spanId: form.id(each.spanId),
    filteredAttributes: attributes(each.attributes),
  }));
  const common = {
    startTimeUnixNano: of.start.toString(),
    timeUnixNano: of.time.toString(),
    flags: of.flags,
    attributes: attributes(of.attributes),
  };
  if (type === 'gauge' || type === 'sum') return { ...common, ...numberForm(of.number, form), exemplars };
  if (type === 'summary') {
    return {
      ...common,
      count: of.count.toString(),
      sum: form.double(of.sum ?? 0),
      quantileValues: of.quantiles.map(({ quantile, value }) => ({
        quantile: form.double(quantile),
        value: form.double(value),
      })),
    };
  }
  const figures = {
    count: of.count.toString(),
    sum: optionalDouble(of.sum),
    min: optionalDouble(of.min),
    max: optionalDouble(of.max),
    exemplars,
  };
  if (type === 'histogram') {
    return {
      ...common,
      ...figures,
      explicitBounds: of.explicit.bounds.map(form.double),
      bucketCounts: of.explicit.counts.map(String),
    };
  }
  const side = (all: TestPoint['positive']): unknown => ({ offset: all.offset, bucketCounts: all.counts.map(String) });
  return {
    ...common,
    ...figures,
    scale: of.scale,
    zeroCount: of.zeroCount.toString(),
    zeroThreshold: form.double(of.zeroThreshold),
    positive: side(of.positive),
    negative: side(of.negative),
  };
}

export function metricForm(of: TestMetric, form: Form = PROTOBUF_FORM): Record<string, unknown> {
  return {
    name: of.name,
    description: of.description,
    unit: of.unit,
    [of.type]: {
      dataPoints: of.points.map((each) => pointForm(each, of.type, form)),
      ...(of.type === 'gauge' || of.type === 'summary' ? {} : { aggregationTemporality: of.temporality }),
      ...(of.type === 'sum' ? { isMonotonic: of.isMonotonic } : {}),
    },
  };
}

/** What a decoder must make of a metric's points; see `plainPoints`. */
export function expectedPoints(of: TestMetric) {
  const isNumber = of.type === 'gauge' || of.type === 'sum';
  const isSummary = of.type === 'summary';
  const isExponential = of.type === 'exponentialHistogram';
  const isHistogram = of.type === 'histogram';
  const optionalOf = (value: number | undefined): number | undefined => (isNumber || isSummary ? undefined : value);
  return of.points.map((each) => ({
    name: of.name,
    description: of.description,
    unit: of.unit,
    type: isExponential ? 'exponential_histogram' : of.type,
    temporality: of.type === 'gauge' || isSummary ? 0 : of.temporality,
    isMonotonic: of.type === 'sum' && of.isMonotonic,
    start: each.start,
    time: each.time,
    flags: each.flags,
    attributes: each.attributes.map(expectedAttribute),
    number: isNumber ? numberOf(each.number) : { kind: 0, value: 0, int: 0n },
    count: isNumber ? 0n : each.count,
    sum: isSummary ? (each.sum ?? 0) : optionalOf(each.sum),
    min: optionalOf(each.min),
    max: optionalOf(each.max),
    bounds: isHistogram ? each.explicit.bounds : [],
    bucketCounts: isHistogram ? each.explicit.counts : [],
    scale: isExponential ? each.scale : 0,
    zeroCount: isExponential ? each.zeroCount : 0n,
    zeroThreshold: isExponential ? each.zeroThreshold : 0,
    positive: isExponential ? each.positive : { offset: 0, counts: [] },
    negative: isExponential ? each.negative : { offset: 0, counts: [] },
    quantiles: isSummary ? each.quantiles : [],
    exemplars: isSummary
      ? []
      : each.exemplars.map((exemplarOf) => ({
          time: exemplarOf.time,
          value: numberOf(exemplarOf.number).value,
          traceId: Buffer.from(exemplarOf.traceId).toString('hex'),
          spanId: Buffer.from(exemplarOf.spanId).toString('hex').padStart(16, '0'),
          attributes: exemplarOf.attributes.map(expectedAttribute),
        })),
  }));
}

function numberOf(of: TestNumber): { kind: number; value: number; int: bigint } {
  if (of.kind === 'none') return { kind: 0, value: 0, int: 0n };
  if (of.kind === 'int') return { kind: 1, value: Number(of.value), int: of.value };
  return { kind: 2, value: of.value, int: 0n };
}
