import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { planOrder } from '../../examples/jewelry/faults.ts';
import type { DemoOptions } from './args.ts';
import { type CompanySetup, companyProcess, services } from './company.ts';
import { type DataDirectory, takeDataDirectory } from './data-directory.ts';
import { DemoError, type ExitCode, exitCodes, Interrupted, throwIfInterrupted } from './demo-error.ts';
import { renderFindings, untilFound } from './findings.ts';
import { showStatus, untilSettled } from './follow.ts';
import { Infrastructure } from './infrastructure.ts';
import { type ChosenPort, loopback, PortChooser, portOwner } from './ports.ts';
import { type LineSink, logFile } from './processes.ts';
import { describeError } from './report.ts';
import { judge, renderSummary } from './summary.ts';
import { type Supervised, supervise } from './supervised.ts';
import type { Terminal, Tone } from './terminal.ts';
import { WaybillApi } from './waybill-api.ts';
import { waybillProcess } from './waybill-process.ts';

/** The port of Waybill's pages when nothing else is asked for; those of OTLP are the registered ones. */
const waybillPorts = { http: 8080, otlpHttp: 4318, otlpGrpc: 4317, metrics: 9464 };
const servicePorts = { shop: 7101, crm: 7102, mes: 7103 };

/** Where and how one demo runs. */
export interface DemoSetup {
  readonly options: DemoOptions;
  readonly terminal: Terminal;
  /** The root of the checkout. */
  readonly checkout: string;
  /** Fires when the demo is to stop. */
  readonly signal: AbortSignal;
}

/**
 * Runs the demo from the first check to the last stop; everything it started has ended when it returns or throws.
 *
 * @throws DemoError for what the user can do something about.
 */
export async function runDemo(setup: DemoSetup): Promise<ExitCode> {
  const { options, terminal, signal } = setup;
  const data = await takeDataDirectory(options.dataDir ?? join(setup.checkout, '.demo'), options);
  const demo = new Demo(setup, data);
  try {
    const code = await demo.run();
    if (code !== exitCodes.ok && options.keep) await keep(terminal, signal);
    return code;
  } catch (error) {
    // A run that was to end with a summary and did not is not a success, whoever stopped it.
    if (error instanceof Interrupted) return options.exit ? exitCodes.failed : exitCodes.ok;
    if (options.keep) {
      terminal.print('', ...describeError(error, terminal));
      await keep(terminal, signal);
    }
    throw error;
  } finally {
    terminal.status(undefined);
    await demo.stop();
    data.release();
  }
}

