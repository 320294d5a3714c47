import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderPlan } from '../../examples/jewelry/faults.ts';
import type { OrderListItem, Statuses } from '../../src/api/contract/index.ts';
import { messageOf, throwIfInterrupted } from './demo-error.ts';
import { judge } from './summary.ts';
import { formatSeconds, type Terminal } from './terminal.ts';
import type { WaybillApi } from './waybill-api.ts';

/** How often the status is shown, in milliseconds: in place on a TTY, else as a line of its own. */
const everyMs = { live: 1000, lines: 15_000 };

/** Shows how many orders there are and where, until the returned function is called. */
export function showStatus(api: WaybillApi, terminal: Terminal): () => void {
  const began = performance.now();
  const stopped = new AbortController();
  const show = async () => {
    while (!stopped.signal.aborted) {
      const text = await api
        .statuses()
        .then(statusText, (error: unknown) => `Waybill does not tell: ${messageOf(error)}`);
      if (stopped.signal.aborted) return;
      const line = `  ${terminal.paint('dim', formatSeconds(performance.now() - began).padStart(12))}  ${text}`;
      if (terminal.interactive) terminal.status(line);
      else terminal.print(line);
      const pause = terminal.interactive ? everyMs.live : everyMs.lines;
      await sleep(pause, undefined, { signal: stopped.signal }).catch(() => {});
    }
  };
  void show();
  return () => {
    stopped.abort();
    terminal.status(undefined);
  };
}

/** One line: the totals, then the statuses in which orders are, in the order of the lifecycle. */
export function statusText({ orders, statuses }: Pick<Statuses, 'orders' | 'statuses'>): string {
  const where = statuses
    .filter((row) => !row.final && row.open.count > 0)
    .map((row) => `${row.status} ${row.open.count}`)
    .join(' · ');
  const totals = `orders ${orders.total}, open ${orders.open}, closed ${orders.closed}, deviating ${orders.deviating}`;
  return where === '' ? totals : `${totals}   ${where}`;
}

/**
 * Waits until Waybill shows the orders as they were planned, or nothing about them changes any more.
 *
 * The customers see an order's end before its last spans have travelled, so the first look may be too early. Bounded:
 * without changes for 15 s (longer at a slower time scale), and by two minutes in all.
 */
export async function untilSettled(
  api: WaybillApi,
  plans: readonly OrderPlan[],
  options: { timeScale: number; signal: AbortSignal },
): Promise<OrderListItem[]> {
  const quietMs = 15_000 * Math.max(1, options.timeScale);
  const began = Date.now();
  let changed = began;
  let before = '';
  for (;;) {
    throwIfInterrupted(options.signal);
    const orders = await ordersOf(api, plans);
    const now = JSON.stringify(orders);
    if (now !== before) changed = Date.now();
    const asPlanned = judge(plans, orders).every(({ differences }) => differences.length === 0);
    // As planned and unchanged between two looks: nothing is on its way that the summary would miss.
    if ((asPlanned && now === before) || Date.now() - changed > quietMs) return orders;
    if (Date.now() - began > 120_000 + quietMs) return orders;
    before = now;
    await sleep(1500);
  }
}

async function ordersOf(api: WaybillApi, plans: readonly OrderPlan[]): Promise<OrderListItem[]> {
  const first = plans[0];
  if (first === undefined) return [];
  // All ids of a run begin alike: JW-<seed>-.
  return api.orders(first.orderId.slice(0, first.orderId.lastIndexOf('-') + 1));
}
