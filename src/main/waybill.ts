import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createApiServer } from '../api/server.ts';
import { compileMachine } from '../lifecycle/machine.ts';
import { requireLifecycle } from '../lifecycle/parse.ts';
import type { Consumer } from '../model/consumer.ts';
import { WaybillError } from '../model/errors.ts';
import { msToNano, type UnixNano } from '../model/units.ts';
import { Binder } from '../pipeline/bind/binder.ts';
import { Journal } from '../pipeline/journal/journal.ts';
import { MessageBinder } from '../pipeline/messages/message-binder.ts';
import { MessageRules } from '../pipeline/messages/message-rules.ts';
import { Redactor } from '../pipeline/redact/redactor.ts';
import { createPipeline } from '../pipeline/stages.ts';
import { Breakdowns } from '../projector/breakdowns.ts';
import { Projector } from '../projector/projector.ts';
import { Queries } from '../query/queries.ts';
import { OtlpGrpcReceiver } from '../receivers/otlp/grpc.ts';
import { OtlpHttpReceiver } from '../receivers/otlp/http.ts';
import { OtlpTally } from '../receivers/otlp/tally.ts';
import { QueueWatches } from '../receivers/rabbitmq/broker/queue-watches.ts';
import { DeadLetterBook } from '../receivers/rabbitmq/dead-letter-book.ts';
import { FirehoseReceivers } from '../receivers/rabbitmq/firehose-receivers.ts';
import { zipkinRoutes } from '../receivers/zipkin/zipkin-routes.ts';
import { Loader } from '../store/loader.ts';
import { openStore } from '../store/store.ts';
import { type Config, PACKAGE_ROOT } from './config.ts';
import { explainListenError } from './listen-error.ts';
import type { Log } from './log.ts';
import { Metrics } from './metrics/metrics.ts';
import { readOrderState } from './metrics/order-state.ts';
import { SelfReport } from './self-report.ts';
import { packageVersion } from './version.ts';

/** The addresses that a running Waybill listens on, as URLs. */
export interface Addresses {
  /** Pages and API. */
  readonly http: string;
  /** Undefined where the receiver is switched off. */
  readonly otlpHttp: string | undefined;
  readonly otlpGrpc: string | undefined;
  /** Where Prometheus scrapes; undefined where that is switched off. */
  readonly metrics: string | undefined;
}

