import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeConfigSchema } from '../config.ts';
import { openStore, type Store } from '../store.ts';

/** Opens an empty store with an embedded server of its own, in a directory that `close` removes. */
export async function openTemporaryStore(): Promise<Store> {
  const dataDir = await mkdtemp(join(tmpdir(), 'waybill-store-'));
  const store = await openStore(storeConfigSchema.parse({ maxMemoryBytes: 1024 ** 3 }), {
    dataDir,
    log: () => undefined,
  });
  const close = async (): Promise<void> => {
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { ...store, close };
}