async function keep(terminal: Terminal, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  terminal.print('', '  Everything that still runs is kept for you to look at (--keep). Ctrl-C stops it.');
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

/** Waybill as the demo asks it and as people open it. */
interface Pages {
  readonly api: WaybillApi;
  readonly base: string;
}

class Demo {
  readonly #setup: DemoSetup;
  readonly #data: DataDirectory;
  readonly #ports = new PortChooser();
  readonly #infrastructure: Infrastructure;
  readonly #processes: Supervised[] = [];

  constructor(setup: DemoSetup, data: DataDirectory) {
    this.#setup = setup;
    this.#data = data;
    const { options, terminal, checkout, signal } = setup;
    const log = (name: string, tone?: Tone) => this.#log(name, tone);
    this.#infrastructure = new Infrastructure({ options, terminal, checkout, signal, data, ports: this.#ports, log });
  }

  async run(): Promise<ExitCode> {
    const { options, terminal, signal } = this.#setup;
    terminal.print('', `  ${terminal.paint('bold', 'Waybill demo')}`, '');
    if (this.#data.leftovers > 0) {
      terminal.print(`  Ended ${this.#data.leftovers} processes that a killed demo had left in ${this.#data.shown}.`);
    }
    const http = await this.#httpPort();
    await this.#infrastructure.start();
    const base = `http://${loopback}:${http.port}`;
    const api = new WaybillApi(base);
    const otlpPort = await this.#startWaybill(http, api, base);
    const seed = options.seed ?? Date.now().toString(36).toUpperCase();
    const company = await this.#company(seed, otlpPort);
    await this.#startServices(company);
    await this.#untilWatched(api);
    this.#banner(base, seed);
    const customer = await this.#start(companyProcess('customer', company));
    const stopStatus = showStatus(api, terminal);
    try {
      return await Promise.race([
        this.#follow({ api, base }, company, customer),
        ...this.#failures(),
        interruption(signal),
      ]);
    } finally {
      stopStatus();
    }
  }

  /** Stops everything in the reverse order of its start; idempotent. */
  async stop(): Promise<void> {
    const { terminal } = this.#setup;
    const count = this.#infrastructure.names().length + this.#processes.length;
    if (count === 0) return terminal.close();
    terminal.print('');
    await terminal.step(
      'Stopped',
      async () => {
        for (const running of this.#processes.toReversed()) await running.stop();
        await this.#infrastructure.stop();
      },
      () => `${count} ${count === 1 ? 'process' : 'processes'}`,
      'Stopping',
    );
    terminal.close();
  }

  /** The port is settled before anything starts: a used one should not cost half a minute of waiting. */
  async #httpPort(): Promise<ChosenPort> {
    const { options, terminal } = this.#setup;
    if (options.port !== undefined) return this.#ports.demand(options.port, '--port');
    const chosen = await this.#ports.prefer(waybillPorts.http);
    if (chosen.moved) {
      const owner = portOwner(waybillPorts.http);
      const by = owner === undefined ? 'another process' : `process ${owner.pid} (${owner.name})`;
      terminal.print(
        `  Port ${waybillPorts.http} is used by ${by}; Waybill takes ${chosen.port} (--port chooses).`,
        '',
      );
    }
    return chosen;
  }

  async #startWaybill(http: ChosenPort, api: WaybillApi, base: string): Promise<number> {
    const otlpHttp = await this.#ports.prefer(waybillPorts.otlpHttp);
    const otlpGrpc = await this.#ports.prefer(waybillPorts.otlpGrpc);
    const metrics = await this.#ports.prefer(waybillPorts.metrics);
    const ports = { http: http.port, otlpHttp: otlpHttp.port, otlpGrpc: otlpGrpc.port, metrics: metrics.port };
    const spec = waybillProcess({
      checkout: this.#setup.checkout,
      data: this.#data,
      ports,
      watch: this.#infrastructure.watch,
      log: this.#log('waybill', 'accent'),
      isReady: () => api.isReady(),
    });
    await this.#setup.terminal.step(
      'Waybill',
      () => this.#start(spec),
      () => `${base}, OTLP on ${ports.otlpHttp} and ${ports.otlpGrpc}`,
    );
    return ports.otlpHttp;
  }

  async #company(seed: string, otlpPort: number): Promise<CompanySetup> {
    const { options, checkout } = this.#setup;
    const { rabbitmq, postgres } = this.#infrastructure;
    const port = async (service: (typeof services)[number]) => (await this.#ports.prefer(servicePorts[service])).port;
    return {
      checkout,
      ports: { shop: await port('shop'), crm: await port('crm'), mes: await port('mes') },
      databaseUrl: (service) => postgres.url(service),
      amqpUrl: rabbitmq.amqpUrl,
      otlpPort,
      seed,
      timeScale: options.timeScale,
      faultRate: options.faultRate,
      ordersPerMinute: options.ordersPerMinute,
      orders: options.orders,
      log: (name) => this.#log(name, 'good'),
      logPath: (name) => this.#data.shownAt('logs', `${name}.log`),
      record: this.#data.record,
    };
  }

  async #startServices(company: CompanySetup): Promise<void> {
    const { terminal } = this.#setup;
    const names = { shop: 'Shop API', crm: 'CRM API', mes: 'MES API' };
    for (const service of services) {
      const start = () => this.#start(companyProcess(service, company));
      await terminal.step(names[service], start, () => `http://${loopback}:${company.ports[service]}`);
    }
  }

  /** The queues are there with the services; a dead letter that came before Waybill saw them would not be seen. */
  async #untilWatched(api: WaybillApi): Promise<void> {
    const { terminal, signal } = this.#setup;
    if (this.#infrastructure.watch === undefined) return;
    const isWatched = () => api.watchesDeadLetters(['mes.price.dead', 'crm.callbacks.dead']).catch(() => false);
    const watched = async () => {
      const until = Date.now() + 20_000;
      for (;;) {
        throwIfInterrupted(signal);
        if (await isWatched()) return true;
        if (Date.now() > until) return false;
        await sleep(300);
      }
    };
    await terminal.step('Tracer', watched, (seen) =>
      seen ? 'messages, queues and dead letters' : 'dead letters are not all seen yet; /queues says why',
    );
  }

  #banner(base: string, seed: string): void {
    const { options, terminal } = this.#setup;
    const many = options.orders === 0 ? 'one after another' : `${options.orders} in all`;
    const life = `an order lives about ${lifeOf(options.timeScale)}`;
    const faults = `${Math.round(options.faultRate * 100)} % with a fault`;
    const row = (name: string, text: string) => `    ${terminal.paint('dim', name.padEnd(8))} ${text}`;
    terminal.print(
      '',
      `  Open  ${terminal.paint('accent', base)}`,
      '',
      row('orders', `${many}, ${options.ordersPerMinute} a minute, ${faults}; ${life}; seed ${seed}`),
      row('logs', join(this.#data.shown, 'logs')),
      row('stop', `Ctrl-C; the data stay in ${this.#data.shown} until --fresh`),
      '',
    );
  }

  async #start(spec: Parameters<typeof supervise>[0]): Promise<Supervised> {
    const { terminal, signal } = this.#setup;
    const report = (sentence: string) => terminal.print(`  ${terminal.paint('warn', '!')} ${sentence}`);
    const running = await supervise(spec, report, signal);
    this.#processes.push(running);
    return running;
  }

  #failures(): Promise<never>[] {
    return [...this.#infrastructure.failures(), ...this.#processes.map(({ failed }) => failed)];
  }

  async #follow({ api, base }: Pages, company: CompanySetup, customer: Supervised): Promise<ExitCode> {
    const { options, terminal, signal } = this.#setup;
    if (options.orders === 0) return interruption(signal);
    await this.#untilPlaced(customer, company);
    const plans = Array.from({ length: options.orders }, (_, index) =>
      planOrder(company.seed, index + 1, options.faultRate),
    );
    const orders = await untilSettled(api, plans, { timeScale: options.timeScale, signal });
    const outcomes = judge(plans, orders);
    const at = { base, timeScale: options.timeScale, signal };
    const findings = this.#infrastructure.watch === undefined ? [] : await untilFound(api, plans, at);
    terminal.print(...renderSummary(outcomes, terminal), ...renderFindings(findings, terminal));
    const restarted = this.#processes.filter((running) => running.restarted() > 0);
    for (const running of restarted) terminal.print(`  ${running.name} was started again ${running.restarted()} times`);
    if (!options.exit) {
      terminal.print('', '  Waybill stays until Ctrl-C.');
      return interruption(signal);
    }
    const asPlanned = outcomes.every(({ differences }) => differences.length === 0);
    return asPlanned && findings.every(({ found }) => found) ? exitCodes.ok : exitCodes.failed;
  }

  /** The customers end when their orders are where they end; twice the time that should take is the bound. */
  async #untilPlaced(customer: Supervised, company: CompanySetup): Promise<void> {
    const expectedMs = (company.orders / company.ordersPerMinute) * 60_000 + 240_000 * company.timeScale;
    const limitMs = 120_000 + 2 * expectedMs;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const minutes = Math.round(limitMs / 60_000);
      const remedy = [`Logs: ${join(this.#data.shown, 'logs')}`];
      late.reject(new DemoError(`The orders were not at their ends after ${minutes} minutes.`, { remedy }));
    }, limitMs);
    try {
      await Promise.race([customer.finished, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #log(name: string, tone: Tone = 'dim'): LineSink {
    const { options, terminal } = this.#setup;
    const prefix = terminal.paint(tone, name.padEnd(10));
    const echo: LineSink = (line) => terminal.print(`${prefix} ${line}`);
    return logFile(this.#data.at('logs', `${name}.log`), options.verbose ? echo : undefined);
  }
}

function lifeOf(timeScale: number): string {
  const seconds = 120 * timeScale;
  return seconds < 100 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`;
}

/** Rejects with {@link Interrupted} when the signal fires. */
function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => {
      try {
        throwIfInterrupted(signal);
      } catch (error) {
        reject(error);
      }
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}
