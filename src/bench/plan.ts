import { type Call, ORDER_SPAN, TRACES } from './topology.ts';

/** A value of an attribute; a number is sent as int. */
export type Value = string | number;

/** A span as it comes again and again; ids and times are filled in for each sending. */
export interface PlannedSpan {
  /** Place in the plan. */
  readonly index: number;
  /** Of the trace in the plan, from 0. */
  readonly trace: number;
  /** How many spans before this one its parent stands; 0 in a root. */
  readonly parentBack: number;
  readonly service: string;
  /** Which instance of the service. */
  readonly pod: number;
  readonly name: string;
  readonly kind: number;
  /** Nanoseconds from the start of its trace. */
  readonly startNano: number;
  readonly durationNano: number;
  /** Nanoseconds by which start and end may move without leaving the parent or a child outside. */
  readonly slackNano: number;
  /** Whether it carries the order's id. */
  readonly namesOrder: boolean;
  /** The status of the order that it reports. */
  readonly status: string | undefined;
  readonly isError: boolean;
  readonly attributes: readonly (readonly [string, Value])[];
  /** Text of the attribute that fills the span up to its size; empty for none. */
  readonly filler: string;
}

/** Spans of one plan: four times all traces of the topology. */
export const PLAN_SPANS = 512;
/** Traces of one plan. */
export const PLAN_TRACES = 20;
/** Longest duration of a trace, in nanoseconds. */
const TRACE_NANO = 240_000_000;
/** Statuses of an order, one in each of the four checkouts of a plan. */
const STATUSES = ['INITIATED', 'FILE_UPLOADED', 'SUBMITTED', 'PRICE_CALCULATED'];
/** Sizes differ from span to span around the mean, as they do. */
const SPREAD = [0.8, 0.9, 1, 1.1, 1.2];

/**
 * The spans of a plan.
 *
 * @param spanBytes what a span should have, its attributes and the bytes around them, in protobuf; small ones stay at what they need
 */
export function planSpans(spanBytes: number): PlannedSpan[] {
  const spans: PlannedSpan[] = [];
  for (let cycle = 0; cycle < PLAN_TRACES / TRACES.length; cycle += 1) {
    for (const [index, root] of TRACES.entries()) {
      const trace = cycle * TRACES.length + index;
      const duration = TRACE_NANO * (0.4 + 0.6 * ((trace * 7) % PLAN_TRACES) * (1 / PLAN_TRACES));
      const status = index === TRACES.length - 1 ? STATUSES[cycle] : undefined;
      addCall(root, { spans, trace, cycle, status, spanBytes }, undefined, 0, duration);
    }
  }
  return spans;
}

interface Context {
  readonly spans: PlannedSpan[];
  readonly trace: number;
  readonly cycle: number;
  readonly status: string | undefined;
  readonly spanBytes: number;
}

function addCall(call: Call, context: Context, parent: number | undefined, start: number, duration: number): void {
  const { spans, cycle } = context;
  const index = spans.length;
  // Children share what is left between two margins; each span moves within half of its margin.
  const margin = duration * 0.06;
  const attributes = attributesOf(call, index);
  spans.push({
    index,
    trace: context.trace,
    parentBack: parent === undefined ? 0 : index - parent,
    service: call.service,
    pod: cycle % 2,
    name: call.name,
    kind: call.kind,
    startNano: Math.round(start),
    durationNano: Math.round(duration),
    slackNano: Math.max(1, Math.round(margin / 2)),
    namesOrder: parent === undefined && context.status !== undefined,
    status: call.name === ORDER_SPAN && call.kind === 2 ? context.status : undefined,
    isError: call.name === 'hipstershop.AdService/GetAds' && cycle === 3,
    ...fit(attributes, call, index, context.spanBytes),
  });
  const share = (duration - 2 * margin) / Math.max(1, call.inside.length);
  for (const [place, child] of call.inside.entries()) {
    addCall(child, context, index, start + margin + share * place, share * 0.9);
  }
}

/** Bytes of a span without the attributes that differ: ids, times, kind, flags, the attribute that carries the cardinality. */
const FIXED_BYTES = 128;

