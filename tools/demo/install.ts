import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DemoError, exitCodes, Interrupted } from './demo-error.ts';
import { type LineSink, runToEnd } from './processes.ts';

/** Where RabbitMQ's programs are. */
export interface RabbitmqBinaries {
  /** The broker's own start script, not the distribution's wrapper: the wrapper demands root and switches user. */
  readonly server: string;
  /** Erlang's port mapper daemon. */
  readonly epmd: string;
}

/** Where PostgreSQL's programs are. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The part of the demo that needs a server program. */
export type Part = 'rabbitmq' | 'postgresql';

/** The distribution's package for each part; both names are the same in Debian and Ubuntu. */
const packages: Readonly<Record<Part, string>> = { rabbitmq: 'rabbitmq-server', postgresql: 'postgresql' };

/** Finds RabbitMQ as the distribution or RabbitMQ's own packages install it; undefined when it is not there. */
export function findRabbitmq(): RabbitmqBinaries | undefined {
  const homes = [
    ...versions('/usr/lib/rabbitmq/lib').map((name) => join('/usr/lib/rabbitmq/lib', name)),
    '/opt/rabbitmq',
    '/usr/local/opt/rabbitmq',
    '/opt/homebrew/opt/rabbitmq',
  ];
  const server = homes.map((home) => join(home, 'sbin', 'rabbitmq-server')).find(executable);
  const epmd = onPath('epmd');
  return server === undefined || epmd === undefined || onPath('erl') === undefined ? undefined : { server, epmd };
}

/** Finds the newest PostgreSQL server programs; undefined when there are none. */
export function findPostgres(): PostgresBinaries | undefined {
  const directories = [
    ...versions('/usr/lib/postgresql').map((name) => join('/usr/lib/postgresql', name, 'bin')),
    ...searchPath(),
  ];
  for (const directory of directories) {
    const initdb = join(directory, 'initdb');
    const postgres = join(directory, 'postgres');
    if (executable(initdb) && executable(postgres)) return { initdb, postgres };
  }
  return undefined;
}

/** How we may install packages: as root, through sudo without a password, or not at all. */
export type Privilege = 'root' | 'sudo' | 'none';

/** Finds out how packages can be installed on this machine. */
export function privilege(): Privilege {
  if (process.getuid?.() === 0) return 'root';
  return onPath('sudo') !== undefined && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0
    ? 'sudo'
    : 'none';
}

/**
 * Installs the missing parts from the distribution's packages.
 *
 * Says what it does through `say` before it does it. The packages start no server and make no default database
 * cluster; what was installed or configured before stays as it was.
 *
 * @throws DemoError with exit code 3 and the lines to type when we have neither root nor sudo, or no apt-get.
 */
export async function install(
  missing: readonly Part[],
  options: { say: (line: string) => void; log: LineSink; logPath: string; signal?: AbortSignal },
): Promise<void> {
  const how = privilege();
  const names = missing.map((part) => packages[part]);
  if (onPath('apt-get') === undefined || how === 'none') throw cannotInstall(missing);
  const [command, ...prefix] = how === 'root' ? ['sh'] : ['sudo', '-n', 'sh'];
  options.say(`Installing ${names.join(' and ')} with apt-get ${how === 'root' ? 'as root' : 'through sudo'};`);
  options.say('no service is started or enabled, no existing installation is touched.');
  const { code, tail } = await runToEnd(
    {
      name: 'apt-get',
      command: command ?? 'sh',
      args: [...prefix, '-ec', installScript, 'install', ...names],
      cwd: '/',
      log: options.log,
      // dpkg is not to be torn down half way: the shell notes the signal and ends when apt-get has.
      stopMs: 600_000,
    },
    options.signal,
  );
  if (options.signal?.aborted === true) throw new Interrupted('Interrupted.');
  if (code === 0) return;
  const errors = tail.filter((line) => /^(E:|dpkg: error)/.test(line));
  throw new DemoError(`apt-get could not install ${names.join(' and ')}.`, {
    remedy: [...(errors.length > 0 ? errors : tail.slice(-3)), `The whole output: ${options.logPath}`],
  });
}

/**
 * The script that root runs; its arguments are package names.
 *
 * - policy-rc.d (exit 101: "action forbidden by policy") keeps the packages from starting their services; an existing
 *   policy is left alone. What a package enables for the next boot is disabled again, because the demo starts its own.
 * - `create_main_cluster = false` for the time of the installation only: the file is put back as it was.
 */
export const installScript = `
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.conf
made_policy= saved_cluster=
restore() {
  [ -z "$made_policy" ] || rm -f "$policy"
  [ -z "$saved_cluster" ] || { cat "$saved_cluster" > "$cluster"; rm -f "$saved_cluster"; }
}
trap restore EXIT
trap 'exit 130' INT TERM HUP
if [ ! -e "$policy" ]; then
  made_policy=1
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
apt-get update
for package in "$@"; do
  if [ "$package" = postgresql ]; then
    apt-get install -y --no-install-recommends postgresql-common
    saved_cluster=$(mktemp)
    cat "$cluster" > "$saved_cluster"
    { grep -v '^[[:space:]]*create_main_cluster' "$saved_cluster" || true; echo 'create_main_cluster = false'; } > "$cluster"
  fi
done
apt-get install -y --no-install-recommends "$@"
if [ -d /run/systemd/system ]; then
  for package in "$@"; do
    if [ "$package" = rabbitmq-server ]; then systemctl disable --quiet rabbitmq-server || true; fi
  done
fi
`;

/** What to type where we cannot install: packages, or Docker. */
export function cannotInstall(missing: readonly Part[]): DemoError {
  const names = missing.map((part) => packages[part]);
  const docker: Readonly<Record<Part, { run: string; option: string }>> = {
    rabbitmq: {
      run: 'docker run -d --name waybill-demo-rabbitmq -p 127.0.0.1:5673:5672 rabbitmq:4',
      option: '--amqp-url amqp://guest:guest@127.0.0.1:5673',
    },
    postgresql: {
      run: 'docker run -d --name waybill-demo-postgres -p 127.0.0.1:5433:5432 -e POSTGRES_PASSWORD=waybill postgres:17',
      option: '--postgres-url postgres://postgres:waybill@127.0.0.1:5433/postgres',
    },
  };
  return new DemoError(`Missing on this machine: ${names.join(', ')}; and there is neither root nor sudo to install.`, {
    exitCode: exitCodes.missing,
    remedy: [
      'Either let an administrator install the packages (Debian, Ubuntu):',
      '  sudo apt-get update',
      `  sudo apt-get install -y --no-install-recommends ${names.join(' ')}`,
      '  npm run demo',
      'or use Docker:',
      ...missing.map((part) => `  ${docker[part].run}`),
      `  npm run demo -- ${missing.map((part) => docker[part].option).join(' ')}`,
      'or give servers of your own with --amqp-url and --postgres-url',
      '(or WAYBILL_DEMO_AMQP_URL and WAYBILL_DEMO_POSTGRES_URL).',
    ],
  });
}

/** Directories named by a version, newest first. */
function versions(directory: string): string[] {
  try {
    return readdirSync(directory).toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  } catch {
    return [];
  }
}

/** The directories of PATH and those of the system, which the PATH of an ordinary user often lacks. */
function searchPath(): string[] {
  return [...(process.env['PATH'] ?? '').split(':').filter(Boolean), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
}

function onPath(name: string): string | undefined {
  return searchPath()
    .map((directory) => join(directory, name))
    .find(executable);
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
