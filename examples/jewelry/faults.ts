import { draw } from './seeded.ts';

/** The ten statuses of an order, in the order an undisturbed one visits them. */
export const statuses = [
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

/** One of the ten statuses. */
export type Status = (typeof statuses)[number];

/** What can go wrong with an order; README.md describes what each looks like from outside. */
export const faultKinds = [
  'price_timeout',
  'mes_500',
  'poison_message',
  'lost_between_shop_and_crm',
  'status_skipped',
  'operator_forgot',
  'slow_consumer',
  'expired_message',
  'unroutable_publish',
] as const;

/** One of the nine faults. */
export type FaultKind = (typeof faultKinds)[number];

/** All that is decided about an order before it is placed. */
export type OrderPlan = {
  readonly orderId: string;
  readonly fault: FaultKind | null;
  /** The statuses the order visits, first to last. */
  readonly visits: readonly Status[];
  /** Where the order ends, or stays for ever when a fault holds it. */
  readonly finalStatus: Status;
};

/** The status at which a fault holds an order for ever; faults that are not named let it reach CLOSED. */
const heldAt: Partial<Record<FaultKind, Status>> = {
  poison_message: 'SUBMITTED',
  lost_between_shop_and_crm: 'PRICE_CALCULATED',
  operator_forgot: 'MANUFACTURING_STARTED',
  unroutable_publish: 'SHIPPED',
};

/**
 * The plan of one order; it depends on nothing but the arguments.
 * @param seed the run's `JEWELRY_SEED`
 * @param k the order's number in the run, from 1
 * @param rate share of orders with a fault, 0 to 1
 */
export function planOrder(seed: string, k: number, rate: number): OrderPlan {
  const fault = faultOf(seed, k, rate);
  const held = fault === null ? undefined : heldAt[fault];
  const visits = statuses
    .slice(0, held === undefined ? statuses.length : statuses.indexOf(held) + 1)
    .filter((status) => !(fault === 'status_skipped' && status === 'PACKAGING'));
  return { orderId: orderIdOf(seed, k), fault, visits, finalStatus: held ?? 'CLOSED' };
}

/** The id of order `k`: `JW-<seed>-<k, at least four digits>`. */
export function orderIdOf(seed: string, k: number): string {
  return `JW-${seed}-${String(k).padStart(4, '0')}`;
}

/**
 * The fault of order `k`, or null. Faults are spread evenly, so every n orders in a row hold n times the rate of them
 * (within one), and their kinds take turns; the seed decides only where both begin.
 */
export function faultOf(seed: string, k: number, rate: number): FaultKind | null {
  const begin = draw(`${seed}:fault-begin`);
  const count = Math.floor(k * rate + begin);
  if (count === Math.floor((k - 1) * rate + begin)) return null;
  const firstKind = Math.floor(draw(`${seed}:fault-kind`) * faultKinds.length);
  return faultKinds[(count + firstKind) % faultKinds.length] ?? null;
}

/** Reads a fault's name from a request or a message; anything else is no fault. */
export function faultNamed(value: unknown): FaultKind | null {
  return faultKinds.find((kind) => kind === value) ?? null;
}
