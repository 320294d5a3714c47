import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import { DemoError, messageOf, throwIfInterrupted } from './demo-error.ts';
import { findPostgres, type PostgresBinaries } from './install.ts';
import { anyFreePort, loopback } from './ports.ts';
import {
  type Account,
  type Exit,
  endLeftover,
  type LineSink,
  type RunningProcess,
  runToEnd,
  startProcess,
} from './processes.ts';
import { keptSecret, possibleDirectories, serverDirectory, systemAccount } from './server-directory.ts';

/** A PostgreSQL that the demo uses: one that it runs, or one of the user's. */
export interface Postgres {
  /** The server's version, for example `15.14`. */
  readonly version: string;
  /** `host:port`, for people. */
  readonly address: string;
  /** The connection URL of a database, with credentials: not for logs. */
  url(database: string): string;
}

/** A PostgreSQL that we started. */
export interface RunningPostgres extends Postgres {
  readonly port: number;
  /** Where its data are; not what was asked for when the server's account could not reach that place. */
  readonly directory: string;
  /** Settles when the server ends. */
  readonly exited: Promise<Exit>;
  /** Stops it, disconnecting the clients; idempotent. */
  stop(): Promise<void>;
}

/** How to start PostgreSQL. */
export interface PostgresOptions {
  /** A directory for this server alone; made when it is not there, its data are used again when it is. */
  readonly dataDir: string;
  /** Loopback port. Default: any free one. */
  readonly port?: number;
  readonly log?: LineSink;
  /** Databases to create, each owned by a role of its own name. Default: none. */
  readonly databases?: readonly string[];
  /** Default: the newest installed. */
  readonly binaries?: PostgresBinaries;
  readonly signal?: AbortSignal;
}

const recordName = 'postgres.pid.json';
const adminRole = 'waybill_demo';
const startTimeoutMs = 60_000;
/** SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one (documentation, "Shutting Down the Server"). */
const stopSignals = ['SIGINT', 'SIGQUIT'] as const;

/**
 * Starts a PostgreSQL of our own on loopback: own data, own port, generated passwords, no Unix socket.
 *
 * PostgreSQL refuses to run as root: root runs it under the `postgres` account.
 *
 * @throws DemoError when it is not installed or does not come up; nothing is left running then.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const binaries = options.binaries ?? findPostgres();
  if (binaries === undefined)
    throw new DemoError('PostgreSQL is not installed.', { remedy: ['npm run demo installs it.'] });
  const account = accountForPostgres();
  const directory = serverDirectory(options.dataDir, account);
  const record = join(directory, recordName);
  await endLeftover(record, stopSignals);
  const password = keptSecret(join(directory, 'password'), account);
  const data = join(directory, 'data');
  const run = { account, cwd: directory, env: serverEnvironment(directory), log: options.log ?? (() => {}) };
  await initialise({ ...binaries, data, run, signal: options.signal });
  throwIfInterrupted(options.signal);
  const port = options.port ?? (await anyFreePort());
  const running = await startProcess({
    ...withoutUndefined(run),
    name: 'postgres',
    command: binaries.postgres,
    args: ['-D', data, ...settings(port)],
    record,
    stopSignals,
  });
  try {
    const admin = { host: loopback, port, user: adminRole, password, database: 'postgres' };
    const version = await ready(running, admin, options.signal);
    await createDatabases(admin, options.databases ?? [], (name) =>
      keptSecret(join(directory, `password-${name}`), account),
    );
    const url = (name: string) => {
      const file = join(directory, `password-${name}`);
      const [role, secret] = existsSync(file) ? [name, keptSecret(file)] : [adminRole, password];
      return `postgres://${role}:${secret}@${loopback}:${port}/${name}`;
    };
    return {
      version,
      port,
      directory,
      address: `${loopback}:${port}`,
      url,
      exited: running.exited,
      stop: running.stop,
    };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/**
 * Prepares the databases in a server of the user's: `waybill_demo_<name>` each, created when missing, never dropped.
 *
 * @throws DemoError when the server does not answer or refuses.
 */
export async function usePostgres(adminUrl: string, databases: readonly string[]): Promise<Postgres> {
  const base = new URL(adminUrl);
  const named = (name: string) => {
    const url = new URL(base);
    url.pathname = `/waybill_demo_${name}`;
    return url.href;
  };
  try {
    return await withClient({ connectionString: adminUrl }, async (client) => {
      for (const name of databases) await createDatabase(client, `waybill_demo_${name}`);
      return { version: await serverVersion(client), address: base.host, url: named };
    });
  } catch (error) {
    throw new DemoError(`PostgreSQL at ${base.host} cannot be used: ${messageOf(error)}.`, {
      remedy: ['Check --postgres-url: it must name a role that may create databases, and an existing database.'],
      cause: error,
    });
  }
}

