import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { WaybillError } from '../model/errors.ts';
import { accessTo, connect, type StoreAccess } from './access.ts';
import type { StoreClient } from './client.ts';
import type { StoreConfig } from './config.ts';
import { EmbeddedEngine } from './engine/supervisor.ts';
import type { StoreLog } from './log.ts';
import { applySchema } from './schema.ts';

/** Where the store stands, for health and the operator. */
export interface StoreStatus {
  readonly kind: 'embedded' | 'remote';
  /** Whether it answered just now. */
  readonly ok: boolean;
  /** How often the embedded server died and was started again; 0 for a remote one. */
  readonly restarts: number;
}

/** The one store, embedded or remote, with its schema applied. */
export interface Store {
  readonly client: StoreClient;
  /** For clients in other threads. */
  readonly access: StoreAccess;
  /** Names this data directory in deduplication tokens, so that two of them never share one. */
  readonly installationId: string;
  status(): Promise<StoreStatus>;
  /** Ends running statements within a bound and stops the embedded server. Idempotent. */
  close(): Promise<void>;
}

/** What the store needs besides its configuration. */
export interface StoreDependencies {
  /** Made when missing. The embedded server keeps to its subdirectory `store`. */
  readonly dataDir: string;
  readonly log: StoreLog;
}

const INSTALLATION_ID = /^[0-9a-f-]{36}$/;

/**
 * Opens the store: starts the embedded server, or uses the one at `url`, and applies the schema.
 *
 * Throws `invalid_configuration` where the data directory is in use, or newer than this code; `store_unavailable` where the store
 * does not answer.
 */
export async function openStore(config: StoreConfig, { dataDir, log }: StoreDependencies): Promise<Store> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const installationId = await readInstallationId(resolve(dataDir));
  const engine =
    config.url === undefined
      ? new EmbeddedEngine({ directory: join(resolve(dataDir), 'store'), maxMemoryBytes: config.maxMemoryBytes, log })
      : undefined;
  const server =
    engine === undefined
      ? { url: config.url ?? '', user: config.user, password: config.password }
      : await engine.start();
  const access = accessTo({ ...server, database: config.database });
  const client = connect(access);
  const close = async (): Promise<void> => {
    client.close();
    await engine?.stop();
  };
  try {
    await createDatabase(access);
    await applySchema(client, { retentionDays: config.retentionDays });
  } catch (cause) {
    await close();
    throw cause;
  }
  const status = async (): Promise<StoreStatus> => ({
    kind: engine === undefined ? 'remote' : 'embedded',
    ok: (engine?.ok ?? true) && (await client.ping()),
    restarts: engine?.restarts ?? 0,
  });
  return { client, access, installationId, status, close };
}

/** Creates the database only where it is missing: a remote user may well lack the right to. */
async function createDatabase({ database, ...connection }: StoreAccess): Promise<void> {
  // A database that always exists.
  const client = connect({ ...connection, database: 'system' });
  try {
    const found = await client.query('SELECT 1 FROM system.databases WHERE name = {database:String}', { database });
    // An identifier cannot be a parameter; the configuration allows letters, digits and underscores only.
    if (found.length === 0) await client.command(`CREATE DATABASE IF NOT EXISTS ${database}`);
  } finally {
    client.close();
  }
}

/** The random name of a data directory, made once and durable before it is first used. */
async function readInstallationId(dataDir: string): Promise<string> {
  const path = join(dataDir, 'installation-id');
  const found = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw cause;
  });
  if (found !== undefined) {
    const id = found.trim();
    if (INSTALLATION_ID.test(id)) return id;
    throw new WaybillError('invalid_configuration', `${path} does not hold an installation id`, {
      remedy: 'restore the file; without the old id, segments that are still in the journal may be loaded twice',
    });
  }
  const id = randomUUID();
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(`${id}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  const directory = await open(dataDir, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
  return id;
}
