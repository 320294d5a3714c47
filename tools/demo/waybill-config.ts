import { stringify } from 'yaml';
import { loopback } from './ports.ts';
import type { BrokerWatch } from './tracer.ts';

/** The ports that Waybill listens on. */
export interface WaybillPorts {
  /** Pages and API. */
  readonly http: number;
  readonly otlpHttp: number;
  readonly otlpGrpc: number;
  /** Metrics for Prometheus. */
  readonly metrics: number;
}

/** The environment variable with the password of the tracer's user; the file only names it. */
export const tracerPasswordVariable = 'WAYBILL_DEMO_TRACER_PASSWORD';

/**
 * The configuration file of the demo's Waybill, as YAML; it holds no secret.
 *
 * @param watch how the broker is watched; undefined: it is not
 */
export function waybillConfig(
  dataDir: string,
  lifecycleFile: string,
  ports: WaybillPorts,
  watch: BrokerWatch | undefined,
): string {
  const config = {
    dataDir,
    lifecycle: { file: lifecycleFile },
    http: { host: loopback, port: ports.http },
    otlp: { http: { host: loopback, port: ports.otlpHttp }, grpc: { host: loopback, port: ports.otlpGrpc } },
    metrics: { prometheus: { host: loopback, port: ports.metrics } },
    binding: {
      // The MES knows an order by the number of its own job.
      aliases: ['mes.job.id'],
      urlTemplates: ['/orders/{orderId}', '/orders/{orderId}/**'],
    },
    ...(watch === undefined ? {} : { rabbitmq: rabbitmqConfig(watch) }),
  };
  return `# Written by "npm run demo" at every start.\n${stringify(config)}`;
}

function rabbitmqConfig({ amqp, managementUrl, prometheusUrl }: BrokerWatch): object {
  const { user, host, port } = amqp;
  return {
    brokers: [
      {
        name: 'demo',
        url: `amqp://${user}:\${env:${tracerPasswordVariable}}@${host}:${port}`,
        management: { url: managementUrl },
        prometheus: { urls: [prometheusUrl] },
        // On a small machine that runs all of this at once events arrive late; the faults take seconds.
        guard: { maxUncertaintyMs: 250 },
        // The demo lives for minutes: what is new is shown at once.
        sampling: { intervalMs: 2000, topologyIntervalMs: 2000 },
      },
    ],
    messages: { orders: [{ from: { property: 'correlation_id' } }, { from: { body: 'orderId' } }] },
  };
}
