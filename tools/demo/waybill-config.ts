import { stringify } from 'yaml';
import { loopback } from './ports.ts';

/** The ports that Waybill listens on. */
export interface WaybillPorts {
  /** Pages and API. */
  readonly http: number;
  readonly otlpHttp: number;
  readonly otlpGrpc: number;
  /** Metrics for Prometheus. */
  readonly metrics: number;
}

/** The configuration file of the demo's Waybill, as YAML. */
export function waybillConfig(dataDir: string, lifecycleFile: string, ports: WaybillPorts): string {
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
  };
  return `# Written by "npm run demo" at every start.\n${stringify(config)}`;
}
