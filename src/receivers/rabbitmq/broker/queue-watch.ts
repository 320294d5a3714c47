import { setTimeout as sleep } from 'node:timers/promises';
import type { AsyncMessage } from 'rabbitmq-client';
import type { Consumer } from '../../../model/consumer.ts';
import type { DeathReason } from '../../../model/message.ts';
import type { QueueSample } from '../../../model/queue.ts';
import type { UnixNano } from '../../../model/units.ts';
import type { BrokerQueue } from '../../../wire/amqp/management.ts';
import { brokerOf, type RabbitmqBrokerConfig } from '../config.ts';
import type { DeadLetterBook } from '../dead-letter-book.ts';
import type { ReceiverLog } from '../report.ts';
import { ManagementApi, MetricsApi } from './broker-api.ts';
import { ChangedSamples } from './changed-samples.ts';
import { CounterTotals } from './counter-totals.ts';
import { BrokerError, type BrokerFailure } from './http-text.ts';
import { LetterBatcher } from './letter-batcher.ts';
import { detailsOf, type WatchState } from './queue-details.ts';
import { type LetterReader, readLetter } from './read-letter.ts';
import { ShadowQueues } from './shadow-queues.ts';
import { type BrokerObjects, type DeadLetterTopology, deadLetterTopology } from './topology.ts';

/** What a watch is made of. */
export interface QueueWatchParts extends Omit<LetterReader, 'vhost'> {
  readonly config: RabbitmqBrokerConfig;
  readonly next: Consumer;
  readonly book: DeadLetterBook;
  readonly log: ReceiverLog;
}

/** Where the watch over the queues of one virtual host stands. No secrets in it. */
export interface QueueWatchReport {
  readonly broker: string;
  readonly vhost: string;
  /** `off` where neither `management` nor `prometheus` is configured, or sampling is switched off. */
  readonly state: 'off' | 'starting' | 'ok' | 'failing';
  readonly failure: BrokerFailure['kind'] | null;
  /** What to do about it. */
  readonly remedy: string | null;
  readonly since: UnixNano;
  /** Queues beyond `sampling.maxQueues`. */
  readonly queuesLeftOut: number;
  /** Copies from dead-letter exchanges that had not died, and letters that the pipeline refused. */
  readonly notDead: number;
  readonly refused: number;
  /** Since the broker's start or ours, whichever is later; null where no Prometheus plugin is configured. */
  readonly counters: {
    readonly deadLettered: ReadonlyMap<DeathReason, number>;
    readonly discarded: ReadonlyMap<DeathReason, number>;
    readonly unroutable: number;
  } | null;
}

/** What one look found: figures, and the names of all queues, also of those without figures yet. */
interface Looked {
  readonly samples: readonly QueueSample[];
  readonly names: ReadonlySet<string>;
}

/** Longest pause between two looks at a broker that does not answer. */
const MAX_PAUSE_MS = 60_000;

const REMEDIES: Readonly<Record<BrokerFailure['kind'], string>> = {
  unreachable: 'start the plugin, or check the URLs under management and prometheus',
  timeout: 'the broker is slow; raise sampling.timeoutMs or sampling.intervalMs',
  wrong_credentials: 'check user and password under management; the user needs the tag `monitoring`',
  not_permitted: 'give the user the tag `monitoring` and permissions in the virtual host',
  refused: 'check the URLs under management and prometheus, and that the virtual host exists',
  too_large: 'raise sampling.maxAnswerBytes or lower sampling.maxQueues',
  not_understood: 'check that the URLs lead to the plugins of RabbitMQ',
};

const NO_SHADOW: WatchState = { watch: 'none', limit: 'switched_off' };

/** Samples the queues of one virtual host, finds out where dead letters go, and watches them there. */
export class QueueWatch {
  readonly #parts: QueueWatchParts;
  readonly #management: ManagementApi | undefined;
  readonly #metrics: MetricsApi | undefined;
  readonly #shadows: ShadowQueues;
  readonly #batcher: LetterBatcher;
  readonly #changed = new ChangedSamples();
  readonly #counters = new CounterTotals();
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;
  #objects: BrokerObjects | undefined;
  #topology: DeadLetterTopology | undefined;
  #listedAt = Number.NEGATIVE_INFINITY;
  #state: QueueWatchReport['state'] = 'starting';
  #failure: BrokerFailure | undefined;
  #since: UnixNano;
  #leftOut = 0;
  #notDead = 0;