/** Takes attributes while they fit and fills the rest with text. */
function fit(
  all: readonly (readonly [string, Value])[],
  call: Call,
  index: number,
  spanBytes: number,
): Pick<PlannedSpan, 'attributes' | 'filler'> {
  let left = spanBytes * (SPREAD[index % SPREAD.length] ?? 1) - FIXED_BYTES - call.name.length;
  const attributes: (readonly [string, Value])[] = [];
  for (const [key, value] of all) {
    const bytes = 8 + key.length + (typeof value === 'number' ? 2 : value.length);
    if (bytes > left) break;
    attributes.push([key, value]);
    left -= bytes;
  }
  const fillerBytes = Math.floor(left - FILLER_KEY.length - 10);
  return { attributes, filler: fillerBytes > 0 ? fillerText(index % 16, fillerBytes) : '' };
}

/** Key of the attribute that fills a span up to its size. */
export const FILLER_KEY = 'code.stacktrace';

function fillerText(variant: number, length: number): string {
  let text = '';
  for (let line = 1; text.length < length; line += 1) {
    text += `at shop.orders.Handler${(line * 31 + variant * 7) % 97}.handle(Handler.java:${100 + ((line * 17 + variant) % 800)})\n`;
  }
  return text.slice(0, length);
}

/** Attributes in the order in which instrumentation libraries put them, the most usual first. */
function attributesOf({ service, name, role }: Call, index: number): (readonly [string, Value])[] {
  const [operation = '', method = ''] = name.replace('hipstershop.', '').split('/');
  const peer = `10.42.${service.length}.${index % 24}`;
  const more: (readonly [string, Value])[] = [
    ['thread.id', index % 16],
    ['network.protocol.version', '2'],
    ['code.function.name', `${operation}.${method === '' ? 'handle' : method}`],
    ['code.file.path', `/src/${service}/internal/handlers/${role}.go`],
    ['code.line.number', 40 + (index % 60)],
    ['app.feature_flags', 'new-checkout=on,recommendations=v2,currency-cache=off'],
    ['app.tenant', `tenant-${index % 12}`],
    ['app.region', ['eu-central-1', 'eu-west-1', 'us-east-1'][index % 3] ?? ''],
    ['app.release', '2026.11.3+build.4711.8f2c1d'],
    ['http.request.header.accept_language', 'de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7'],
    ['http.request.header.traceparent_source', 'ingress-gateway'],
    ['app.query.plan', 'Index Scan using products_pkey on products (cost=0.28..8.29 rows=1 width=212)'],
    ['app.cache', index % 3 === 0 ? 'miss' : 'hit'],
    ['app.payload.bytes', 200 + (index % 900)],
    ['messaging.client.id', `${service}-consumer-${index % 4}`],
    ['app.cluster', 'shop-production-eu-central-1-blue'],
  ];
  return [...usual(role, operation, method, peer, index), ...more];
}

function usual(
  role: Call['role'],
  operation: string,
  method: string,
  peer: string,
  index: number,
): (readonly [string, Value])[] {
  if (role === 'page') {
    const route = ['/product/{id}', '/', '/cart', '/_healthz', '/cart/checkout'][index % 5] ?? '';
    return [
      ['http.request.method', index % 5 === 2 ? 'POST' : 'GET'],
      ['http.route', route],
      ['http.response.status_code', 200],
      ['url.scheme', 'http'],
      ['server.address', 'shop.example'],
      ['client.address', peer],
      ['user_agent.original', 'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0'],
    ];
  }
  if (role === 'rpc') {
    return [
      ['rpc.system', 'grpc'],
      ['rpc.method', method],
      ['rpc.grpc.status_code', 0],
      ['rpc.service', `hipstershop.${operation}`],
      ['network.peer.address', peer],
      ['network.peer.port', 3550 + (index % 8)],
      ['server.address', `${operation.toLowerCase()}.shop.svc.cluster.local`],
      ['server.port', 3550],
    ];
  }
  if (role === 'database') {
    return [
      ['db.system.name', 'mysql'],
      ['db.operation.name', 'SELECT'],
      ['db.namespace', 'catalog'],
      ['db.collection.name', 'products'],
      ['db.query.text', 'SELECT id, name, description, picture, price FROM products WHERE id = ?'],
      ['server.address', 'mysql.shop.svc.cluster.local'],
      ['server.port', 3306],
    ];
  }
  return [
    ['app.step', method === '' ? operation : method],
    ['app.items', 1 + (index % 9)],
    ['app.currency', ['EUR', 'USD', 'JPY', 'GBP'][index % 4] ?? ''],
    ['app.locale', 'de-DE'],
  ];
}
