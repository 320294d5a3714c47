import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { DemoError, messageOf, throwIfInterrupted } from './demo-error.ts';
import { findRabbitmq, type RabbitmqBinaries } from './install.ts';
import { accepts, anyFreePort, loopback } from './ports.ts';
import { type Exit, endLeftover, type LineSink, type RunningProcess, startProcess } from './processes.ts';
import { keptSecret, serverDirectory } from './server-directory.ts';

/** A RabbitMQ that the demo uses: one that it runs, or one of the user's. */
export interface Rabbitmq {
  /** The broker's version, for example `3.10.8`. */
  readonly version: string;
  /** `host:port`, for people. */
  readonly address: string;
  /** With credentials: not for logs. */
  readonly amqpUrl: string;
}

/** A RabbitMQ that we started. */
export interface RunningRabbitmq extends Rabbitmq {
  readonly port: number;
  /** Settles when the broker ends. */
  readonly exited: Promise<Exit>;
  /** Stops the broker and its port mapper; idempotent. */
  stop(): Promise<void>;
}

/** How to start RabbitMQ. */
export interface RabbitmqOptions {
  /** A directory for this broker alone; made when it is not there, its data are used again when it is. */
  readonly dataDir: string;
  /** Loopback port for AMQP. Default: any free one. */
  readonly port?: number;
  readonly log?: LineSink;
  /** Plugins to enable, for example `rabbitmq_management`. Default: none. */
  readonly plugins?: readonly string[];
  /** More lines of rabbitmq.conf, for example listeners of plugins. Default: none. */
  readonly settings?: readonly string[];
  /** Default: the newest installed. */
  readonly binaries?: RabbitmqBinaries;
  readonly signal?: AbortSignal;
}

const recordNames = { broker: 'rabbitmq.pid.json', epmd: 'epmd.pid.json' };
const user = 'waybill-demo';
const startTimeoutMs = 90_000;

/**
 * Starts a RabbitMQ of our own on loopback: own data, ports, node name, cookie, port mapper and configuration.
 *
 * Nothing is read from the machine's own installation (/etc/rabbitmq, /var/lib/rabbitmq). About 100 MB of memory.
 *
 * @throws DemoError when it is not installed or does not come up; nothing is left running then.
 */
export async function startRabbitmq(options: RabbitmqOptions): Promise<RunningRabbitmq> {
  const binaries = options.binaries ?? findRabbitmq();
  if (binaries === undefined)
    throw new DemoError('RabbitMQ is not installed.', { remedy: ['npm run demo installs it.'] });
  const directory = serverDirectory(options.dataDir, undefined);
  await endRabbitmqLeftover(directory);
  const password = keptSecret(join(directory, 'password'));
  const port = options.port ?? (await anyFreePort());
  const [epmdPort, distributionPort] = [await anyFreePort(), await anyFreePort()];
  writeConfiguration(directory, { port, password, options });
  const env = brokerEnvironment(directory, { port, epmdPort, distributionPort, server: binaries.server });
  const log = options.log ?? (() => {});
  throwIfInterrupted(options.signal);
  // The broker would start a port mapper that outlives it; this one is ours, on loopback, and ends with it.
  const epmd = await startProcess({
    name: 'epmd',
    command: binaries.epmd,
    args: ['-address', loopback, '-port', String(epmdPort)],
    cwd: directory,
    env,
    record: join(directory, recordNames.epmd),
    stopMs: 2000,
    log,
  });
  let broker: RunningProcess | undefined;
  const stop = async () => {
    await broker?.stop();
    await epmd.stop();
  };
  try {
    await accepts(epmdPort, Date.now() + 10_000, epmd.ended);
    const command = { command: '/bin/sh', args: [binaries.server], cwd: directory, env };
    broker = await startProcess({
      name: 'rabbitmq',
      ...command,
      record: join(directory, recordNames.broker),
      stopMs: 20_000,
      log,
    });
    const amqpUrl = `amqp://${user}:${password}@${loopback}:${port}`;
    const version = await ready(broker, amqpUrl, options.signal);
    return { version, port, address: `${loopback}:${port}`, amqpUrl, exited: broker.exited, stop };
  } catch (error) {
    // Erlang loses a SIGTERM that comes before the broker has its signal handler; it has nothing to lose then.
    await broker?.stop(3000);
    await epmd.stop();
    throw error;
  }
}

/**
 * Checks a broker of the user's.
 *
 * @throws DemoError when it does not answer or refuses.
 */