/** A running Waybill. */
export interface RunningWaybill {
  readonly addresses: Addresses;
  /** Stops everything in the reverse order of the start: what was accepted is in the journal. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts Waybill: store, journal, loader, projector, API and pages, then the receivers, so that nothing is accepted that cannot be kept.
 * When a part cannot start, the parts before it are stopped again and the error is thrown on.
 */
export async function startWaybill(config: Config, log: Log): Promise<RunningWaybill> {
  const undo: (() => Promise<unknown>)[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= runInReverse(undo, log);
    return stopped;
  };
  try {
    const addresses = await startParts(config, log, undo);
    return { addresses, stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

async function startParts(config: Config, log: Log, undo: (() => Promise<unknown>)[]): Promise<Addresses> {
  const lifecycle = requireLifecycle(await readLifecycle(config.lifecycle.file), config.lifecycle.file);
  const machine = compileMachine(lifecycle);
  const store = await openStore(config.store, { dataDir: config.dataDir, log });
  undo.push(() => store.close());

  const breakdowns = new Breakdowns({
    store: store.client,
    onError: (error) => log('error', `breaking down visits failed: ${describe(error)}`),
  });
  breakdowns.start();
  undo.push(() => breakdowns.stop());
  const projector = new Projector({
    store: store.client,
    machine,
    onRefolded: (orderIds) => breakdowns.notify(orderIds),
    onError: (error) => log('error', `refolding orders failed, trying again: ${describe(error)}`),
  });
  await projector.start();
  undo.push(() => projector.stop());

  const journal = new Journal({ directory: join(config.dataDir, 'journal'), config: config.journal });
  // A store may have outlived the journal's directory: a segment id that the projector has passed would never be folded.
  await journal.start(projector.stats().segment);
  const loader = new Loader({ source: journal, store, observer: loaderObserver(log) });
  loader.onLoaded(() => projector.notify());
  loader.start();
  undo.push(() => loader.stop());
  // Before the loader: it ends only when its source is closed.
  undo.push(() => journal.stop());

  const redactor = new Redactor(config.redact);
  const messages = messageStages(config);
  const next = createPipeline({ redactor, ...messages.stages, journal, now: systemNow });
  const brokerParts = brokerPartsOf({ next, salt: store.installationId, rules: messages.rules, log });
  const firehoses = new FirehoseReceivers(config.rabbitmq.brokers, brokerParts);
  const queueWatches = new QueueWatches(config.rabbitmq.brokers, brokerParts);
  const tallies: Tallies = { http: new OtlpTally(), grpc: new OtlpTally(), zipkin: new OtlpTally() };
  const version = packageVersion();
  const report = new SelfReport({
    version,
    now: systemNow,
    store,
    journal,
    loader,
    projector,
    breakdowns,
    redactor,
    tallies: Object.values(tallies),
    firehoses,
    queueWatches,
  });

  const webRoot = join(PACKAGE_ROOT, 'dist/web');
  const { recoveryTime } = config.failures;
  const queries = new Queries({ store: store.client, machine, now: systemNow, recoveryTime });
  const api = await createApiServer({
    queries,
    next,
    now: systemNow,
    system: () => report.system(),
    rabbitmq: () => report.tracedVhosts(),
    readiness: () => report.readiness(),
    webRoot: existsSync(join(webRoot, 'index.html')) ? webRoot : undefined,
    allowedHosts: config.http.allowedHosts,
    version,
    onError: (error, request) => log('error', `a request failed: ${describe(error)}`, { request }),
  });
  const { host, port } = config.http;
  const http = await api.listen({ host, port }).catch((cause: unknown) => {
    throw explainListenError(cause, { what: 'pages and API', key: 'http.port', host, port });
  });
  undo.push(() => api.close());

  const metrics = new Metrics({
    config: config.metrics,
    version,
    lifecycle,
    log,
    system: () => report.system(),
    orders: () => readOrderState({ store: store.client, queries, now: systemNow, recoveryTime }),
  });
  undo.push(() => metrics.stop());
  const metricsUrl = await metrics.start();
  firehoses.start();
  undo.push(() => firehoses.stop());
  queueWatches.start();
  undo.push(() => queueWatches.stop());
  const receivers = await startReceivers(config, { next, tallies }, undo);
  return { http, metrics: metricsUrl, ...receivers };
}

/** What everything that deals with brokers is made of. */
function brokerPartsOf(parts: { next: Consumer; salt: string; rules: MessageRules; log: Log }) {
  const { next, salt, rules, log } = parts;
  return {
    next,
    salt,
    needsBody: (exchange: string, routingKey: string, bytes: number) => rules.needsBody(exchange, routingKey, bytes),
    now: systemNow,
    log,
    book: new DeadLetterBook(),
  };
}

/** What binds messages, and the binder of spans that knows the names which messages use. */
function messageStages({ binding, rabbitmq }: Config) {
  const rules = new MessageRules(rabbitmq.messages);
  const aliases = rabbitmq.messages.orders.flatMap(({ alias }) => (alias === undefined ? [] : [alias]));
  const binder = new Binder({ ...binding, aliases: [...new Set([...binding.aliases, ...aliases])] });
  const messageBinder = new MessageBinder(rabbitmq.messages, rules, binding.orderIdAttributes[0] ?? 'order.id');
  return { rules, stages: { binder, messageBinder } };
}

/** What each receiver of spans took and refused. */
type Tallies = Readonly<Record<'http' | 'grpc' | 'zipkin', OtlpTally>>;

async function startReceivers(
  config: Config,
  { next, tallies }: { next: Consumer; tallies: Tallies },
  undo: (() => Promise<unknown>)[],
): Promise<Pick<Addresses, 'otlpHttp' | 'otlpGrpc'>> {
  const addresses = { otlpHttp: undefined as string | undefined, otlpGrpc: undefined as string | undefined };
  if (config.otlp.http.enabled) {
    const { limits } = config.otlp.http;
    const routes = zipkinRoutes({ next, limits, tally: tallies.zipkin, now: systemNow });
    const receiver = new OtlpHttpReceiver({ next, config: config.otlp.http, tally: tallies.http, routes });
    addresses.otlpHttp = `http://${config.otlp.http.host}:${(await receiver.start()).port}`;
    undo.push(() => receiver.stop());
  }
  if (config.otlp.grpc.enabled) {
    const receiver = new OtlpGrpcReceiver({ next, config: config.otlp.grpc, tally: tallies.grpc });
    addresses.otlpGrpc = `http://${config.otlp.grpc.host}:${(await receiver.start()).port}`;
    undo.push(() => receiver.stop());
  }
  return addresses;
}

async function readLifecycle(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new WaybillError('invalid_configuration', `the lifecycle ${file} cannot be read (${code})`, {
      remedy: 'set lifecycle.file to an existing definition; examples/jewelry/lifecycle.yaml is one',
      cause,
    });
  }
}

function loaderObserver(log: Log) {
  return {
    failed: (event: { attempt: number; error: string }): void => {
      // The first failure and then every tenth: a store that is away for an hour is one incident, not a thousand lines.
      if (event.attempt % 10 === 1)
        log('warn', `the store does not take a segment, trying again: ${event.error}`, { attempt: event.attempt });
    },
    quarantined: (event: { segmentId: number; reason: string }): void => {
      log('error', `a journal segment was set aside under journal/refused: ${event.reason}`, {
        segment: event.segmentId,
      });
    },
  };
}

async function runInReverse(undo: readonly (() => Promise<unknown>)[], log: Log): Promise<void> {
  for (const step of undo.toReversed()) {
    try {
      await step();
    } catch (error) {
      log('error', `a part did not stop cleanly: ${describe(error)}`);
    }
  }
}

/** What may be logged of an error: our own messages carry no data, foreign ones may. */
function describe(error: unknown): string {
  if (error instanceof WaybillError) return `${error.code}: ${error.message}`;
  return error instanceof Error
    ? `unexpected ${error.name} at ${error.stack?.split('\n')[1]?.trim() ?? 'an unknown place'}`
    : 'unexpected error';
}

/** The system clock in nanoseconds; it ticks in milliseconds. */
function systemNow(): UnixNano {
  return msToNano(Date.now());
}
