import { call } from '../http-client.ts';
import { type Answer, HttpError, type Request, type Route } from '../http-server.ts';
import { errorText, log } from '../log.ts';
import { failed, forOrder, statusChanged } from '../order-tracking.ts';
import { idsOf } from '../service.ts';
import type { Orders } from './orders.ts';

/** The CRM API: what the seller sees, and the button that approves an order. */
export function crmRoutes(orders: Orders): Route[] {
  return [
    ['POST', '/orders/{orderId}/approve', (request) => approve(orders, request)],
    [
      'GET',
      '/orders',
      async ({ query }) => {
        const rows = query.has('ids') ? await orders.list(idsOf(query)) : await orders.waitingForSeller();
        return { status: 200, json: { rows } };
      },
    ],
  ];
}

/** Approves and tells the MES. When only the telling failed, pressing the button again repeats only that. */
async function approve(orders: Orders, { param }: Request): Promise<Answer> {
  const orderId = param('orderId');
  return forOrder(orderId, async () => {
    const order = (await orders.list([orderId]))[0];
    if (order === undefined) throw new HttpError(404, `no order ${orderId}`);
    if (order.jobId === null) throw new HttpError(409, 'the order has no price yet');
    if (await orders.approve(orderId)) {
      statusChanged(orderId, 'MANUFACTURING_APPROVED');
      log(orderId, 'MANUFACTURING_APPROVED');
    }
    if (order.mesTold) return { status: 200, json: { orderId } };
    await orders.markMesAsked(orderId);
    try {
      await call('mes', 'POST', `/jobs/${encodeURIComponent(order.jobId)}/approve`, { json: { orderId } });
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
      log(orderId, `the MES did not take the approval: ${errorText(error)}`);
      return { status: 502, json: { error: 'the MES did not take the approval; press the button again later' } };
    }
    await orders.markMesTold(orderId);
    return { status: 200, json: { orderId } };
  });
}
