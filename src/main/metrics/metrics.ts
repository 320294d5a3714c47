import type { System } from '../../api/contract/system.ts';
import type { Lifecycle } from '../../lifecycle/definition.ts';
import { WaybillError } from '../../model/errors.ts';
import type { Log } from '../log.ts';
import type { MetricsConfig } from './config.ts';
import { KeptFigures } from './kept-figures.ts';
import { type Measurement, number } from './measurement.ts';
import { type OrderState, orderMeasurements } from './order-measurements.ts';
import { OtlpPush } from './otlp-push.ts';
import { ownMeasurements } from './own-measurements.ts';
import { ScrapeServer } from './scrape-server.ts';

/** What metrics are made of. */
export interface MetricsParts {
  readonly config: MetricsConfig;
  readonly version: string;
  readonly lifecycle: Lifecycle;
  readonly log: Log;
  /** Waybill's own condition; MUST answer within seconds, also when the store does not. */
  readonly system: () => Promise<System>;
  /** Reads the state of all orders; costly, so it is asked rarely. */
  readonly orders: () => Promise<OrderState>;
}

/** Longest wait of a scrape for new figures of orders, in milliseconds; scrapers give up after ten seconds. */
const MAX_WAIT_MS = 5_000;

/**
 * Metrics for machines: served to scrapers and pushed over OTLP, as configured, both from the same figures.
 *
 * The store is asked at most every ten seconds and for at most a tenth of the time. While it does not answer, the metrics of orders are
 * absent and Waybill's own are there.
 */
export class Metrics {
  readonly #parts: MetricsParts;
  readonly #orders: KeptFigures<OrderState>;
  readonly #server: ScrapeServer | undefined;
  readonly #push: OtlpPush | undefined;
  #collecting: Promise<Measurement[]> | undefined;

  constructor(parts: MetricsParts) {
    const { config, version } = parts;
    this.#parts = parts;
    this.#orders = new KeptFigures({
      read: parts.orders,
      now: () => performance.now(),
      onError: (error) => {
        // Our own messages carry no data, foreign ones may.
        const why = error instanceof WaybillError ? `${error.code}: ${error.message}` : 'unexpected error';
        this.#logSome(this.#orders.failures, `the store gave no figures for metrics (${why})`);
      },
    });
    const resource = { 'service.name': 'waybill', 'service.version': version };
    const collect = () => this.collect();
    if (config.prometheus.enabled) this.#server = new ScrapeServer({ ...config.prometheus, resource, collect });
    if (config.otlp.url !== undefined) {
      this.#push = new OtlpPush({
        url: config.otlp.url,
        intervalMs: config.otlp.intervalMs,
        resource,
        version,
        collect,
        now: Date.now,
        // The message of a foreign error may hold the receiver's answer.
        onError: ({ name }) => this.#logSome(this.#push?.failures ?? 0, `metrics were not pushed (${name})`),
      });
    }
  }

  /** Starts serving and pushing; returns the URL for scrapers, undefined where that is off. Throws `invalid_configuration`. */
  async start(): Promise<string | undefined> {
    const url = await this.#server?.start();
    this.#push?.start();
    return url;
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await Promise.all([this.#server?.stop(), this.#push?.stop()]);
  }

  /** Everything that there is to say now; who asks at the same time gets the same answer. Never throws. */
  collect(): Promise<Measurement[]> {
    this.#collecting ??= this.#collectOnce().finally(() => {
      this.#collecting = undefined;
    });
    return this.#collecting;
  }

  async #collectOnce(): Promise<Measurement[]> {
    const [system, orders] = await Promise.all([
      this.#parts.system().catch(() => undefined),
      this.#orders.get(MAX_WAIT_MS),
    ]);
    return [
      ...(orders === undefined ? [] : orderMeasurements(orders.figures, this.#parts.lifecycle)),
      ...(system === undefined ? [] : ownMeasurements(system)),
      ...(orders === undefined
        ? []
        : [
            number('waybill.metrics.age', orders.ageMs / 1000),
            number('waybill.metrics.duration', orders.tookMs / 1000),
          ]),
      number('waybill.metrics.failures', this.#orders.failures),
      ...(this.#push === undefined ? [] : [number('waybill.metrics.push.failures', this.#push.failures)]),
    ];
  }

  /** The first failure and then every tenth: a receiver that is away for an hour is one incident. */
  #logSome(failures: number, message: string): void {
    if (failures % 10 === 1) this.#parts.log('warn', `${message}, trying again`, { failures });
  }
}
