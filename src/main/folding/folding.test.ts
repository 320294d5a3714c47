import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { loanMachine } from '../../lifecycle/testing/reference-machines.ts';
import { Folding } from './folding.ts';
import type { FoldingInput } from './folding-messages.ts';

const input: FoldingInput = {
  store: { url: 'http://127.0.0.1:9', database: 'none' },
  lifecycle: loanMachine().lifecycle,
};
const log: string[] = [];
let folding: Folding;

function startWith(thread?: URL): Promise<void> {
  log.length = 0;
  folding = new Folding({
    input,
    log: (_level, message, fields) => log.push(`${message} ${JSON.stringify(fields ?? {})}`),
    ...(thread === undefined ? {} : { thread }),
  });
  return folding.start();
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5);
}

afterEach(() => folding.stop());

it('lags from the moment in which a segment comes until the thread says that it is folded', async () => {
  await startWith(new URL('./testing/dying-thread.ts', import.meta.url));
  expect(folding.stats()).toMatchObject({ lagMs: 0, projector: { refoldedOrders: 0 } });
  folding.notify();
  expect(folding.stats().lagMs).toBeGreaterThan(0);
  await until(() => folding.stats().lagMs === 0);
  expect(folding.stats().projector.refoldedOrders).toBe(1);
});

it('starts a thread that died again, counts that, and goes on where it was', async () => {
  await startWith(new URL('./testing/dying-thread.ts', import.meta.url));
  folding.notify();
  await until(() => folding.stats().lagMs === 0);
  folding.notify();
  folding.notify();
  await until(() => log.length > 0);
  // What an error says may be data.
  expect(log.join()).toMatch(/died and is started again.*unexpected Error/);
  expect(log.join()).not.toContain('the text of an order');
  expect(folding.stats()).toMatchObject({ projector: { refoldedOrders: 1, failures: 1 } });
  expect(folding.stats().lagMs).toBeGreaterThan(0);
  // The new thread hears that there were three segments, and dies of that, too.
  await until(() => log.length > 1);
  expect(folding.stats().projector).toMatchObject({ refoldedOrders: 1, failures: 2 });
}, 20_000);

it('refuses to start where the store does not answer, and says so', async () => {
  await expect(startWith()).rejects.toMatchObject({ name: 'WaybillError', code: 'store_unavailable' });
});
