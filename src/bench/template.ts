import { FILLER_KEY, PLAN_SPANS, type PlannedSpan, planSpans, type Value } from './plan.ts';
import { LANGUAGE_OF } from './topology.ts';

/** How bodies are encoded. */
export type Encoding = 'protobuf' | 'json';

/** What is written over for each sending. */
export type Slot = 'traceId' | 'spanId' | 'parentId' | 'start' | 'end' | 'eventTime' | 'value' | 'orderId';

/** Where a slot of a span begins in the bytes. */
export interface Place {
  readonly span: PlannedSpan;
  readonly slot: Slot;
  readonly at: number;
}

/** A request encoded once, with the places that differ from sending to sending. */
export interface Template {
  readonly bytes: Buffer;
  readonly places: readonly Place[];
}

/** Digits of an order id after `ORDER_PREFIX`. */
export const ORDER_DIGITS = 10;
/** What the order ids of a run begin with. */
export const ORDER_PREFIX = 'BENCH-';
/** Characters of the attribute that carries the cardinality. */
export const VALUE_DIGITS = 32;
/** Key of that attribute. */
export const VALUE_KEY = 'app.request.id';
const RESOURCES_PER_SERVICE = 2;

/** Attributes of a resource: what SDKs and their detectors say about a container. */
function resourceOf(service: string, pod: number): (readonly [string, Value])[] {
  const language = LANGUAGE_OF[service] ?? 'go';
  return [
    ['service.name', service],
    ['service.namespace', 'shop'],
    ['service.version', '2026.11.3'],
    ['service.instance.id', `${service}-668d5f85fb-wckp${pod}`],
    ['deployment.environment.name', 'production'],
    ['host.name', `node-0${pod + 1}.internal`],
    ['os.type', 'linux'],
    ['process.pid', 17 + pod],
    ['process.runtime.name', language],
    ['telemetry.sdk.language', language],
    ['telemetry.sdk.name', 'opentelemetry'],
    ['telemetry.sdk.version', '1.38.0'],
  ];
}

/**
 * Encodes the requests of a load: a plan of 512 spans is cut into as many templates as it takes, or repeated in one.
 *
 * @param batch spans in a request: a power of two from 1 to 8192
 */
export function encodeTemplates(plan: readonly PlannedSpan[], batch: number, encoding: Encoding): Template[] {
  return Array.from({ length: Math.max(1, PLAN_SPANS / batch) }, (_, template) => {
    const spans = Array.from({ length: batch }, (__, index) => {
      const at = template * batch + index;
      // A span of a repeated plan keeps its place in the request.
      return { ...spanAt(plan, at), index: index + (batch >= PLAN_SPANS ? 0 : template * batch) };
    });
    return encoding === 'protobuf' ? protobufRequest(groups(spans)) : jsonRequest(groups(spans));
  });
}

/** The plan whose spans have `spanBytes` bytes on average in protobuf requests of 512, resources included. */
export function calibratedPlan(spanBytes: number): PlannedSpan[] {
  let asked = spanBytes;
  let plan = planSpans(asked);
  for (let round = 0; round < 8; round += 1) {
    const bytes = (encodeTemplates(plan, PLAN_SPANS, 'protobuf')[0]?.bytes.length ?? 0) / PLAN_SPANS;
    if (Math.abs(bytes - spanBytes) < 0.5) break;
    asked += spanBytes - bytes;
    plan = planSpans(asked);
  }
  return plan;
}

function spanAt(plan: readonly PlannedSpan[], at: number): PlannedSpan {
  const span = plan[at % PLAN_SPANS];
  if (span === undefined) throw new RangeError('the plan is shorter than it says');
  return span;
}

interface Group {
  readonly service: string;
  readonly pod: number;
  readonly spans: PlannedSpan[];
}

/** Spans by their resource, as a collector's batches hold them. */
function groups(spans: readonly PlannedSpan[]): Group[] {
  const found = new Map<string, Group>();
  for (const span of spans) {
    const pod = span.pod % RESOURCES_PER_SERVICE;
    const key = `${span.service}/${pod}`;
    const group = found.get(key) ?? { service: span.service, pod, spans: [] };
    group.spans.push(span);
    found.set(key, group);
  }
  return [...found.values()];
}

/** Bytes with places in them. */
interface Piece {
  readonly bytes: Buffer;
  readonly places: readonly Place[];
}

type Part = Piece | Buffer | string;

function join(parts: readonly Part[]): Piece {
  const buffers: Buffer[] = [];
  const places: Place[] = [];
  let length = 0;
  for (const part of parts) {
    const piece = typeof part === 'string' ? Buffer.from(part) : part;
    const bytes = Buffer.isBuffer(piece) ? piece : piece.bytes;
    if (!Buffer.isBuffer(piece)) for (const inner of piece.places) places.push({ ...inner, at: inner.at + length });
    buffers.push(bytes);
    length += bytes.length;
  }
  return { bytes: Buffer.concat(buffers), places };
}

function place(span: PlannedSpan, slot: Slot, bytes: number, filledWith = 0): Piece {
  return { bytes: Buffer.alloc(bytes, filledWith), places: [{ span, slot, at: 0 }] };
}

// Protobuf: field numbers of opentelemetry/proto/trace/v1/trace.proto.