export async function useRabbitmq(amqpUrl: string): Promise<Rabbitmq> {
  const { host } = new URL(amqpUrl);
  try {
    return { version: await brokerVersion(amqpUrl), address: host, amqpUrl };
  } catch (error) {
    throw new DemoError(`RabbitMQ at ${host} cannot be used: ${messageOf(error)}.`, {
      remedy: ['Check --amqp-url: amqp://user:password@host:port, and that the broker runs.'],
      cause: error,
    });
  }
}

/** Ends a broker and its port mapper that a killed run left running with this `dataDir`; returns their process ids. */
export async function endRabbitmqLeftover(dataDir: string): Promise<(number | undefined)[]> {
  // The broker first: without its port mapper it would complain all the way down.
  const broker = await endLeftover(join(dataDir, recordNames.broker));
  return [broker, await endLeftover(join(dataDir, recordNames.epmd))];
}

function writeConfiguration(
  directory: string,
  broker: { port: number; password: string; options: RabbitmqOptions },
): void {
  for (const name of ['home', 'mnesia', 'log']) mkdirSync(join(directory, name), { recursive: true, mode: 0o700 });
  const write = (file: string, text: string) => writeFileSync(join(directory, file), text, { mode: 0o600 });
  keptSecret(join(directory, 'home', '.erlang.cookie'));
  write('enabled_plugins', `[${(broker.options.plugins ?? []).join(',')}].\n`);
  write('rabbitmq-env.conf', '');
  write('advanced.config', '[].\n');
  write(
    'rabbitmq.conf',
    [
      `listeners.tcp.local = ${loopback}:${broker.port}`,
      `default_user = ${user}`,
      `default_pass = ${broker.password}`,
      'vm_memory_high_watermark.absolute = 512MB',
      'disk_free_limit.absolute = 50MB',
      'log.console = true',
      'log.console.level = info',
      'log.file = false',
      ...(broker.options.settings ?? []),
      '',
    ].join('\n'),
  );
}

function brokerEnvironment(
  directory: string,
  node: { port: number; epmdPort: number; distributionPort: number; server: string },
): NodeJS.ProcessEnv {
  const at = (name: string) => join(directory, name);
  return {
    PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`,
    LANG: 'C.UTF-8',
    HOME: at('home'),
    // The start script then becomes the Erlang machine itself, which stops cleanly on SIGTERM, instead of a shell that
    // waits for it. Nothing is notified without NOTIFY_SOCKET.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_CONF_ENV_FILE: at('rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: at('advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
    RABBITMQ_PLUGINS_DIR: join(dirname(dirname(node.server)), 'plugins'),
    RABBITMQ_PLUGINS_EXPAND_DIR: at('plugins'),
    RABBITMQ_NODENAME: 'waybill-demo@localhost',
    RABBITMQ_NODE_IP_ADDRESS: loopback,
    RABBITMQ_NODE_PORT: String(node.port),
    RABBITMQ_DIST_PORT: String(node.distributionPort),
    RABBITMQ_MNESIA_BASE: at('mnesia'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_PID_FILE: at('rabbitmq.pid'),
    ERL_EPMD_ADDRESS: loopback,
    ERL_EPMD_PORT: String(node.epmdPort),
    ERL_CRASH_DUMP: at('log/erl_crash.dump'),
    // One scheduler and no busy waiting: the demo shares a small machine with everything else.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +SDcpu 1:1 -kernel inet_dist_use_interface {127,0,0,1}',
  };
}

async function ready(broker: RunningProcess, amqpUrl: string, signal: AbortSignal | undefined): Promise<string> {
  const until = Date.now() + startTimeoutMs;
  for (;;) {
    throwIfInterrupted(signal);
    if (broker.ended()) throw new DemoError('RabbitMQ ended while starting.', { remedy: broker.tail() });
    try {
      return await brokerVersion(amqpUrl);
    } catch (error) {
      if (Date.now() > until) {
        throw new DemoError(`RabbitMQ does not answer: ${messageOf(error)}.`, { remedy: broker.tail(), cause: error });
      }
    }
    await sleep(150);
  }
}

/** A whole AMQP handshake with a channel: only a broker that is up answers it. */
async function brokerVersion(amqpUrl: string): Promise<string> {
  const connection = await connect(amqpUrl, { timeout: 5000 });
  connection.on('error', () => {});
  try {
    await connection.createChannel();
    const properties: unknown = connection.connection.serverProperties;
    const version =
      typeof properties === 'object' && properties !== null && 'version' in properties && properties.version;
    return typeof version === 'string' ? version : 'unknown';
  } finally {
    await connection.close().catch(() => {});
  }
}
