import type { DemoOptions } from './args.ts';
import { services } from './company.ts';
import type { DataDirectory } from './data-directory.ts';
import { DemoError } from './demo-error.ts';
import { findPostgres, findRabbitmq, install, type Part } from './install.ts';
import { loopback, type PortChooser } from './ports.ts';
import { type Postgres, startPostgres, usePostgres } from './postgres.ts';
import type { Exit, LineSink } from './processes.ts';
import { type Rabbitmq, type RabbitmqOptions, startRabbitmq, useRabbitmq } from './rabbitmq.ts';
import { describeExit } from './supervised.ts';
import type { Terminal } from './terminal.ts';
import { type BrokerWatch, permitTracer, tracerUser } from './tracer.ts';
import { ensureWebBundle } from './web-bundle.ts';

/** What the infrastructure needs to know. */
export interface InfrastructureSetup {
  readonly options: DemoOptions;
  readonly terminal: Terminal;
  readonly checkout: string;
  readonly signal: AbortSignal;
  readonly data: DataDirectory;
  readonly ports: PortChooser;
  readonly log: (name: string) => LineSink;
}

/** Away from the standard ports, where the machine's own servers may come up at any time. */
const defaultPorts = { rabbitmq: 5673, management: 15_673, prometheus: 15_693, postgresql: 5433 };

/** A server that we run. */
interface OwnServer {
  readonly name: string;
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
}

/** RabbitMQ, PostgreSQL and the built web application: what must be there before Waybill and the company start. */
export class Infrastructure {
  readonly #setup: InfrastructureSetup;
  readonly #own: OwnServer[] = [];
  #rabbitmq: Rabbitmq | undefined;
  #watch: BrokerWatch | undefined;
  #postgres: Postgres | undefined;

  constructor(setup: InfrastructureSetup) {
    this.#setup = setup;
  }

