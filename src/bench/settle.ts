import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { system } from '../api/contract/system.ts';
import type { StoreClient } from '../store/client.ts';
import { processTree } from './processes.ts';

/** What can be seen of a system under test. */
export interface Sight {
  /** Base URL of Waybill's API; undefined where the target is something else. */
  readonly api: string | undefined;
  /** Waybill's embedded store, where it is at hand. */
  readonly store: StoreClient | undefined;
  /** Root of the tree of its processes. */
  readonly pid: number | undefined;
}

/** The end of the work that a load caused. */
export interface Settled {
  /** Whether it came to rest in time. */
  readonly isQuiet: boolean;
  /** CPU seconds of the whole tree when it had come to rest; undefined where they cannot be seen. */
  readonly cpuSeconds: number | undefined;
}

const LOOK_EVERY_MS = 500;
/** Looks in a row without work that count as rest: merges begin a moment after the last insert. */
const QUIET_LOOKS = 8;
/** Share of a core that a system at rest may use. */
const IDLE_SHARE = 0.1;

const running = z.object({ merges: z.coerce.number() });

/**
 * Waits until everything accepted is in the store, every touched order is folded and broken down, and merges are over; of what is not Waybill, until
 * its processes hardly use CPU; of what cannot be seen at all, not.
 */
export async function settle(sight: Sight, withinMs: number): Promise<Settled> {
  const giveUpAt = Date.now() + withinMs;
  let quietLooks = 0;
  let atRest = cpuSecondsOf(sight.pid);
  let before = { seconds: atRest, at: performance.now() };
  if (sight.pid === undefined && sight.api === undefined) return { isQuiet: false, cpuSeconds: undefined };
  for (;;) {
    await sleep(LOOK_EVERY_MS);
    const now = { seconds: cpuSecondsOf(sight.pid), at: performance.now() };
    const share = ((now.seconds ?? 0) - (before.seconds ?? 0)) / ((now.at - before.at) / 1000);
    before = now;
    const isIdle = share < IDLE_SHARE && !(await hasWork(sight));
    quietLooks = isIdle ? quietLooks + 1 : 0;
    // What comes after the first quiet look is looking.
    if (quietLooks <= 1) atRest = now.seconds;
    if (quietLooks >= QUIET_LOOKS) return { isQuiet: true, cpuSeconds: atRest };
    if (Date.now() > giveUpAt) return { isQuiet: false, cpuSeconds: now.seconds };
  }
}

async function hasWork({ api, store }: Sight): Promise<boolean> {
  if (api !== undefined) {
    const answer = await fetch(`${api}/api/system`)
      .then((response) => response.json())
      .catch(() => undefined);
    const { success, data } = system.safeParse(answer);
    // Who does not answer may be busy.
    if (!success) return true;
    const { journal, projector } = data;
    // Breaking down begins ten seconds after an order was last heard of: without it, rest would be seen before that work.
    if (journal.segments > 0 || projector.lagMs > 0 || projector.breakingDown > 0) return true;
  }
  if (store === undefined) return false;
  const [row] = await store.query('SELECT count() AS merges FROM system.merges', {}, running);
  return (row?.merges ?? 0) > 0;
}

/** CPU seconds of a tree; undefined without one. */
export function cpuSecondsOf(pid: number | undefined): number | undefined {
  return pid === undefined ? undefined : processTree(pid).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

const bytes = z.coerce.number();
const partFigures = z.object({
  mergedPaths: z.array(z.string()).describe('parts that were merged into others and are kept for a minute more'),
  activeParts: z.coerce.number(),
  spanBytes: bytes.describe('of table `spans` alone, on disk'),
  spanColumnBytes: bytes.describe('of table `spans` before compression'),
});

/** What the store's parts take, in bytes. */
export type StoreBytes = z.infer<typeof partFigures>;

export async function storeBytes(store: StoreClient): Promise<StoreBytes> {
  const [row] = await store.query(
    `SELECT groupArrayIf(path, NOT active) AS mergedPaths, countIf(active) AS activeParts,
       sumIf(bytes_on_disk, active AND table = 'spans') AS spanBytes,
       sumIf(data_uncompressed_bytes, active AND table = 'spans') AS spanColumnBytes
     FROM system.parts WHERE database = currentDatabase()`,
    {},
    partFigures,
  );
  return row ?? { mergedPaths: [], activeParts: 0, spanBytes: 0, spanColumnBytes: 0 };
}
