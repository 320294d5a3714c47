import { createHash } from 'node:crypto';
import type { OrderAttribute, StatusFact } from '../src/model/order.ts';
import { msToNano, type UnixNano } from '../src/model/units.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;

/** Steps of an order with the median of their dwell and its spread: the logarithm of a dwell is normal, as it mostly is in real logs. */
const STEPS: readonly { status: string; source: string; medianMs: number; sigma: number }[] = [
  { status: 'INITIATED', source: 'shop-api', medianMs: 0.4 * HOUR_MS, sigma: 1.4 },
  { status: 'FILE_UPLOADED', source: 'shop-api', medianMs: 0.2 * HOUR_MS, sigma: 1.2 },
  { status: 'SUBMITTED', source: 'shop-api', medianMs: 0.05 * HOUR_MS, sigma: 1 },
  { status: 'PRICE_CALCULATED', source: 'mes-api', medianMs: 5 * HOUR_MS, sigma: 1.1 },
  { status: 'MANUFACTURING_APPROVED', source: 'crm-api', medianMs: 16 * HOUR_MS, sigma: 0.9 },
  { status: 'MANUFACTURING_STARTED', source: 'mes-api', medianMs: 3 * DAY_MS, sigma: 0.6 },
  { status: 'MANUFACTURING_COMPLETED', source: 'mes-api', medianMs: 3 * HOUR_MS, sigma: 0.8 },
  { status: 'PACKAGING', source: 'mes-api', medianMs: 1 * HOUR_MS, sigma: 0.7 },
  { status: 'SHIPPED', source: 'mes-api', medianMs: 4 * DAY_MS, sigma: 0.5 },
  { status: 'CLOSED', source: 'crm-api', medianMs: 0, sigma: 0 },
];
const CHANNELS = ['web', 'web', 'web', 'partner', 'seller'];
const PRODUCTS = Array.from({ length: 40 }, (_, index) => `product-${index + 1}`);
/** Every third order: one report is held back, to come late. */
const ONE_LATE = { every: 3, offset: 0, steps: new Set([7]) };
/** Every twelfth order: its MES is cut off for a while, and its last reports come late together. */
const CUT_OFF = { every: 12, offset: 1, steps: new Set([5, 6, 7, 8]) };

/** Ways of being late. */
export const LATENESS = { one: ONE_LATE, cutOff: CUT_OFF } as const;

/** An order as its systems report it. */
export interface GeneratedOrder {
  readonly facts: readonly StatusFact[];
  readonly attributes: readonly OrderAttribute[];
  /** Reports that are held back; none for most orders. */
  readonly late: readonly StatusFact[];
}

/** Id of an order: scattered over the whole range of ids, as random ids are. */
export function orderIdOf(index: number): string {
  return createHash('sha1').update(String(index)).digest('hex').slice(0, 24);
}

/** Makes order `index`, always the same for the same `now` (milliseconds); orders begin over the year before it, and are open where their steps lie after it. */
export function generateOrder(index: number, now: number): GeneratedOrder {
  const random = generator(index);
  const order = { kind: 'order', orderId: orderIdOf(index) } as const;
  const begin = now - random() * YEAR_MS;
  const facts: StatusFact[] = [];
  const late: StatusFact[] = [];
  const lateness = Object.values(LATENESS).find(({ every, offset }) => index % every === offset);
  let at = begin;
  for (const [step, { status, source, medianMs, sigma }] of STEPS.entries()) {
    if (at > now) break;
    const occurredAt: UnixNano = msToNano(at) + BigInt(Math.floor(random() * 1e6));
    const fact: StatusFact = {
      order,
      status,
      occurredAt,
      observedAt: occurredAt + BigInt(Math.floor(random() * 5e9)),
      source,
      sourceVersion: `1.${Math.floor(((at - now) / YEAR_MS + 1) * 12)}`,
      evidenceKind: 'api',
      evidenceId: `${order.orderId}:${step}`,
      sequence: step,
      traceId: null,
      spanId: null,
    };
    (lateness?.steps.has(step) === true ? late : facts).push(fact);
    at += medianMs * Math.exp(sigma * normal(random));
  }
  const attribute = (name: string, value: string): OrderAttribute => {
    return { order, name, value, occurredAt: msToNano(begin), traceId: null };
  };
  const attributes = [
    attribute('order.channel', CHANNELS[Math.floor(random() * CHANNELS.length)] ?? 'web'),
    attribute('product.id', PRODUCTS[Math.floor(random() * PRODUCTS.length)] ?? ''),
  ];
  return { facts, attributes, late };
}

/** Mulberry32: small, seeded, even enough for durations. */
function generator(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
