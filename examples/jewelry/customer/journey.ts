import { backoffMs, sleep, stepMs } from '../clock.ts';
import type { OrderPlan } from '../faults.ts';
import { call, type Sending } from '../http-client.ts';
import { errorText, log } from '../log.ts';
import { forOrder, inSpan } from '../order-tracking.ts';
import { modelFor, personFor, wishFor } from './person.ts';
import type { Watch } from './watch.ts';

/**
 * One order from the customer's side: create, upload, submit, look at the price, confirm the receipt, each an action
 * (and a trace) of its own. Resolves when the order is where its plan ends.
 */
export async function orderJewelry(plan: OrderPlan, watch: Watch, signal: AbortSignal): Promise<void> {
  const { orderId, fault } = plan;
  const person = personFor(orderId);
  const path = `/orders/${encodeURIComponent(orderId)}`;
  const act = (name: string, callPath: string, sending: Sending): Promise<void> =>
    untilDone(orderId, signal, () =>
      inSpan(name, { ...wishFor(orderId), 'customer.phone': person.phone }, () =>
        forOrder(orderId, async () => void (await call('shop', 'POST', callPath, sending))),
      ),
    );

  await act('create order', '/orders', { json: { orderId, ...person, demoFault: fault } });
  await sleep(stepMs(orderId, 'chooseModel'), signal);
  await act('upload model', `${path}/file`, { bytes: modelFor(orderId) });
  await sleep(stepMs(orderId, 'readTerms'), signal);
  await act('submit order', `${path}/submit`, {});

  if (fault === 'poison_message') return watch.until('mes', orderId, (row) => row.status === 'REFUSED');
  await watch.until('shop', orderId, (row) => row.price !== null);
  // The page that shows the price: nothing but its address says which order it is.
  await untilDone(orderId, signal, () =>
    inSpan('look at price', {}, async () => void (await call('shop', 'GET', path))),
  );
  if (plan.finalStatus !== 'CLOSED') return watch.until('mes', orderId, (row) => row.status === plan.finalStatus);

  await watch.until('shop', orderId, (row) => row.shipped === true);
  await sleep(stepMs(orderId, 'delivery'), signal);
  await act('confirm receipt', `${path}/receipt`, {});
  await watch.until('crm', orderId, (row) => row.status === 'CLOSED');
}

/** A customer whose action failed tries it again until it works or the process stops. */
async function untilDone(orderId: string, signal: AbortSignal, action: () => Promise<void>): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await action();
    } catch (error) {
      signal.throwIfAborted();
      log(orderId, `the customer tries again: ${errorText(error)}`);
      await sleep(backoffMs(failures), signal);
    }
  }
}
