import { join } from 'node:path';
import { anyFreePort } from '../../tools/demo/ports.ts';
import { type RunningRabbitmq, startRabbitmq } from '../../tools/demo/rabbitmq.ts';
import { temporaryDirectory } from './harness.ts';

/** The least privileges that the tracer needs, as docs/rabbitmq.md says. */
const TRACER_PERMISSIONS = {
  configure: '^trace\\.',
  write: '^trace\\.',
  read: '^(amq\\.rabbitmq\\.trace|trace\\..*)$',
};

/** A real RabbitMQ of the tests' own, with its management plugin and a user for the tracer. */
export class TracedBroker {
  readonly tracer = { user: 'tracer', password: 'tracer-secret-5a1' };
  readonly #directory: string;
  readonly #port: number;
  readonly #managementPort: number;
  readonly #prometheusPort: number;
  #running: RunningRabbitmq | undefined;

  private constructor(directory: string, port: number, managementPort: number, prometheusPort: number) {
    this.#directory = directory;
    this.#port = port;
    this.#managementPort = managementPort;
    this.#prometheusPort = prometheusPort;
  }

  static async start(): Promise<TracedBroker> {
    const directory = join(await temporaryDirectory(), 'rabbitmq');
    const broker = new TracedBroker(directory, await anyFreePort(), await anyFreePort(), await anyFreePort());
    await broker.resume();
    await broker.addUser(broker.tracer.user, broker.tracer.password, 'monitoring');
    await broker.permit(broker.tracer.user, TRACER_PERMISSIONS);
    return broker;
  }

  /** Starts it, or starts it again with the same data and ports. */
  async resume(): Promise<void> {
    this.#running = await startRabbitmq({
      dataDir: this.#directory,
      port: this.#port,
      plugins: ['rabbitmq_management', 'rabbitmq_prometheus'],
      settings: [
        'management.tcp.ip = 127.0.0.1',
        `management.tcp.port = ${this.#managementPort}`,
        'prometheus.tcp.ip = 127.0.0.1',
        `prometheus.tcp.port = ${this.#prometheusPort}`,
        // The plugin's figures then are a second old, not five.
        'collect_statistics_interval = 1000',
      ],
    });
  }

  /** Ends it as an operator does; its data stay. */
  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  /** URL with the credentials of an administrator. */
  get url(): string {
    if (this.#running === undefined) throw new Error('the broker is stopped');
    return this.#running.amqpUrl;
  }

  get port(): number {
    return this.#port;
  }

  get version(): string {
    return this.#running?.version ?? '';
  }

  get management(): string {
    return `http://127.0.0.1:${this.#managementPort}`;
  }

  /** URL of the Prometheus plugin. */
  get prometheus(): string {
    return `http://127.0.0.1:${this.#prometheusPort}`;
  }

  /** The administrator, as the configuration of a broker names one. */
  get admin(): { user: string; password: string } {
    const { username, password } = new URL(this.url);
    return { user: username, password };
  }

  /** A broker's entry in the configuration, with the least privileged user. */
  configuration(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const { user, password } = this.tracer;
    return {
      url: `amqp://${user}:${password}@127.0.0.1:${this.#port}`,
      management: { url: this.management },
      ...more,
    };
  }

  async addUser(user: string, password: string, tags: string): Promise<void> {
    await this.ask('PUT', `/api/users/${user}`, { password, tags });
  }

  async permit(user: string, permissions: object, vhost = '/'): Promise<void> {
    await this.ask('PUT', `/api/permissions/${encodeURIComponent(vhost)}/${user}`, permissions);
  }

  async addVhost(vhost: string): Promise<void> {
    await this.ask('PUT', `/api/vhosts/${vhost}`, {});
    await this.permit(this.admin.user, { configure: '.*', write: '.*', read: '.*' }, vhost);
  }

  async trace(on: boolean, vhost = '/'): Promise<void> {
    await this.ask('PUT', `/api/vhosts/${encodeURIComponent(vhost)}`, { tracing: on });
  }

  async isTracing(vhost = '/'): Promise<boolean> {
    const found: unknown = await this.ask('GET', `/api/vhosts/${encodeURIComponent(vhost)}`);
    return typeof found === 'object' && found !== null && 'tracing' in found && found.tracing === true;
  }

  /** Asks the management plugin as the administrator. */
  async ask(method: 'GET' | 'PUT' | 'DELETE', path: string, body?: object): Promise<unknown> {
    const { user, password } = this.admin;
    const response = await fetch(this.management + path, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
