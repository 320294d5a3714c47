import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import type { Measurement } from './measurement.ts';
import { OtlpData } from './otlp-data.ts';

/** Longest push with its repetitions, in milliseconds; never longer than the interval. */
const MAX_PUSH_MS = 10_000;
/** Longest wait for a push that is under way when Waybill stops, in milliseconds. */
const MAX_STOP_MS = 3_000;

/** Pushes metrics over OTLP/HTTP (protobuf) at an interval, one push at a time. */
export class OtlpPush {
  readonly #exporter: OTLPMetricExporter;
  readonly #data: OtlpData;
  readonly #intervalMs: number;
  readonly #collect: () => Promise<readonly Measurement[]>;
  readonly #now: () => number;
  readonly #onError: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #failures = 0;

  /** @param options.now milliseconds since the epoch */
  constructor(options: {
    url: string;
    intervalMs: number;
    resource: Readonly<Record<string, string>>;
    version: string;
    collect: () => Promise<readonly Measurement[]>;
    now: () => number;
    onError: (error: Error) => void;
  }) {
    this.#exporter = new OTLPMetricExporter({
      url: options.url,
      timeoutMillis: Math.min(MAX_PUSH_MS, options.intervalMs),
      temporalityPreference: AggregationTemporality.CUMULATIVE,
    });
    this.#data = new OtlpData({
      resource: resourceFromAttributes({ ...options.resource }),
      version: options.version,
      startedAtMs: options.now(),
    });
    this.#intervalMs = options.intervalMs;
    this.#collect = options.collect;
    this.#now = options.now;
    this.#onError = options.onError;
  }

  /** Pushes that were not taken. */
  get failures(): number {
    return this.#failures;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.push(), this.#intervalMs);
  }

  /** Pushes now, or joins the push that is under way. Never throws. */
  push(): Promise<void> {
    this.#running ??= this.#pushOnce().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Idempotent; a push under way gets a moment to end. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    let late: NodeJS.Timeout | undefined;
    await Promise.race([
      this.#running,
      new Promise<void>((resolve) => {
        late = setTimeout(resolve, MAX_STOP_MS);
      }),
    ]);
    clearTimeout(late);
  }

  async #pushOnce(): Promise<void> {
    const metrics = this.#data.convert(await this.#collect(), this.#now());
    const error = await new Promise<Error | undefined>((resolve) => {
      this.#exporter.export(metrics, (result) => {
        // The exporter gives every failure an error.
        resolve(result.error);
      });
    });
    if (error === undefined) return;
    this.#failures += 1;
    this.#onError(error);
  }
}
