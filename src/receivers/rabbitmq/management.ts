import { z } from 'zod';
import { WaybillError } from '../../model/errors.ts';
import type { Secret } from '../../model/secret.ts';
import type { QueueCounters } from './coverage.ts';

/** How to reach the management plugin. */
export interface ManagementOptions {
  readonly url: string;
  readonly user: string;
  readonly password: Secret;
}

const TIMEOUT_MS = 5000;
/** Queues asked for on one page; the plugin allows no more. */
const PAGE = 500;
/** Pages of queues: the bound of one look. */
const MAX_PAGES = 10;

const nodes = z.array(z.object({ mem_alarm: z.boolean().default(false), disk_free_alarm: z.boolean().default(false) }));
const vhost = z.object({ tracing: z.boolean() });
const connection = z.object({
  user_provided_name: z.string().optional(),
  client_properties: z.object({ connection_name: z.string().optional(), product: z.string().optional() }).optional(),
});
const queuePage = z.object({
  page_count: z.number().default(1),
  items: z.array(
    z.object({
      name: z.string(),
      message_stats: z.object({ publish: z.number().default(0), deliver_get: z.number().default(0) }).optional(),
    }),
  ),
});

/** What the plugin knows of a connection's client. */
export interface ClientName {
  readonly connectionName: string | undefined;
  readonly product: string | undefined;
}

/** Asks the management plugin with one account. Errors carry the status only, never what was answered. */
export class Management {
  readonly #base: string;
  readonly #authorization: string;

  constructor({ url, user, password }: ManagementOptions) {
    this.#base = url.replace(/\/+$/, '');
    this.#authorization = `Basic ${Buffer.from(`${user}:${password.reveal()}`).toString('base64')}`;
  }

  /** The alarm that a node of the cluster has raised; undefined for none. */
  async alarm(): Promise<'memory_alarm' | 'disk_alarm' | undefined> {
    const found = nodes.parse(await this.#get('/api/nodes?columns=mem_alarm,disk_free_alarm'));
    if (found.some(({ mem_alarm: alarm }) => alarm)) return 'memory_alarm';
    return found.some(({ disk_free_alarm: alarm }) => alarm) ? 'disk_alarm' : undefined;
  }

  /** Whether tracing is on; needs an administrator. */
  async tracing(name: string): Promise<boolean> {
    return vhost.parse(await this.#get(`/api/vhosts/${encodeURIComponent(name)}`)).tracing;
  }

  /** Switches tracing on; needs an administrator. On the node that answers: in a cluster every node needs it. */
  async switchTracingOn(name: string): Promise<void> {
    await this.#ask('PUT', `/api/vhosts/${encodeURIComponent(name)}`, { tracing: true });
  }

  /** What the client of a connection calls itself; undefined for a connection that is gone. */
  async client(connectionName: string): Promise<ClientName | undefined> {
    try {
      const path = `/api/connections/${encodeURIComponent(connectionName)}?columns=user_provided_name,client_properties`;
      const found = connection.parse(await this.#get(path));
      return {
        connectionName: found.client_properties?.connection_name ?? found.user_provided_name,
        product: found.client_properties?.product,
      };
    } catch (error) {
      if (error instanceof WaybillError && error.code === 'not_found') return undefined;
      throw error;
    }
  }

  /** Whether a queue exists. */
  async hasQueue(name: string, queue: string): Promise<boolean> {
    try {
      await this.#get(`/api/queues/${encodeURIComponent(name)}/${encodeURIComponent(queue)}?columns=name`);
      return true;
    } catch (error) {
      if (error instanceof WaybillError && error.code === 'not_found') return false;
      throw error;
    }
  }

  /** What was published to and delivered from each queue of a virtual host; at most 5,000 queues. */
  async counters(name: string): Promise<QueueCounters[]> {
    const counters: QueueCounters[] = [];
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const path = `/api/queues/${encodeURIComponent(name)}?page=${page}&page_size=${PAGE}&columns=name,message_stats.publish,message_stats.deliver_get`;
      const found = queuePage.parse(await this.#get(path));
      for (const { name: queue, message_stats: stats } of found.items) {
        counters.push({ queue, published: stats?.publish ?? 0, delivered: stats?.deliver_get ?? 0 });
      }
      if (page >= found.page_count) break;
    }
    return counters;
  }

  #get(path: string): Promise<unknown> {
    return this.#ask('GET', path);
  }

  async #ask(method: 'GET' | 'PUT', path: string, body?: object): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(this.#base + path, {
        method,
        headers: { authorization: this.#authorization, 'content-type': 'application/json' },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw new WaybillError('store_unavailable', 'the management plugin does not answer', { cause });
    }
    if (response.status === 404) {
      await response.body?.cancel();
      throw new WaybillError('not_found', 'the management plugin does not know that');
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new WaybillError('invalid_argument', `the management plugin answered ${response.status}`);
    }
    return response.status === 204 || method === 'PUT' ? response.body?.cancel() : response.json();
  }
}
