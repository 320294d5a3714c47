import type { Machine } from '../lifecycle/machine.ts';
import { Breakdowns } from '../projector/breakdowns.ts';
import { Projector } from '../projector/projector.ts';
import type { Store } from '../store/store.ts';
import { describeError } from './describe-error.ts';
import type { Log } from './log.ts';

/** Starts what makes orders out of facts: the projector, and the worker that breaks down visits which it saw end. */
export async function startFolding(
  { store, machine, log }: { store: Pick<Store, 'client'>; machine: Machine; log: Log },
  undo: (() => Promise<unknown>)[],
): Promise<{ breakdowns: Breakdowns; projector: Projector }> {
  const breakdowns = new Breakdowns({
    store: store.client,
    onError: (error) => log('error', `breaking down visits failed: ${describeError(error)}`),
  });
  breakdowns.start();
  undo.push(() => breakdowns.stop());
  const projector = new Projector({
    store: store.client,
    machine,
    onRefolded: (orderIds) => breakdowns.notify(orderIds),
    onError: (error) => log('error', `refolding orders failed, trying again: ${describeError(error)}`),
  });
  await projector.start();
  undo.push(() => projector.stop());
  return { breakdowns, projector };
}
