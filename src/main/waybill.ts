import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createApiServer } from '../api/server.ts';
import { compileMachine } from '../lifecycle/machine.ts';
import { requireLifecycle } from '../lifecycle/parse.ts';
import type { Consumer } from '../model/consumer.ts';
import { WaybillError } from '../model/errors.ts';
import { Queries } from '../query/queries.ts';
import { OtlpGrpcReceiver } from '../receivers/otlp/grpc.ts';
import { OtlpHttpReceiver } from '../receivers/otlp/http.ts';
import { OtlpTally } from '../receivers/otlp/tally.ts';
import { zipkinRoutes } from '../receivers/zipkin/zipkin-routes.ts';
import { AuditLog } from '../store/audit-log.ts';
import { openStore } from '../store/store.ts';
import { type Config, PACKAGE_ROOT } from './config.ts';
import { describeError } from './describe-error.ts';
import { Folding } from './folding/folding.ts';
import { startIntake } from './intake.ts';
import { explainListenError } from './listen-error.ts';
import type { Log } from './log.ts';
import { Metrics } from './metrics/metrics.ts';
import { readOrderState } from './metrics/order-state.ts';
import { openReplayDesk } from './replay-desk.ts';
import { SelfReport } from './self-report.ts';
import { systemNow } from './system-now.ts';
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

  const folding = new Folding({ input: { store: store.access, lifecycle }, log });
  undo.push(() => folding.stop());
  await folding.start();
  const intake = await startIntake({ config, store, folding, log }, undo);
  const { journal, loader, redactor, next, firehoses, queueWatches, brokerParts } = intake;
  const tallies: Tallies = { http: new OtlpTally(), grpc: new OtlpTally(), zipkin: new OtlpTally() };
  const version = packageVersion();
  const report = new SelfReport({
    version,
    now: systemNow,
    store,
    journal,
    loader,
    folding,
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
    replays: openReplayDesk({
      ...brokerParts,
      brokers: config.rabbitmq.brokers,
      queries,
      audit: new AuditLog(store.client, systemNow),
    }),
    readiness: () => report.readiness(),
    webRoot: existsSync(join(webRoot, 'index.html')) ? webRoot : undefined,
    allowedHosts: config.http.allowedHosts,
    version,
    onError: (error, request) => log('error', `a request failed: ${describeError(error)}`, { request }),
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

async function runInReverse(undo: readonly (() => Promise<unknown>)[], log: Log): Promise<void> {
  for (const step of undo.toReversed()) {
    try {
      await step();
    } catch (error) {
      log('error', `a part did not stop cleanly: ${describeError(error)}`);
    }
  }
}