  /** Installs what is missing and starts everything at the same time. */
  async start(): Promise<void> {
    await this.#install();
    const failing = new AbortController();
    const signal = AbortSignal.any([this.#setup.signal, failing.signal]);
    const starts = [this.#startPostgres(signal), this.#startRabbitmq(signal), this.#buildWeb(signal)];
    const errors: unknown[] = [];
    // All of them settle, so nothing comes up behind the back of the stop that follows an error.
    await Promise.all(
      starts.map((start) =>
        start.catch((error: unknown) => {
          errors.push(error);
          failing.abort();
        }),
      ),
    );
    // The first is the cause: it interrupted the others.
    if (errors.length > 0) throw errors[0];
  }

  /** The broker; only after {@link start}. */
  get rabbitmq(): Rabbitmq {
    if (this.#rabbitmq === undefined) throw new Error('RabbitMQ has not been started.');
    return this.#rabbitmq;
  }

  /** How Waybill may watch the broker; undefined for a broker of the user's, whose tracing is the user's to switch on. */
  get watch(): BrokerWatch | undefined {
    return this.#watch;
  }

  /** The database server; only after {@link start}. */
  get postgres(): Postgres {
    if (this.#postgres === undefined) throw new Error('PostgreSQL has not been started.');
    return this.#postgres;
  }

  /** The servers that we run, in the order of their start. */
  names(): string[] {
    return this.#own.map(({ name }) => name);
  }

  /** One promise for each server that we run; it rejects when the server ends by itself. */
  failures(): Promise<never>[] {
    return this.#own.map(async ({ name, exited }) => {
      const exit = await exited;
      if (exit.requested) return new Promise<never>(() => {});
      throw new DemoError(`${name} ${describeExit(exit)}.`, { remedy: [`Log: ${this.#logPath(name)}`] });
    });
  }

  /** Stops the servers that we run; idempotent. */
  async stop(): Promise<void> {
    for (const server of this.#own.toReversed()) await server.stop();
  }

  async #install(): Promise<void> {
    const { options, terminal, signal } = this.#setup;
    const missing: Part[] = [];
    if (options.amqpUrl === undefined && findRabbitmq() === undefined) missing.push('rabbitmq');
    if (options.postgresUrl === undefined && findPostgres() === undefined) missing.push('postgresql');
    if (missing.length === 0) return;
    const say = (line: string) => terminal.print(`  ${line}`);
    const run = { say, log: this.#setup.log('install'), logPath: this.#logPath('install'), signal };
    await terminal.step(
      'Installation',
      () => install(missing, run),
      () => missing.join(', '),
    );
  }

  async #startPostgres(signal: AbortSignal): Promise<void> {
    const { options, terminal, data, ports } = this.#setup;
    const { postgresUrl } = options;
    if (postgresUrl !== undefined) {
      const use = () => usePostgres(postgresUrl, services);
      this.#postgres = await terminal.step(
        'PostgreSQL',
        use,
        (server) => `${server.version} on ${server.address}, yours`,
      );
      return;
    }
    const { port } = await ports.prefer(defaultPorts.postgresql);
    const wanted = data.at('postgres');
    const start = () => {
      const log = this.#setup.log('postgresql');
      return startPostgres({ dataDir: wanted, port, databases: services, log, signal });
    };
    const server = await terminal.step('PostgreSQL', start, ({ version, address }) => `${version} on ${address}`);
    if (server.directory !== wanted) {
      terminal.print(`    its data are in ${server.directory}: the account "postgres" cannot read ${data.shown}`);
    }
    this.#own.push({ name: 'postgresql', exited: server.exited, stop: server.stop });
    this.#postgres = server;
  }

  async #startRabbitmq(signal: AbortSignal): Promise<void> {
    const { options, terminal, data, ports } = this.#setup;
    const { amqpUrl } = options;
    if (amqpUrl !== undefined) {
      const use = () => useRabbitmq(amqpUrl);
      this.#rabbitmq = await terminal.step(
        'RabbitMQ',
        use,
        (broker) => `${broker.version} on ${broker.address}, yours: not traced`,
      );
      return;
    }
    const { port } = await ports.prefer(defaultPorts.rabbitmq);
    const management = (await ports.prefer(defaultPorts.management)).port;
    const prometheus = (await ports.prefer(defaultPorts.prometheus)).port;
    const dataDir = data.at('rabbitmq');
    const start = async () => {
      const broker = await startRabbitmq({
        dataDir,
        port,
        ...withPlugins(management, prometheus),
        log: this.#setup.log('rabbitmq'),
        signal,
      });
      this.#own.push({ name: 'rabbitmq', exited: broker.exited, stop: broker.stop });
      this.#rabbitmq = broker;
      const managementUrl = `http://${loopback}:${management}`;
      const { username: user, password } = new URL(broker.amqpUrl);
      this.#watch = {
        amqp: { host: loopback, port, user: tracerUser },
        password: await permitTracer(dataDir, { managementUrl, user, password }),
        managementUrl,
        prometheusUrl: `http://${loopback}:${prometheus}`,
      };
      return broker;
    };
    await terminal.step('RabbitMQ', start, ({ version, address }) => `${version} on ${address}, tracing on`);
  }

  async #buildWeb(signal: AbortSignal): Promise<void> {
    const { terminal, checkout } = this.#setup;
    const build = () =>
      ensureWebBundle(checkout, { log: this.#setup.log('web'), logPath: this.#logPath('web'), signal });
    await terminal.step('Web pages', build, (built) => (built ? 'built' : 'already built'));
  }

  #logPath(name: string): string {
    return this.#setup.data.shownAt('logs', `${name}.log`);
  }
}

/** The plugins that Waybill asks for depths, rates and dead letters, on loopback; their figures are a second old. */
function withPlugins(management: number, prometheus: number): Pick<RabbitmqOptions, 'plugins' | 'settings'> {
  return {
    plugins: ['rabbitmq_management', 'rabbitmq_prometheus'],
    settings: [
      `management.tcp.ip = ${loopback}`,
      `management.tcp.port = ${management}`,
      `prometheus.tcp.ip = ${loopback}`,
      `prometheus.tcp.port = ${prometheus}`,
      'collect_statistics_interval = 1000',
    ],
  };
}
