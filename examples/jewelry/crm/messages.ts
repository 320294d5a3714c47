import type { Subscription } from '../broker.ts';
import { asFields, type Fields, numberField, parseFields, textField } from '../fields.ts';
import { log } from '../log.ts';
import { describe, statusChanged } from '../order-tracking.ts';
import type { Orders } from './orders.ts';

/** What the CRM hears: orders and receipts from the shop, prices from the MES. */
export function crmSubscriptions(orders: Orders): Subscription[] {
  return [
    {
      queue: 'crm.orders',
      keys: ['order.submitted', 'order.received'],
      atOnce: 8,
      handle: async ({ fields: { routingKey }, content }) => {
        const body = parseFields(content);
        if (routingKey === 'order.submitted') await learnOrder(orders, body);
        else await closeOrder(orders, textField(body, 'orderId'));
      },
    },
    {
      queue: 'crm.prices',
      keys: ['price.calculated'],
      atOnce: 8,
      handle: async ({ content }) => {
        const body = parseFields(content);
        const orderId = textField(body, 'orderId');
        describe({ 'order.id': orderId });
        await orders.learnPrice(orderId, textField(body, 'jobId'), numberField(body, 'price'));
      },
    },
    // The program that showed these to the sellers was switched off; the queue and the shop's button were forgotten.
    { queue: 'crm.callbacks', keys: ['callback.requested'], atOnce: 1, handle: null },
  ];
}

async function learnOrder(orders: Orders, body: Fields): Promise<void> {
  const orderId = textField(body, 'orderId');
  const customer = asFields(body.customer, '"customer"');
  describe({ 'order.id': orderId });
  await orders.learn(orderId, textField(customer, 'name'), textField(customer, 'phone'));
}

async function closeOrder(orders: Orders, orderId: string): Promise<void> {
  describe({ 'order.id': orderId });
  if (!(await orders.close(orderId))) return;
  statusChanged(orderId, 'CLOSED');
  log(orderId, 'CLOSED');
}
