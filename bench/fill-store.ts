import { setTimeout as sleep } from 'node:timers/promises';
import type { Lifecycle } from '../src/lifecycle/definition.ts';
import { compileMachine } from '../src/lifecycle/machine.ts';
import { msToNano } from '../src/model/units.ts';
import { encodeRecord } from '../src/pipeline/journal/encode-record.ts';
import { readSegment } from '../src/pipeline/journal/record.ts';
import { Projector } from '../src/projector/projector.ts';
import { storeConfigSchema } from '../src/store/config.ts';
import { openStore } from '../src/store/store.ts';
import { generateOrder } from './generated-orders.ts';

/** Orders of one segment. */
const ORDERS_PER_SEGMENT = 10_000;
/** Segments that the projector may lie behind; it works beside the insertion. */
const MAX_BEHIND = 4;
/** Tables that hold a year when it is filled. */
const FILLED = ['orders', 'visits', 'status_facts', 'order_attributes'];

/** Fills the store of a data directory with generated orders: through the journal's codec into the tables, and folded by the projector. */
export async function fillStore(options: {
  readonly dataDir: string;
  readonly orders: number;
  readonly now: number;
  readonly lifecycle: Lifecycle;
  readonly progress: (folded: number) => void;
}): Promise<void> {
  const store = await openStore(storeConfigSchema.parse({}), { dataDir: options.dataDir, log: () => undefined });
  const projector = new Projector({
    store: store.client,
    machine: compileMachine(options.lifecycle),
    onError: (error) => {
      throw error;
    },
  });
  try {
    await projector.start();
    let segment = 0;
    for (let first = 0; first < options.orders; first += ORDERS_PER_SEGMENT) {
      segment += 1;
      const count = Math.min(ORDERS_PER_SEGMENT, options.orders - first);
      const generated = Array.from({ length: count }, (_, index) => generateOrder(first + index, options.now));
      const record = encodeRecord({
        observedAt: msToNano(options.now),
        spans: undefined,
        messages: undefined,
        facts: generated.flatMap(({ facts }) => facts),
        attributes: generated.flatMap(({ attributes }) => attributes),
        binding: undefined,
      });
      for (const { table, blocks } of readSegment(Buffer.from(record.bytes), segment).tables) {
        await store.client.insertBlocks(table, blocks, { token: `bench-${segment}-${table}` });
      }
      projector.notify();
      while (projector.stats().segment < segment - MAX_BEHIND) await sleep(20);
      options.progress(projector.stats().refoldedOrders);
    }
    while (projector.stats().segment < segment) await sleep(50);
    // A year leaves its orders in large parts; minutes leave merges that come due in the middle of what is measured.
    for (const table of FILLED) await store.client.command(`OPTIMIZE TABLE ${table} FINAL`);
  } finally {
    await projector.stop();
    await store.close();
  }
}
