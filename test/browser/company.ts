import { createHash } from 'node:crypto';
import type { ApiClient } from '../system/api-client.ts';
import { postTraces } from '../system/otlp-sender.ts';

const NANO_PER_MS = 1_000_000n;

/** The orders that the pages show: one went as planned, one is stuck after a timeout, one skipped a status. */
export const ORDERS = { planned: 'BT-0001', stuck: 'BT-0002', deviating: 'BT-0003' } as const;

/** The alias of the order that went as planned. */
export const ALIAS = 'JOB-BT-1';

const STATUSES = [
  'INITIATED',
  'FILE_UPLOADED',
  'SUBMITTED',
  'PRICE_CALCULATED',
  'MANUFACTURING_APPROVED',
  'MANUFACTURING_STARTED',
  'MANUFACTURING_COMPLETED',
  'PACKAGING',
  'SHIPPED',
  'CLOSED',
] as const;

/** All orders begin so long ago: longer than the recovery time, so that what failed has failed. Unit ms. */
const BEGAN_MS = 20 * 60_000;
/** From one status to the next; unit ms. */
const STEP_MS = 7000;

interface Span {
  readonly label: string;
  readonly trace: string;
  readonly parent?: string;
  readonly service: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'consumer';
  /** Since the beginning; unit ms. */
  readonly atMs: number;
  readonly lengthMs: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly status?: string;
  readonly error?: string;
}

const KINDS = { internal: 1, server: 2, client: 3, consumer: 5 } as const;

/** Hexadecimal digits that are the same in every run. */
function id(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

/** The id of the trace in which an order was submitted. */
export function submitTrace(orderId: string): string {
  return id(`${orderId}:SUBMITTED`, 32);
}

function keyValues(attributes: Readonly<Record<string, string>>): object[] {
  return Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

function otlp(spans: readonly Span[], beganMs: number): Uint8Array {
  const nano = (ms: number): string => String(BigInt(beganMs + ms) * NANO_PER_MS);
  const services = [...new Set(spans.map(({ service }) => service))];
  const resourceSpans = services.map((service) => ({
    resource: { attributes: keyValues({ 'service.name': service }) },
    scopeSpans: [
      {
        scope: { name: 'browser-test' },
        spans: spans
          .filter((span) => span.service === service)
          .map(({ label, trace, parent, name, kind, atMs, lengthMs, attributes, status, error }) => ({
            traceId: id(trace, 32),
            spanId: id(label, 16),
            ...(parent === undefined ? {} : { parentSpanId: id(parent, 16) }),
            name,
            kind: KINDS[kind],
            startTimeUnixNano: nano(atMs),
            endTimeUnixNano: nano(atMs + lengthMs),
            attributes: keyValues(attributes),
            ...(error === undefined ? {} : { status: { code: 2, message: error } }),
            events:
              status === undefined
                ? []
                : [
                    {
                      name: 'order.status_changed',
                      timeUnixNano: nano(atMs + 1),
                      attributes: keyValues({ 'order.status': status }),
                    },
                  ],
          })),
      },
    ],
  }));
  return Buffer.from(JSON.stringify({ resourceSpans }));
}

/** One span that reports a status. */
function step(orderId: string, status: string, index: number, more: Partial<Span> = {}): Span {
  const label = `${orderId}:${status}`;
  return {
    label,
    trace: label,
    service: index < 3 ? 'shop-api' : 'mes-api',
    name: `POST /orders/{orderId}/${status.toLowerCase()}`,
    kind: 'server',
    atMs: index * STEP_MS,
    lengthMs: 40,
    attributes: { 'order.id': orderId, 'order.channel': 'web', 'order.product': 'ring' },
    status,
    ...more,
  };
}

/** The work of the MES inside the trace of a submitted order; it fails where `error` says how. */
function pricing(orderId: string, error?: string): Span[] {
  const trace = `${orderId}:SUBMITTED`;
  const shared = { trace, service: 'mes-api', attributes: {} };
  const atMs = 2 * STEP_MS + 5;
  const failed = error === undefined ? {} : { error };
  return [
    {
      ...shared,
      label: `${orderId}:process`,
      parent: trace,
      name: 'mes.price process',
      kind: 'consumer',
      atMs,
      lengthMs: 30,
    },
    {
      ...shared,
      label: `${orderId}:model`,
      parent: `${orderId}:process`,
      name: 'GET /models/{modelId}',
      kind: 'client',
      atMs: atMs + 4,
      lengthMs: 20,
      attributes: error === undefined ? {} : { 'error.type': 'timeout' },
      ...failed,
    },
  ];
}

async function send(otlpHttp: string, spans: readonly Span[], beganMs: number): Promise<void> {
  const response = await postTraces(otlpHttp, otlp(spans, beganMs), { 'content-type': 'application/json' });
  if (response.status !== 200) throw new Error(`the spans were answered with ${response.status}`);
}

/**
 * Lets three orders happen: two told by spans, one by transitions over the API; `now` in ms since the epoch. Every id
 * is the same in every run, only the times move with `now`.
 */
export async function letOrdersHappen(otlpHttp: string, api: ApiClient, now: number): Promise<void> {
  const beganMs = now - BEGAN_MS;
  const { planned, stuck, deviating } = ORDERS;
  const alias = { attributes: { 'order.id': planned, 'mes.job.id': ALIAS } };
  const steps = STATUSES.map((status, index) => step(planned, status, index, index === 5 ? alias : {}));
  await send(otlpHttp, [...steps, ...pricing(planned)], beganMs);
  const begun = STATUSES.slice(0, 3).map((status, index) => step(stuck, status, index));
  await send(otlpHttp, [...begun, ...pricing(stuck, 'no answer within 2000 ms')], beganMs);
  const transitions = STATUSES.filter((status) => status !== 'PACKAGING').map((status, index) => ({
    orderId: deviating,
    status,
    occurredAt: new Date(beganMs + index * STEP_MS).toISOString(),
    source: 'workshop',
  }));
  const response = await api.report({ transitions });
  if (response.status !== 202) throw new Error(`the transitions were answered with ${response.status}`);
}