  constructor(parts: QueueWatchParts) {
    const { config } = parts;
    const { management, prometheus, sampling } = config;
    this.#parts = parts;
    this.#since = parts.now();
    if (management !== undefined) {
      const url = new URL(config.url.reveal());
      const user = management.user ?? decodeURIComponent(url.username);
      const password = management.password ?? config.url.derive((text) => decodeURIComponent(new URL(text).password));
      this.#management = new ManagementApi({ url: management.url, user, password }, config.vhost, sampling);
    }
    if (prometheus !== undefined) {
      const { urls, user, password } = prometheus;
      this.#metrics = new MetricsApi(
        urls.map((each) => ({ url: each, user, password })),
        sampling,
      );
    }
    if (!sampling.enabled || (management === undefined && prometheus === undefined)) this.#state = 'off';
    this.#batcher = new LetterBatcher(parts.next, brokerOf(config));
    this.#shadows = new ShadowQueues(config, (message, queue) => this.#take(message, queue));
  }

  /** Never rejects: a broker that is away is looked for again. */
  start(): void {
    if (this.#state !== 'off') this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    await this.#batcher.stop();
    await this.#shadows.stop();
  }

  report(): QueueWatchReport {
    const kind = this.#failure?.kind ?? null;
    return {
      broker: brokerOf(this.#parts.config),
      vhost: this.#parts.config.vhost,
      state: this.#state,
      failure: kind,
      remedy: kind === null ? null : REMEDIES[kind],
      since: this.#since,
      queuesLeftOut: this.#leftOut,
      notDead: this.#notDead,
      refused: this.#batcher.refused,
      counters: this.#metrics === undefined ? null : this.#counters.totals(),
    };
  }

  async #run(): Promise<void> {
    const { intervalMs } = this.#parts.config.sampling;
    let failures = 0;
    while (!this.#abort.signal.aborted) {
      failures = (await this.#attempt()) ? 0 : failures + 1;
      const pauseMs = failures === 0 ? intervalMs : Math.min(intervalMs * 2 ** Math.min(failures, 8), MAX_PAUSE_MS);
      await sleep(Math.max(pauseMs, intervalMs), undefined, { signal: this.#abort.signal }).catch(() => undefined);
    }
  }

  async #attempt(): Promise<boolean> {
    try {
      await this.#look();
      this.#become(undefined);
      return true;
    } catch (error) {
      if (this.#abort.signal.aborted) return true;
      // What is not the broker's is the pipeline's: it says so itself, and the next look comes anyway.
      this.#become(error instanceof BrokerError ? error.failure : this.#failure);
      return false;
    }
  }

  /** A change of state is one line of the log, however often it is confirmed. */
  #become(failure: BrokerFailure | undefined): void {
    const { config, log, now } = this.#parts;
    const hasChanged = failure?.kind !== this.#failure?.kind;
    const wasFailing = this.#failure !== undefined;
    this.#failure = failure;
    this.#state = failure === undefined ? 'ok' : 'failing';
    if (!hasChanged) return;
    this.#since = now();
    const fields = { vhost: config.vhost };
    if (failure !== undefined) {
      const what = failure.kind.replaceAll('_', ' ');
      log('warn', `queues of RabbitMQ are not sampled (${what}): ${REMEDIES[failure.kind]}`, fields);
    } else if (wasFailing) {
      log('info', 'queues of RabbitMQ are sampled again', fields);
    }
  }

  async #look(): Promise<void> {
    const { config, next, now } = this.#parts;
    const { signal } = this.#abort;
    const { samples, names } =
      this.#management === undefined ? await this.#depths() : await this.#listed(this.#management);
    if (this.#metrics !== undefined) this.#counters.take(await this.#metrics.counters(signal));
    const changed = this.#changed.select(samples, names, now());
    try {
      await next.consume({ kind: 'queues', broker: brokerOf(config), samples: changed });
    } catch (error) {
      this.#changed.forget();
      throw error;
    }
  }

  /** Samples by the management plugin; depths of the Prometheus plugin, which are fresher, go before its own. */
  async #listed(management: ManagementApi): Promise<Looked> {
    const { vhost, sampling } = this.#parts.config;
    const { signal } = this.#abort;
    const [listed, depths] = await Promise.all([
      management.queues(sampling.maxQueues, signal),
      this.#metrics?.depths(vhost, signal) ?? [],
    ]);
    this.#leftOut = listed.leftOut;
    await this.#updateTopology(management, listed.queues);
    const depthOf = new Map(depths.map((depth) => [depth.queue, depth]));
    const sampledAt = this.#parts.now();
    const samples = listed.queues.filter(isForeign).flatMap((queue): QueueSample[] => {
      const depth = depthOf.get(queue.name) ?? queue.depth;
      if (depth === null) return [];
      const { ready, unacked, consumers } = depth;
      const { type, rates } = queue;
      const details =
        this.#objects === undefined || this.#topology === undefined
          ? null
          : detailsOf(queue, this.#objects, this.#topology, (name) => this.#watchOf(name));
      return [{ vhost, queue: queue.name, sampledAt, type, ready, unacked, consumers, rates, details, gone: false }];
    });
    return { samples, names: new Set(listed.queues.map(({ name }) => name)) };
  }

  /** Depths alone, where there is no management plugin. */
  async #depths(): Promise<Looked> {
    const { vhost, sampling } = this.#parts.config;
    const depths = (await this.#metrics?.depths(vhost, this.#abort.signal)) ?? [];
    const foreign = depths.filter(({ queue }) => !isOurs(queue)).sort((a, b) => (a.queue < b.queue ? -1 : 1));
    this.#leftOut = Math.max(0, foreign.length - sampling.maxQueues);
    const sampledAt = this.#parts.now();
    const samples = foreign
      .slice(0, sampling.maxQueues)
      .map((depth) => ({ ...depth, sampledAt, type: '', rates: null, details: null, gone: false }));
    return { samples, names: new Set(foreign.map(({ queue }) => queue)) };
  }

  async #updateTopology(management: ManagementApi, queues: readonly BrokerQueue[]): Promise<void> {
    const { config, book } = this.#parts;
    const now = performance.now();
    const names = new Set(queues.map(({ name }) => name));
    const hasChanged = this.#objects?.queues.some(({ name }) => !names.has(name)) ?? true;
    const hasNew = queues.filter(isForeign).length !== this.#objects?.queues.length;
    if (!hasChanged && !hasNew && now - this.#listedAt < config.sampling.topologyIntervalMs) return;
    const { signal } = this.#abort;
    const [exchanges, bindings] = await Promise.all([management.exchanges(signal), management.bindings(signal)]);
    const foreign = bindings.filter(({ toQueue, destination }) => !toQueue || !isOurs(destination));
    this.#objects = { queues: queues.filter(isForeign), exchanges, bindings: foreign };
    this.#topology = deadLetterTopology(this.#objects);
    this.#listedAt = now;
    book.learn(config.vhost, this.#topology);
    if (!config.deadLetters.enabled) return;
    const wanted = [...this.#topology.queues.values()]
      .filter(({ queue, bindings: ways }) => ways.length > 0 && this.#typeOf(queue) !== 'stream')
      .slice(0, config.deadLetters.maxQueues);
    await this.#shadows.reconcile(wanted, { queues: [...names], bindings }, Date.now());
  }

  #watchOf(queue: string): WatchState {
    if (this.#typeOf(queue) === 'stream') return { watch: 'none', limit: 'stream' };
    const found = this.#topology?.queues.get(queue);
    if (found === undefined || found.bindings.length === 0) return { watch: 'firehose', limit: 'default_exchange' };
    if (!this.#parts.config.deadLetters.enabled) return NO_SHADOW;
    const state = this.#shadows.stateOf(queue);
    // Some of its dead letters come on a way that nothing of ours can stand beside.
    return state.limit === null && found.overDefaultExchange ? { watch: 'shadow', limit: 'default_exchange' } : state;
  }

  #typeOf(queue: string): string | undefined {
    return this.#objects?.queues.find(({ name }) => name === queue)?.type;
  }

  async #take(message: AsyncMessage, queue: string): Promise<boolean> {
    const { config, book } = this.#parts;
    const letter = readLetter(message, queue, { ...this.#parts, vhost: config.vhost });
    if (letter === undefined) {
      this.#notDead += 1;
      return true;
    }
    book.remember({ ...letter, body: null });
    return (await this.#batcher.add(letter)) === 'durable';
  }
}

/** Queues of tracers are no queues of the company's. */
function isOurs(queue: string): boolean {
  return queue.startsWith('trace.');
}

function isForeign({ name }: BrokerQueue): boolean {
  return !isOurs(name);
}
