/** The name of one of the four processes; it is the folder its `main.ts` lives in. */
export type Role = 'shop' | 'crm' | 'mes' | 'customer';

/** Everything the processes of the example are told from outside. */
export type Config = {
  /** `service.name` of the telemetry. `OTEL_SERVICE_NAME`; by default it follows from the folder of the started file. */
  readonly serviceName: string;
  /** Base address of the OTLP/HTTP receiver, without `/v1/traces`. `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly otlpEndpoint: string;
  /** TCP ports on loopback. `SHOP_PORT` 7101, `CRM_PORT` 7102, `MES_PORT` 7103. */
  readonly ports: { readonly shop: number; readonly crm: number; readonly mes: number };
  /** PostgreSQL URLs; the databases must exist, the tables are created. `SHOP_DATABASE_URL` and so on. */
  readonly databases: { readonly shop: string; readonly crm: string; readonly mes: string };
  /** RabbitMQ. `AMQP_URL`. */
  readonly amqpUrl: string;
  /** Letters and digits, part of every order id. `JEWELRY_SEED`; without it a new one is made from the time. */
  readonly seed: string;
  /** 1: an order lives about two minutes; 0.1: twelve seconds. `JEWELRY_TIME_SCALE`, 0.001 to 1000. */
  readonly timeScale: number;
  /** Share of orders with one fault, 0 to 1. `JEWELRY_FAULT_RATE`, 0.25. */
  readonly faultRate: number;
  /** How many orders the customers place; 0: they never stop. `JEWELRY_ORDERS`, 0. */
  readonly orders: number;
  /** New orders in a minute of real time. `JEWELRY_ORDERS_PER_MINUTE`, 12. */
  readonly ordersPerMinute: number;
};

const serviceNames: Readonly<Record<Role, string>> = {
  shop: 'shop-api',
  crm: 'crm-api',
  mes: 'mes-api',
  customer: 'customer',
};

const env = process.env;

// The SDK reads these two by itself. A short delay makes an order visible while it happens; of the detectors
// only those that say which machine and which process instance, not the command line.
env.OTEL_BSP_SCHEDULE_DELAY ??= '500';
env.OTEL_NODE_RESOURCE_DETECTORS ??= 'env,host,serviceinstance';

/**
 * The configuration of this process, read once from the environment.
 * A value that cannot be used stops the process with a message that names the variable and what it accepts.
 */
export const config: Config = {
  serviceName: env.OTEL_SERVICE_NAME ?? serviceNames[roleOfStartedFile(process.argv[1] ?? '')],
  otlpEndpoint: (env.OTEL_EXPORTER_OTLP_ENDPOINT ?? 'http://127.0.0.1:4318').replace(/\/+$/, ''),
  ports: {
    shop: numberFrom('SHOP_PORT', 7101, 1, 65535),
    crm: numberFrom('CRM_PORT', 7102, 1, 65535),
    mes: numberFrom('MES_PORT', 7103, 1, 65535),
  },
  databases: {
    shop: env.SHOP_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/shop',
    crm: env.CRM_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/crm',
    mes: env.MES_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/mes',
  },
  amqpUrl: env.AMQP_URL ?? 'amqp://guest:guest@127.0.0.1:5672',
  seed: seedFrom(env.JEWELRY_SEED),
  timeScale: numberFrom('JEWELRY_TIME_SCALE', 1, 0.001, 1000),
  faultRate: numberFrom('JEWELRY_FAULT_RATE', 0.25, 0, 1),
  orders: numberFrom('JEWELRY_ORDERS', 0, 0, 1_000_000),
  ordersPerMinute: numberFrom('JEWELRY_ORDERS_PER_MINUTE', 12, 0.01, 60_000),
};

function roleOfStartedFile(file: string): Role {
  const folder = file.split(/[\\/]/).at(-2);
  return folder === 'shop' || folder === 'crm' || folder === 'mes' ? folder : 'customer';
}

function numberFrom(name: string, fallback: number, least: number, most: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  throw new Error(`${name} is "${text}"; set it to a number from ${least} to ${most}, or unset it for ${fallback}`);
}

function seedFrom(text: string | undefined): string {
  if (text === undefined || text === '') return Date.now().toString(36).toUpperCase();
  if (/^[A-Za-z0-9]{1,16}$/.test(text)) return text;
  throw new Error(`JEWELRY_SEED is "${text}"; set it to 1 to 16 letters and digits, or unset it for a new one`);
}
