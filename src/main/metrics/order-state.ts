import type { DurationNano, UnixNano } from '../../model/units.ts';
import { brokerFigures } from '../../query/metrics/broker-figures.ts';
import { orderFigures } from '../../query/metrics/order-figures.ts';
import { queueDelays } from '../../query/metrics/queue-figures.ts';
import type { Queries } from '../../query/queries.ts';
import type { StoreClient } from '../../store/client.ts';
import type { OrderState } from './order-measurements.ts';

/** Most stuck orders that are counted; the query behind them looks at no more open orders than that. */
const MAX_STUCK = 20_000;

/** Reads what the metrics of orders are made of. What is stuck is decided by the same question as the page of stuck orders. */
export async function readOrderState(from: {
  readonly store: StoreClient;
  readonly queries: Queries;
  readonly now: () => UnixNano;
  readonly recoveryTime: DurationNano;
}): Promise<OrderState> {
  const figures = await orderFigures(from.store, { now: from.now(), recoveryTime: from.recoveryTime });
  const { orders } = await from.queries.stuck(MAX_STUCK);
  const stuck = new Map<string, number>();
  for (const { status } of orders) stuck.set(status, (stuck.get(status) ?? 0) + 1);
  const queues = await queueDelays(from.store, from.now());
  const brokers = await brokerFigures(from.store, from.now());
  return { figures, stuck, queues, brokers };
}