/** Ends a server that a killed run left running with this `dataDir`; returns its process id. */
export function endPostgresLeftover(dataDir: string): Promise<(number | undefined)[]> {
  const records = possibleDirectories(dataDir).map((directory) => join(directory, recordName));
  return Promise.all(records.map((record) => endLeftover(record, stopSignals)));
}

function accountForPostgres(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const account = systemAccount('postgres');
  if (account === undefined) {
    throw new DemoError('PostgreSQL refuses to run as root, and there is no account "postgres" to run it under.', {
      remedy: ['Run the demo as an ordinary user, or create the account: adduser --system --group postgres'],
    });
  }
  return account;
}

/** Only what the server needs: variables such as PGPORT or PGDATA of the user's would lead it elsewhere. */
function serverEnvironment(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: home, LC_ALL: 'C', TZ: 'UTC' };
}

/** What a run of a PostgreSQL program has in common. */
interface Run {
  readonly account: Account | undefined;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: LineSink;
}

function withoutUndefined({ account, ...rest }: Run) {
  return account === undefined ? rest : { ...rest, account };
}

/** Makes the data directory when there is none; half-made ones are made again. */
async function initialise(to: {
  initdb: string;
  postgres: string;
  data: string;
  run: Run;
  signal: AbortSignal | undefined;
}): Promise<void> {
  if (existsSync(join(to.data, 'PG_VERSION'))) {
    const made = readFileSync(join(to.data, 'PG_VERSION'), 'utf8').trim();
    const has = /\/(\d+)\/bin\/[^/]+$/.exec(to.postgres)?.[1];
    if (has === undefined || has === made) return;
    throw new DemoError(`The demo's data were made by PostgreSQL ${made}; installed is ${has}.`, {
      remedy: ['Start from empty data: npm run demo -- --fresh'],
    });
  }
  const unfinished = `${to.data}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const passwordFile = join(to.run.cwd, 'password');
  const { code, tail } = await runToEnd(
    {
      ...withoutUndefined(to.run),
      name: 'initdb',
      command: to.initdb,
      args: [
        '-D',
        unfinished,
        '-U',
        adminRole,
        '-A',
        'scram-sha-256',
        `--pwfile=${passwordFile}`,
        '-E',
        'UTF8',
        '--locale=C',
      ],
    },
    to.signal,
  );
  throwIfInterrupted(to.signal);
  if (code !== 0) throw new DemoError('PostgreSQL could not make its data directory.', { remedy: tail.slice(-4) });
  renameSync(unfinished, to.data);
}

function settings(port: number): string[] {
  const values = {
    listen_addresses: loopback,
    port,
    unix_socket_directories: '',
    shared_buffers: '32MB',
    max_connections: 100,
    logging_collector: 'off',
    log_timezone: 'UTC',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function ready(running: RunningProcess, admin: ClientConfig, signal: AbortSignal | undefined): Promise<string> {
  const until = Date.now() + startTimeoutMs;
  for (;;) {
    throwIfInterrupted(signal);
    if (running.ended()) throw new DemoError('PostgreSQL ended while starting.', { remedy: running.tail() });
    try {
      return await withClient(admin, serverVersion);
    } catch (error) {
      if (Date.now() > until) {
        throw new DemoError(`PostgreSQL does not answer: ${messageOf(error)}.`, {
          remedy: running.tail(),
          cause: error,
        });
      }
    }
    await sleep(100);
  }
}

async function serverVersion(client: Client): Promise<string> {
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
  return rows[0]?.server_version.split(' ')[0] ?? 'unknown';
}

async function createDatabases(
  admin: ClientConfig,
  names: readonly string[],
  passwordOf: (name: string) => string,
): Promise<void> {
  if (names.length === 0) return;
  await withClient(admin, async (client) => {
    for (const name of names) {
      const role = client.escapeIdentifier(name);
      // DDL takes no parameters; both values are escaped by the driver.
      const login = `${role} LOGIN PASSWORD ${client.escapeLiteral(passwordOf(name))}`;
      const exists = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
      await client.query(exists.rowCount === 0 ? `CREATE ROLE ${login}` : `ALTER ROLE ${login}`);
      await createDatabase(client, name, name);
    }
  });
}

async function createDatabase(client: Client, name: string, owner?: string): Promise<void> {
  const exists = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  if (exists.rowCount !== 0) return;
  const owned = owner === undefined ? '' : ` OWNER ${client.escapeIdentifier(owner)}`;
  await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}${owned}`);
}

async function withClient<T>(config: ClientConfig, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ ...config, connectionTimeoutMillis: 5000 });
  // A connection that breaks between queries emits an error event; the next query reports it.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