function protobufRequest(all: readonly Group[]): Template {
  return join(
    all.map(({ service, pod, spans }) => {
      const resource = field(1, join(resourceOf(service, pod).map(([key, value]) => keyValue(1, key, value))));
      const scope = field(1, join([field(1, `opentelemetry.instrumentation.${service}`), field(2, '1.2.0')]));
      return field(1, join([resource, field(2, join([scope, ...spans.map((span) => field(2, protobufSpan(span)))]))]));
    }),
  );
}

function protobufSpan(span: PlannedSpan): Piece {
  const parts: Part[] = [
    field(1, place(span, 'traceId', 16)),
    field(2, place(span, 'spanId', 8)),
    span.parentBack === 0 ? '' : field(4, place(span, 'parentId', 8)),
    field(5, span.name),
    Buffer.from([6 << 3, span.kind]),
    fixed64(7, place(span, 'start', 8)),
    fixed64(8, place(span, 'end', 8)),
    keyValue(9, VALUE_KEY, place(span, 'value', VALUE_DIGITS, 0x30)),
    ...span.attributes.map(([key, value]) => keyValue(9, key, value)),
  ];
  if (span.filler !== '') parts.push(keyValue(9, FILLER_KEY, span.filler));
  if (span.namesOrder) parts.push(keyValue(9, 'order.id', orderId(span)));
  if (span.status !== undefined) {
    const event = [
      fixed64(1, place(span, 'eventTime', 8)),
      field(2, 'order.status_changed'),
      keyValue(3, 'order.id', orderId(span)),
      keyValue(3, 'order.status', span.status),
    ];
    parts.push(field(11, join(event)));
  }
  if (span.isError) parts.push(field(15, join([field(2, 'deadline exceeded'), Buffer.from([3 << 3, 2])])));
  // Flags: sampled.
  parts.push(Buffer.from([0x85, 0x01, 1, 0, 0, 0]));
  return join(parts);
}

function orderId(span: PlannedSpan): Piece {
  return join([ORDER_PREFIX, place(span, 'orderId', ORDER_DIGITS, 0x30)]);
}

function keyValue(number: number, key: string, value: Value | Piece): Piece {
  const any = typeof value === 'number' ? join([Buffer.from([3 << 3]), varint(value)]) : field(1, value);
  return field(number, join([field(1, key), field(2, any)]));
}

function fixed64(number: number, content: Piece): Piece {
  return join([varint((number << 3) | 1), content]);
}

function field(number: number, content: Part): Piece {
  const piece = join([content]);
  return join([varint((number << 3) | 2), varint(piece.bytes.length), piece]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

// JSON: as the specification of OTLP/HTTP maps it; ids in hexadecimal digits, 64-bit numbers as text.

function jsonRequest(all: readonly Group[]): Template {
  const resources = all.map(({ service, pod, spans }) =>
    join([
      `{"resource":{"attributes":`,
      list(resourceOf(service, pod).map(([key, value]) => jsonKeyValue(key, value))),
      `},"scopeSpans":[{"scope":{"name":"opentelemetry.instrumentation.${service}","version":"1.2.0"},"spans":`,
      list(spans.map(jsonSpan)),
      '}]}',
    ]),
  );
  return join(['{"resourceSpans":', list(resources), '}']);
}

function jsonSpan(span: PlannedSpan): Piece {
  const attributes = [
    jsonKeyValue(VALUE_KEY, place(span, 'value', VALUE_DIGITS, 0x30)),
    ...span.attributes.map(([key, value]) => jsonKeyValue(key, value)),
  ];
  if (span.filler !== '') attributes.push(jsonKeyValue(FILLER_KEY, span.filler));
  if (span.namesOrder) attributes.push(jsonKeyValue('order.id', orderId(span)));
  const parts: Part[] = [
    '{"traceId":"',
    place(span, 'traceId', 32),
    '","spanId":"',
    place(span, 'spanId', 16),
    ...(span.parentBack === 0 ? [] : ['","parentSpanId":"', place(span, 'parentId', 16)]),
    `","name":${JSON.stringify(span.name)},"kind":${span.kind},"startTimeUnixNano":"`,
    place(span, 'start', 19),
    '","endTimeUnixNano":"',
    place(span, 'end', 19),
    '","attributes":',
    list(attributes),
  ];
  if (span.status !== undefined) {
    const status = [jsonKeyValue('order.id', orderId(span)), jsonKeyValue('order.status', span.status)];
    parts.push(',"events":[{"timeUnixNano":"', place(span, 'eventTime', 19), '","name":"order.status_changed",');
    parts.push('"attributes":', list(status), '}]');
  }
  if (span.isError) parts.push(',"status":{"code":2,"message":"deadline exceeded"}');
  parts.push(',"flags":1}');
  return join(parts);
}

function jsonKeyValue(key: string, value: Value | Piece): Piece {
  const any: Part[] =
    typeof value === 'object'
      ? ['{"stringValue":"', value, '"}']
      : [typeof value === 'number' ? `{"intValue":"${value}"}` : `{"stringValue":${JSON.stringify(value)}}`];
  return join([`{"key":${JSON.stringify(key)},"value":`, ...any, '}']);
}

function list(items: readonly Piece[]): Piece {
  return join(['[', ...items.flatMap((item, index) => (index === 0 ? [item] : [',', item])), ']']);
}
