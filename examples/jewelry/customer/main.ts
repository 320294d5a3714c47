import { sleep } from '../clock.ts';
import { config } from '../config.ts';
import { planOrder } from '../faults.ts';
import { type Callee, call } from '../http-client.ts';
import { errorText, log } from '../log.ts';
import { run } from '../run.ts';
import { orderJewelry } from './journey.ts';
import { Watch } from './watch.ts';

const placeOrders = async (signal: AbortSignal): Promise<number> => {
  for (const callee of ['shop', 'crm', 'mes'] as const) await untilHealthy(callee, signal);
  const { seed, orders, ordersPerMinute, faultRate } = config;
  const watch = new Watch(signal);
  const journeys: Promise<void>[] = [];
  log('-', `seed ${seed}, ${orders === 0 ? 'orders without end' : `${orders} orders`}, ${ordersPerMinute} a minute`);
  const last = orders === 0 ? Number.POSITIVE_INFINITY : orders;
  for (let k = 1; k <= last; k += 1) {
    if (k > 1) await sleep(60_000 / ordersPerMinute, signal);
    const plan = planOrder(seed, k, faultRate);
    const journey = orderJewelry(plan, watch, signal).then(() => log(plan.orderId, `at its end: ${plan.finalStatus}`));
    journey.catch(() => undefined); // ends only by the signal; in an endless run nobody waits for it
    if (orders > 0) journeys.push(journey);
  }
  await Promise.all(journeys);
  log('-', `all ${orders} orders are where they end`);
  return 0;
};

/** The shop opens when everybody is there; a service answers once it reached its database and the broker. */
async function untilHealthy(callee: Callee, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return void (await call(callee, 'GET', '/health'));
    } catch (error) {
      if (attempt % 20 === 10) log('-', `waiting for ${callee}: ${errorText(error)}`);
      await sleep(500, signal);
    }
  }
}

// Stopped before its orders are done, a run with an end has failed.
await run(placeOrders, config.orders > 0 ? 1 : 0);
