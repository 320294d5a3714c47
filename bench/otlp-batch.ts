import { randomBytes } from 'node:crypto';

/** Spans of one batch; what the SDKs' batch processors send at most. */
export const SPANS_PER_BATCH = 512;
/** All of one trace are in one batch. */
export const SPANS_PER_TRACE = 16;
/** Traces that belong to one order. */
const TRACES_PER_ORDER = 10;
const SERVICES = ['shop-api', 'crm-api', 'mes-api', 'price-worker'];

/** Encoded bytes and the places in them where spans begin. */
interface Encoded {
  readonly bytes: Buffer;
  readonly spansAt: readonly number[];
}

/**
 * A request of OTLP/HTTP, encoded once; for each sending only ids and times are written over, so that the sender costs little.
 * Spans are of the size that a survey of real traces found (about 429 bytes with their share of the resource): 16 in a trace,
 * 11 attributes each, a name from few; the root span names an order.
 */
export class OtlpBatch {
  readonly bytes: Buffer;
  readonly #spansAt: readonly number[];
  readonly #run = randomBytes(8);
  #traces = 0;
  #spans = 0;

  constructor() {
    const perService = SPANS_PER_BATCH / SERVICES.length;
    const encoded = join(
      SERVICES.map((service, index) => field(1, resourceSpans(service, index * perService, perService))),
    );
    this.bytes = encoded.bytes;
    this.#spansAt = encoded.spansAt;
  }

  /** The bytes with ids that were never sent before, ended now; valid until the next call. */
  next(nowMs: number): { bytes: Buffer; firstTraceId: string } {
    const { bytes } = this;
    const end = BigInt(nowMs) * 1_000_000n;
    const firstTraceId = this.#traceId(this.#traces);
    for (const [index, at] of this.#spansAt.entries()) {
      const inTrace = index % SPANS_PER_TRACE;
      if (inTrace === 0) this.#traces += 1;
      this.#run.copy(bytes, at + TRACE_ID_AT);
      bytes.writeBigUInt64BE(BigInt(this.#traces - 1), at + TRACE_ID_AT + 8);
      this.#spans += 1;
      bytes.writeUInt32BE(this.#spans, at + SPAN_ID_AT + 4);
      bytes.writeBigUInt64LE(end - BigInt((SPANS_PER_TRACE - inTrace) * 1_500_000), at + START_AT);
      bytes.writeBigUInt64LE(end - BigInt(inTrace * 10_000), at + END_AT);
      // Every span but the root has its parent right before it or at the root, by turns: chains and fans.
      if (inTrace > 0) bytes.writeUInt32BE(this.#spans - (inTrace % 2 === 0 ? inTrace : 1), at + PARENT_AT + 4);
      else bytes.write(orderId(Math.floor((this.#traces - 1) / TRACES_PER_ORDER)), at + ORDER_AT, 'latin1');
    }
    return { bytes, firstTraceId };
  }

  #traceId(trace: number): string {
    return this.#run.toString('hex') + trace.toString(16).padStart(16, '0');
  }
}

// A span begins with its ids and times, so that their places are the same in all: trace id, span id, start, end, then the parent's id
// or, in a root, the attribute order.id.
const TRACE_ID_AT = 2;
const SPAN_ID_AT = 20;
const START_AT = 29;
const END_AT = 38;
const PARENT_AT = 48;
const ORDER_KEY = 'order.id';
const ORDER_AT = END_AT + 8 + 2 + 2 + ORDER_KEY.length + 2 + 2;

function orderId(order: number): string {
  return `BENCH-${String(order).padStart(10, '0')}`;
}

function resourceSpans(service: string, first: number, count: number): Encoded {
  const resource = join([
    attribute('service.name', service),
    attribute('service.version', '2026.11.3'),
    attribute('service.instance.id', `${service}-7d9f8b6c5-x2x7q`),
    attribute('deployment.environment.name', 'production'),
    attribute('host.name', 'node-03.internal'),
    attribute('os.type', 'linux'),
    attribute('process.pid', '4711'),
    attribute('process.runtime.name', 'nodejs'),
    attribute('process.runtime.version', '24.11.0'),
    attribute('telemetry.sdk.language', 'nodejs'),
    attribute('telemetry.sdk.name', 'opentelemetry'),
    attribute('telemetry.sdk.version', '2.2.0'),
  ]);
  const spans = Array.from({ length: count }, (_, index) => field(2, span(first + index)));
  const scope = field(1, field(1, Buffer.from('@opentelemetry/instrumentation-http')));
  return join([field(1, resource), field(2, join([scope, ...spans]))]);
}

function span(index: number): Encoded {
  const inTrace = index % SPANS_PER_TRACE;
  const route = ['/api/orders', '/api/orders/:id', '/api/prices', '/api/jobs'][index % 4] ?? '';
  const parts = [
    field(1, Buffer.alloc(16)),
    field(2, Buffer.alloc(8)),
    fixed64(7),
    fixed64(8),
    inTrace === 0 ? spanAttribute(ORDER_KEY, orderId(0)) : field(4, Buffer.alloc(8)),
    field(5, Buffer.from(`POST ${route}`)),
    Buffer.from([6 << 3, 2 + (inTrace % 2)]),
    spanAttribute('http.request.method', 'POST'),
    spanAttribute('http.route', route),
    spanAttribute('http.response.status_code', index % 40 === 0 ? '500' : '200'),
    spanAttribute('url.scheme', 'http'),
    spanAttribute('url.path', route),
    spanAttribute('server.address', 'mes.internal'),
    spanAttribute('server.port', '8080'),
    spanAttribute('network.peer.address', `10.0.3.${index % 200}`),
    spanAttribute('network.protocol.version', '1.1'),
    spanAttribute('user_agent.original', 'jewelry/1.4 (linux)'),
    spanAttribute('thread.id', String(index % 16)),
  ];
  return { bytes: join(parts).bytes, spansAt: [0] };
}

function attribute(key: string, value: string): Encoded {
  return field(1, keyValue(key, value));
}

function spanAttribute(key: string, value: string): Encoded {
  return field(9, keyValue(key, value));
}

function keyValue(key: string, value: string): Encoded {
  return join([field(1, Buffer.from(key)), field(2, field(1, Buffer.from(value)))]);
}

function fixed64(number: number): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 1]), Buffer.alloc(8)]);
}

/** A length-delimited field. */
function field(number: number, content: Encoded | Buffer): Encoded {
  const { bytes, spansAt } = Buffer.isBuffer(content) ? { bytes: content, spansAt: [] } : content;
  const head = [(number << 3) | 2];
  let rest = bytes.length;
  for (; rest > 127; rest >>>= 7) head.push((rest & 127) | 128);
  head.push(rest);
  return { bytes: Buffer.concat([Buffer.from(head), bytes]), spansAt: spansAt.map((at) => at + head.length) };
}

function join(parts: readonly (Encoded | Buffer)[]): Encoded {
  const spansAt: number[] = [];
  let length = 0;
  for (const part of parts) {
    const encoded = Buffer.isBuffer(part) ? { bytes: part, spansAt: [] } : part;
    for (const at of encoded.spansAt) spansAt.push(length + at);
    length += encoded.bytes.length;
  }
  return { bytes: Buffer.concat(parts.map((part) => (Buffer.isBuffer(part) ? part : part.bytes))), spansAt };
}
