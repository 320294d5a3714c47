import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultKind, OrderPlan } from '../../examples/jewelry/faults.ts';
import type { DeadLetter, OrderMessages, Queues } from '../../src/api/contract/index.ts';
import { throwIfInterrupted } from './demo-error.ts';
import { formatSeconds, type Terminal } from './terminal.ts';
import type { WaybillApi } from './waybill-api.ts';

type OrderMessage = OrderMessages['messages'][number];

/** What Waybill tells about the broker. */
export interface BrokerFacts {
  readonly queues: readonly Pick<Queues['queues'][number], 'queue' | 'delay'>[];
  readonly unroutable: readonly Pick<Queues['unroutable'][number], 'routingKey' | 'count'>[];
  readonly deadLetters: readonly Pick<DeadLetter, 'reason' | 'originQueue' | 'orderId'>[];
  /** Messages of the first order that the slow consumer keeps waiting; empty where there is none. */
  readonly slowMessages: readonly Pick<OrderMessage, 'queue' | 'delayMs'>[];
}

/** One kind of fault that happens inside the broker: what Waybill shows of it, and where. */
export interface Finding {
  readonly fault: FaultKind;
  readonly found: boolean;
  readonly text: string;
  /** The page that shows it. */
  readonly url: string;
}

/** The order's pictures that wait for the renderer; one that is too much for it takes thirty times as long as others. */
const slowQueue = 'mes.previews';
const lostKey = 'order.dispatched';
/** How faults leave a dead letter: its reason, and where it died. */
const deaths = {
  poison_message: { reason: 'rejected', queue: 'mes.price' },
  expired_message: { reason: 'expired', queue: 'crm.callbacks' },
} as const;

/** A delay of more than this at time scale 1, in milliseconds, is the slow consumer's: two of its pictures take twelve seconds. */
const slowDelayMs = 3000;

/**
 * Looks for every planned fault that happens inside the broker.
 *
 * @param base address of Waybill's pages
 */
export function brokerFindings(
  plans: readonly OrderPlan[],
  facts: BrokerFacts,
  at: { readonly base: string; readonly timeScale: number },
): Finding[] {
  const planned = (fault: FaultKind) => plans.filter((plan) => plan.fault === fault).map(({ orderId }) => orderId);
  const findings: Finding[] = [];
  const slow = planned('slow_consumer');
  if (slow.length > 0) {
    const p95Ms = facts.queues.find(({ queue }) => queue === slowQueue)?.delay.p95Ms ?? null;
    findings.push({
      fault: 'slow_consumer',
      // By the order: among many more messages its few are not in the last twentieth.
      found: facts.slowMessages.some(
        ({ queue, delayMs }) => queue === slowQueue && delayMs !== null && delayMs > slowDelayMs * at.timeScale,
      ),
      text: `${slowQueue}: wait, p95: ${p95Ms === null ? 'not known' : formatSeconds(p95Ms)}`,
      url: `${at.base}/queues`,
    });
  }
  for (const fault of ['poison_message', 'expired_message'] as const) {
    const orders = planned(fault);
    if (orders.length === 0) continue;
    const { reason, queue } = deaths[fault];
    const dead = facts.deadLetters.filter((letter) => letter.reason === reason && letter.originQueue === queue);
    const known = new Set(dead.map(({ orderId }) => orderId));
    findings.push({
      fault,
      found: orders.every((orderId) => known.has(orderId)),
      text: `${queue}: dead letters, ${reason}: ${dead.length}`,
      url: `${at.base}/dead-letters?reason=${reason}`,
    });
  }
  const lost = planned('unroutable_publish');
  if (lost.length > 0) {
    const count = facts.unroutable.find(({ routingKey }) => routingKey === lostKey)?.count ?? 0;
    findings.push({
      fault: 'unroutable_publish',
      found: count >= lost.length,
      text: `${lostKey}: taken by no queue: ${count}`,
      url: `${at.base}/queues`,
    });
  }
  return findings;
}

/** Waits until everything that was planned is found, at most twenty seconds; the last look in any case. */
export async function untilFound(
  api: WaybillApi,
  plans: readonly OrderPlan[],
  at: { readonly base: string; readonly timeScale: number; readonly signal: AbortSignal },
): Promise<Finding[]> {
  const until = Date.now() + 20_000;
  for (;;) {
    throwIfInterrupted(at.signal);
    const slow = plans.find(({ fault }) => fault === 'slow_consumer');
    const slowMessages = slow === undefined ? [] : await api.messages(slow.orderId);
    const findings = brokerFindings(plans, { ...(await api.broker()), slowMessages }, at);
    if (findings.every(({ found }) => found) || Date.now() > until) return findings;
    await sleep(1000);
  }
}

function width(cells: readonly string[]): number {
  return Math.max(...cells.map((cell) => cell.length));
}

/** One line a finding, with where to look, ready to print; nothing where nothing was planned. */
export function renderFindings(findings: readonly Finding[], terminal: Pick<Terminal, 'paint'>): string[] {
  if (findings.length === 0) return [];
  const faultWidth = width(findings.map(({ fault }) => fault));
  const textWidth = width(findings.map(({ text }) => text));
  const lines = findings.map(({ fault, found, text, url }) => {
    const mark = found ? terminal.paint('good', '✓') : terminal.paint('bad', '✗');
    return `  ${mark}  ${fault.padEnd(faultWidth)}  ${text.padEnd(textWidth)}  ${url}`;
  });
  return ['', `  ${terminal.paint('dim', 'inside the broker')}`, ...lines];
}
