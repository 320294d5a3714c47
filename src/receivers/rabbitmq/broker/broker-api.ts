import type { Secret } from '../../../model/secret.ts';
import {
  DETAILED_PATH,
  type NodeCounters,
  parseNodeCounters,
  parseQueueDepths,
  type QueueDepth,
} from '../../../wire/amqp/broker-metrics.ts';
import {
  type BrokerBinding,
  type BrokerExchange,
  type BrokerQueue,
  bindingsPath,
  exchangesPath,
  parseBindings,
  parseExchanges,
  parseQueuePage,
  queuesPath,
} from '../../../wire/amqp/management.ts';
import { basicAuthorization, getJson, getText, type HttpSource } from './http-text.ts';

/** Queues asked for on one page; the plugin allows no more. */
const PAGE_SIZE = 500;

/** An account at one of the broker's HTTP interfaces. */
export interface Account {
  readonly url: string;
  readonly user: string | undefined;
  readonly password: Secret | undefined;
}

/** Bounds of every question. */
export interface AnswerBounds {
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

/** Queues of a virtual host, at most as many as asked for. */
export interface ListedQueues {
  readonly queues: readonly BrokerQueue[];
  /** Those beyond the bound. */
  readonly leftOut: number;
}

/** Asks the management plugin of a broker about one virtual host; a user with the tag `monitoring` suffices. Throws BrokerError. */
export class ManagementApi {
  readonly #source: HttpSource;
  readonly #vhost: string;

  constructor(account: Account, vhost: string, bounds: AnswerBounds) {
    this.#source = sourceOf(account, bounds);
    this.#vhost = vhost;
  }

  async queues(max: number, signal: AbortSignal): Promise<ListedQueues> {
    const queues: BrokerQueue[] = [];
    for (let page = 1; ; page += 1) {
      const path = queuesPath(this.#vhost, page, Math.min(PAGE_SIZE, max));
      const answer = await getJson(this.#source, path, parseQueuePage, signal);
      queues.push(...answer.items);
      if (queues.length < max && page < answer.pages && answer.items.length > 0) continue;
      return { queues: queues.slice(0, max), leftOut: Math.max(0, answer.total - max) };
    }
  }

  exchanges(signal: AbortSignal): Promise<BrokerExchange[]> {
    return getJson(this.#source, exchangesPath(this.#vhost), parseExchanges, signal);
  }

  bindings(signal: AbortSignal): Promise<BrokerBinding[]> {
    return getJson(this.#source, bindingsPath(this.#vhost), parseBindings, signal);
  }
}

/** Asks the Prometheus plugin of every node of a broker. Throws BrokerError. */
export class MetricsApi {
  readonly #sources: readonly HttpSource[];

  constructor(accounts: readonly Account[], bounds: AnswerBounds) {
    this.#sources = accounts.map((account) => sourceOf(account, bounds));
  }

  /** Depths of all queues of a virtual host. */
  async depths(vhost: string, signal: AbortSignal): Promise<QueueDepth[]> {
    const path = `${DETAILED_PATH}&vhost=${encodeURIComponent(vhost)}`;
    const answers = await Promise.all(this.#sources.map((source) => getText(source, path, signal)));
    return answers.flatMap(parseQueueDepths).filter((depth) => depth.vhost === vhost);
  }

  /** Counters of all nodes, each since its start. */
  async counters(signal: AbortSignal): Promise<NodeCounters[]> {
    const answers = await Promise.all(this.#sources.map((source) => getText(source, '/metrics', signal)));
    return answers.map(parseNodeCounters);
  }
}

function sourceOf({ url, user, password }: Account, { timeoutMs, maxAnswerBytes }: AnswerBounds): HttpSource {
  return {
    url,
    authorization: user === undefined ? undefined : basicAuthorization(user, password?.reveal() ?? ''),
    timeoutMs,
    maxBytes: maxAnswerBytes,
  };
}
