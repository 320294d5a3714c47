import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { machineOf } from '../lifecycle/testing/reference-machines.ts';
import type { StoreClient } from '../store/client.ts';
import type { Store } from '../store/store.ts';
import { openTemporaryStore } from '../store/testing/temporary-store.ts';
import { Progress } from './progress.ts';
import { Projector } from './projector.ts';

let store: Store;

beforeAll(async () => {
  store = await openTemporaryStore();
});

afterAll(async () => {
  await store.close();
});

it('begins a round once a second however often it is told, and at once after the clock was set back', async () => {
  let now = 1_000_000;
  let rounds = 0;
  const counting = new Proxy(store.client, {
    get(target, name) {
      if (name !== 'query') return Reflect.get(target, name).bind(target);
      return (...args: Parameters<StoreClient['query']>) => {
        if (args[0].includes('FROM touches')) rounds += 1;
        return target.query(...args);
      };
    },
  });
  const projector = new Projector({ store: counting, machine: machineOf('A B!', 'A>B'), now: () => now });
  const settled = async (): Promise<number> => {
    for (let told = 0; told < 5; told += 1) {
      projector.notify();
      await sleep(20);
    }
    return rounds;
  };
  await projector.start();
  expect(await settled()).toBe(1);
  now += 1_000;
  expect(await settled()).toBe(2);
  now -= 500_000;
  expect(await settled()).toBe(3);
  await projector.stop();
});

it('tells the next process how far it got, even where folds write nothing', async () => {
  let now = 1_000_000;
  const last = new Progress({ store: store.client, now: () => now });
  expect(await last.start()).toEqual([]);
  await last.begin(0, last.nextRevision(), ['ORD-1', 'ORD-2']);
  await last.foldedUpTo(7);
  const next = new Progress({ store: store.client, now: () => now });
  // A crash here repeats what was folded since the last row, and tells what may be written by halves.
  expect(await next.start()).toEqual(['ORD-1', 'ORD-2']);
  expect(next.segment).toBe(0);
  expect(next.nextRevision()).toBe(2n);
  now += 10_000;
  await last.foldedUpTo(8);
  expect(await next.start()).toEqual(['ORD-1', 'ORD-2']);
  expect(next.segment).toBe(8);
  await last.foldedUpTo(9);
  await last.end();
  expect(await next.start()).toEqual([]);
  expect(next.segment).toBe(9);
});
