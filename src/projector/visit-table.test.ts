import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { foldOrder } from '../lifecycle/fold.ts';
import { machineOf } from '../lifecycle/testing/reference-machines.ts';
import type { StatusFact } from '../model/order.ts';
import { msToNano } from '../model/units.ts';
import type { StoreClient } from '../store/client.ts';
import { readOrderPage } from '../store/order-state.ts';
import type { Store } from '../store/store.ts';
import { openTemporaryStore } from '../store/testing/temporary-store.ts';
import { toDateTime64 } from '../store/time.ts';
import { Projector } from './projector.ts';

const machine = machineOf('A B C D!', 'A>B B>C C>D B>B D>B');
/** Touches older than a week are let go by the store. */
const START = msToNano(Date.now() - 3_600_000);

/** What happens to the store: a report of an order, a round of the projector, one that dies at its n-th insert, a merge. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ order: fc.nat(3), status: fc.constantFrom('A', 'B', 'C', 'D', 'X'), at: fc.nat(40) }),
  },
  { weight: 2, arbitrary: fc.constant('round' as const) },
  { weight: 3, arbitrary: fc.record({ diesAt: fc.nat(4), before: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant('merge' as const) },
);

/** The store as a process sees it that dies at its n-th insert: before the rows are in, or right after. */
function dying(store: StoreClient, { diesAt, before }: { diesAt: number; before: boolean }): StoreClient {
  let inserts = 0;
  const guarded = async <Result>(insert: () => Promise<Result>): Promise<Result> => {
    inserts += 1;
    if (inserts > diesAt + 1 || (inserts === diesAt + 1 && before)) throw new Error('dead');
    const result = await insert();
    if (inserts === diesAt + 1) throw new Error('dead');
    return result;
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === 'insertRows')
        return (...args: Parameters<StoreClient['insertRows']>) => guarded(() => target.insertRows(...args));
      if (name === 'insertBlocks')
        return (...args: Parameters<StoreClient['insertBlocks']>) => guarded(() => target.insertBlocks(...args));
      return target.query.bind(target);
    },
  });
}

/** Runs a projector until it has nothing to do, or once failed. */
async function project(store: StoreClient): Promise<void> {
  const projector = new Projector({
    store,
    machine,
    onError: () => undefined,
  });
  await projector.start();
  while (projector.stats().failures === 0 && projector.stats().waitingSince !== undefined) await sleep(2);
  await projector.stop();
}

describe('the table of visits', () => {
  let store: Store;
  let segment = 0;
  const reported = new Map<string, StatusFact[]>();

  beforeAll(async () => {
    store = await openTemporaryStore();
  });

  afterAll(async () => {
    await store.close();
  });

  async function report(orderId: string, status: string, at: bigint): Promise<void> {
    segment += 1;
    const when = toDateTime64(at);
    const facts = reported.get(orderId) ?? [];
    reported.set(orderId, [
      ...facts,
      {
        order: { kind: 'order', orderId },
        status,
        occurredAt: at,
        observedAt: at,
        source: 's',
        evidenceKind: 'api',
        evidenceId: `${segment}`,
        sequence: 0,
        traceId: null,
        spanId: null,
      },
    ]);
    await store.client.insertRows('status_facts', [
      {
        order_id: orderId,
        status,
        occurred_at: when,
        observed_at: when,
        source: 's',
        evidence_kind: 'api',
        evidence_id: `${segment}`,
        segment,
      },
    ]);
    await store.client.insertRows('touches', [{ segment, order_id: orderId, observed_at: when }]);
  }

  it('adds up to the visits of the orders after any rounds, deaths between inserts, and merges', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        run += 1;
        for (const each of steps) {
          if (each === 'round') await project(store.client);
          else if (each === 'merge') await store.client.command('OPTIMIZE TABLE visits FINAL');
          else if ('diesAt' in each) await project(dying(store.client, each));
          else await report(`${run}-${each.order}`, each.status, START + BigInt(each.at) * 60_000_000_000n);
        }
        await project(store.client);
        const own = { prefix: `${run}-` };
        const held = await store.client.query(
          `SELECT order_id, toString(status) AS status_name, toString(previous) AS previous_name, toString(entered_nano) AS entered,
             toString(left_nano) AS left, sum(net) AS nets
           FROM visits WHERE startsWith(order_id, {prefix:String}) AND visit != 65535
           GROUP BY order_id, visit, content, status, previous, entered_nano, left_nano HAVING nets != 0
           ORDER BY order_id, visit`,
          own,
          z.object({
            order_id: z.string(),
            status_name: z.string(),
            entered: z.string(),
            left: z.string(),
            nets: z.coerce.number(),
          }),
        );
        const kept = await readOrderPage(store.client, { after: own.prefix, limit: 100 });
        const expected = kept
          .filter(({ orderId }) => orderId.startsWith(own.prefix))
          .flatMap(({ orderId, folded }) =>
            folded.visits.map(({ status, enteredAt, leftAt }) => ({
              order_id: orderId,
              status_name: status,
              entered: String(enteredAt),
              left: String(leftAt ?? 0n),
              nets: 1,
            })),
          );
        expect(held).toEqual(expected);
        const folded = [...reported]
          .filter(([orderId]) => orderId.startsWith(own.prefix))
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .flatMap(([orderId, facts]) => foldOrder(machine, facts).visits.map((visit) => ({ orderId, visit })));
        expect(held.map(({ order_id, status_name, entered }) => [order_id, status_name, entered])).toEqual(
          folded.map(({ orderId, visit }) => [orderId, visit.status, String(visit.enteredAt)]),
        );
        const [whole] = await store.client.query(
          `SELECT (SELECT sum(net) FROM visits WHERE visit = 65535 AND startsWith(order_id, {prefix:String})) AS rows,
             (SELECT count() FROM orders FINAL WHERE startsWith(order_id, {prefix:String})) AS orders`,
          own,
          z.object({ rows: z.coerce.number(), orders: z.coerce.number() }),
        );
        expect(whole?.rows).toBe(whole?.orders);
      }),
      { numRuns: 20 },
    );
  }, 600_000);
});
