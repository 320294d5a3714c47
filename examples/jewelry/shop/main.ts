import { openBroker } from '../broker.ts';
import { config } from '../config.ts';
import { openDatabase } from '../database.ts';
import { numberField, parseFields, textField } from '../fields.ts';
import { run } from '../run.ts';
import { openApi } from '../service.ts';
import { ddl, Orders } from './orders.ts';
import { shopRoutes } from './routes.ts';

await run(async (signal, atStop) => {
  const db = await openDatabase(config.databases.shop, ddl, signal);
  atStop(() => db.end());
  const orders = new Orders(db);
  const broker = await openBroker(config.amqpUrl, [
    {
      queue: 'shop.updates',
      keys: ['price.calculated', 'order.shipped'],
      atOnce: 8,
      handle: async ({ fields: { routingKey }, content }) => {
        const body = parseFields(content);
        const orderId = textField(body, 'orderId');
        if (routingKey === 'price.calculated') await orders.setPrice(orderId, numberField(body, 'price'));
        else await orders.markShipped(orderId);
      },
    },
  ]);
  atStop(() => broker.stop());
  await openApi(config.ports.shop, shopRoutes(orders, broker), atStop);
  return undefined;
});
