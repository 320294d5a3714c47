import { join } from 'node:path';
import { loopback } from './ports.ts';
import type { LineSink } from './processes.ts';
import type { SupervisedSpec } from './supervised.ts';

/** The services of the company, in the order in which they start. */
export const services = ['shop', 'crm', 'mes'] as const;

/** One of the services. */
export type Service = (typeof services)[number];

/** What the company's processes are told. */
export interface CompanySetup {
  readonly checkout: string;
  readonly ports: Readonly<Record<Service, number>>;
  readonly databaseUrl: (service: Service) => string;
  readonly amqpUrl: string;
  readonly otlpPort: number;
  readonly seed: string;
  readonly timeScale: number;
  readonly faultRate: number;
  readonly ordersPerMinute: number;
  /** 0: without end. */
  readonly orders: number;
  readonly log: (name: string) => LineSink;
  readonly logPath: (name: string) => string;
  readonly record: (name: string) => string;
}

/** How to run one service of the company, or its customers. */
export function companyProcess(name: Service | 'customer', setup: CompanySetup): SupervisedSpec {
  const isService = name !== 'customer';
  return {
    name,
    command: process.execPath,
    args: ['--import', './telemetry.ts', `${name}/main.ts`],
    cwd: join(setup.checkout, 'examples/jewelry'),
    env: environment(setup),
    record: setup.record(name),
    log: setup.log(name),
    logPath: setup.logPath(name),
    stopMs: 5000,
    isReady: isService ? () => answers(setup.ports[name]) : async () => true,
    // Customers that started again would place the same orders again.
    restarts: isService ? 3 : 0,
  };
}

function environment(setup: CompanySetup): NodeJS.ProcessEnv {
  const { OTEL_SERVICE_NAME: _notForAll, ...inherited } = process.env;
  return {
    ...inherited,
    SHOP_PORT: String(setup.ports.shop),
    CRM_PORT: String(setup.ports.crm),
    MES_PORT: String(setup.ports.mes),
    SHOP_DATABASE_URL: setup.databaseUrl('shop'),
    CRM_DATABASE_URL: setup.databaseUrl('crm'),
    MES_DATABASE_URL: setup.databaseUrl('mes'),
    AMQP_URL: setup.amqpUrl,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${loopback}:${setup.otlpPort}`,
    JEWELRY_SEED: setup.seed,
    JEWELRY_TIME_SCALE: String(setup.timeScale),
    JEWELRY_FAULT_RATE: String(setup.faultRate),
    JEWELRY_ORDERS: String(setup.orders),
    JEWELRY_ORDERS_PER_MINUTE: String(setup.ordersPerMinute),
  };
}

async function answers(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://${loopback}:${port}/health`, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
