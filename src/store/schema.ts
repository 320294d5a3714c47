import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { WaybillError } from '../model/errors.ts';
import type { StoreClient } from './client.ts';

/** One numbered file of the schema: one statement, idempotent. */
export interface SchemaFile {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

const FILE = /^(\d{4})_[a-z0-9_]+\.sql$/;
const DIRECTORY = new URL('./schema/', import.meta.url);

const VERSIONS = `
CREATE TABLE IF NOT EXISTS schema_versions
(
    version    UInt32,
    name       String,
    checksum   String COMMENT 'SHA-256 of the file before its placeholders were filled in',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
ORDER BY version
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`;

const appliedRow = z.object({ version: z.number(), name: z.string(), checksum: z.string() });

/** Reads the schema files that came with this code, in order. */
export async function readSchemaFiles(): Promise<SchemaFile[]> {
  const names = (await readdir(DIRECTORY)).filter((name) => FILE.test(name)).sort();
  return Promise.all(
    names.map(async (name) => ({
      version: Number(FILE.exec(name)?.[1]),
      name,
      sql: await readFile(new URL(name, DIRECTORY), 'utf8'),
    })),
  );
}

/**
 * Brings the database to the schema of this code: each file once, in order, recorded in `schema_versions`. Idempotent, and safe to
 * repeat after a crash at any point. Retention may change at any start.
 *
 * Throws `invalid_configuration` where the data was written by a newer version, or by a version whose files differ from ours.
 */
export async function applySchema(
  client: StoreClient,
  options: { readonly retentionDays: number; readonly files?: readonly SchemaFile[] },
): Promise<void> {
  const files = options.files ?? (await readSchemaFiles());
  await client.command(VERSIONS);
  const applied = await client.query(
    'SELECT version, name, checksum FROM schema_versions FINAL ORDER BY version',
    {},
    appliedRow,
  );
  refuseForeignData(files, applied);
  const done = new Set(applied.map(({ version }) => version));
  for (const file of files) {
    if (done.has(file.version)) continue;
    await client.command(render(file.sql, options.retentionDays));
    await client.insertRows('schema_versions', [
      { version: file.version, name: file.name, checksum: checksumOf(file.sql) },
    ]);
  }
  await applyRetention(client, options.retentionDays);
}

function refuseForeignData(files: readonly SchemaFile[], applied: readonly z.infer<typeof appliedRow>[]): void {
  const known = new Map(files.map((file) => [file.version, file]));
  for (const { version, name, checksum } of applied) {
    const file = known.get(version);
    if (file === undefined) {
      throw new WaybillError('invalid_configuration', `the data was written by a newer Waybill (schema ${name})`, {
        remedy: 'run that version or a later one, or choose another data directory or database',
      });
    }
    if (checksumOf(file.sql) !== checksum) {
      throw new WaybillError('invalid_configuration', `the data was written with another version of ${name}`, {
        remedy:
          'files of the schema never change once applied: add a new one, or choose another data directory or database',
      });
    }
  }
}

function render(sql: string, retentionDays: number): string {
  if (!Number.isSafeInteger(retentionDays) || retentionDays < 1) {
    throw new WaybillError('invalid_configuration', 'store.retentionDays is not a positive whole number');
  }
  return sql.replaceAll('{retention_days}', String(retentionDays));
}

function checksumOf(sql: string): string {
  return createHash('sha256').update(sql).digest('hex');
}

/** Tables of raw telemetry, which is kept for `retentionDays` after it was received; all have `observed_at`. */
const RETAINED_TABLES = [
  'spans',
  'trace_index',
  'operations',
  'logs',
  'metric_points',
  'queue_messages',
  'client_messages',
  'dead_letters',
];

/** The TTL of raw telemetry as the configuration says now; parts get it when they are merged or dropped. */
async function applyRetention(client: StoreClient, retentionDays: number): Promise<void> {
  const tables = await client.query(
    'SELECT name, engine_full FROM system.tables WHERE database = currentDatabase() AND name IN {tables:Array(String)}',
    { tables: RETAINED_TABLES },
    z.object({ name: z.enum(RETAINED_TABLES), engine_full: z.string() }),
  );
  for (const { name, engine_full: engine } of tables) {
    const current = /toIntervalDay\((\d+)\)/.exec(engine)?.[1];
    if (current === undefined || Number(current) === retentionDays) continue;
    const ttl = 'toDateTime(observed_at) + toIntervalDay({retention_days})';
    await client.command(render(`ALTER TABLE ${name} MODIFY TTL ${ttl}`, retentionDays));
  }
}
