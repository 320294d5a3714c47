import { openBroker } from '../broker.ts';
import { config } from '../config.ts';
import { openDatabase } from '../database.ts';
import { run } from '../run.ts';
import { openApi } from '../service.ts';
import { ddl, Jobs } from './jobs.ts';
import { startOperator } from './operator.ts';
import { drawPreview } from './previews.ts';
import { priceOrder } from './pricing.ts';
import { mesRoutes } from './routes.ts';

await run(async (signal, atStop) => {
  const db = await openDatabase(config.databases.mes, ddl, signal);
  atStop(() => db.end());
  const jobs = new Jobs(db);
  const broker = await openBroker(config.amqpUrl, [
    {
      queue: 'mes.price',
      // Every version of the message; see the shop's submittedMessage.
      keys: ['order.submitted.#'],
      atOnce: 8,
      handle: (message, publisher) => priceOrder(jobs, publisher, message, signal),
    },
    {
      queue: 'mes.previews',
      keys: ['preview.requested'],
      atOnce: 1,
      handle: (message) => drawPreview(message, signal),
    },
  ]);
  atStop(() => broker.stop());
  await openApi(config.ports.mes, mesRoutes(jobs, broker), atStop);
  startOperator(signal);
  return undefined;
});
