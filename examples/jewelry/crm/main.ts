import { openBroker } from '../broker.ts';
import { config } from '../config.ts';
import { openDatabase } from '../database.ts';
import { run } from '../run.ts';
import { openApi } from '../service.ts';
import { crmSubscriptions } from './messages.ts';
import { ddl, Orders } from './orders.ts';
import { crmRoutes } from './routes.ts';
import { startSeller } from './seller.ts';

await run(async (signal, atStop) => {
  const db = await openDatabase(config.databases.crm, ddl, signal);
  atStop(() => db.end());
  const orders = new Orders(db);
  const broker = await openBroker(config.amqpUrl, crmSubscriptions(orders));
  atStop(() => broker.stop());
  await openApi(config.ports.crm, crmRoutes(orders), atStop);
  startSeller(signal);
  return undefined;
});
