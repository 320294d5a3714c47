import { parseArgs } from 'node:util';

/** Everything that the user can choose. */
export interface DemoOptions {
  /** How many orders to place; 0: for as long as the demo runs. */
  readonly orders: number;
  /** End with a summary after the orders. */
  readonly exit: boolean;
  /** 1 to 16 letters and digits; part of every order id. Undefined: made from the time. */
  readonly seed: string | undefined;
  /** Share of orders with a fault, 0 to 1. */
  readonly faultRate: number;
  /** 1: an order lives about two minutes; 0.1: twelve seconds. */
  readonly timeScale: number;
  readonly ordersPerMinute: number;
  /** Undefined: `.demo` in the checkout. */
  readonly dataDir: string | undefined;
  readonly fresh: boolean;
  /** Undefined: 8080, or a free one. */
  readonly port: number | undefined;
  readonly keep: boolean;
  readonly verbose: boolean;
  readonly amqpUrl: string | undefined;
  readonly postgresUrl: string | undefined;
}

/** What a command line asks for. */
export type Parsed =
  | { readonly kind: 'run'; readonly options: DemoOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'invalid'; readonly message: string };

const flags = {
  orders: { type: 'string' },
  exit: { type: 'boolean' },
  seed: { type: 'string' },
  'fault-rate': { type: 'string' },
  'time-scale': { type: 'string' },
  'orders-per-minute': { type: 'string' },
  'data-dir': { type: 'string' },
  fresh: { type: 'boolean' },
  port: { type: 'string' },
  keep: { type: 'boolean' },
  verbose: { type: 'boolean' },
  'amqp-url': { type: 'string' },
  'postgres-url': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The text of `--help`. */
export const help = `Runs a jewelry company on this machine, and Waybill which traces its orders.

  npm run demo                              until Ctrl-C
  npm run demo -- --orders 12 --exit        12 orders, then a summary

  --orders N             place N orders, then only watch (default: as long as it runs)
  --exit                 with --orders: end with a summary; exit code 1 when an order went another way than planned
  --seed TEXT            1 to 16 letters and digits: the same orders and faults again (default: new ones)
  --fault-rate X         share of orders with a fault, 0 to 1 (default 0.25)
  --time-scale X         1: an order lives about two minutes; 0.1: twelve seconds (default 1)
  --orders-per-minute X  new orders a minute (default 12)
  --port N               the port of Waybill's pages and API (default 8080, or a free one)
  --data-dir DIR         data, logs and generated passwords (default .demo in the checkout)
  --fresh                start from empty data
  --keep                 when something fails, keep the rest running until Ctrl-C, to look at it
  --verbose              show what every process writes
  --amqp-url URL         use this RabbitMQ instead of starting one; it is not traced then (or WAYBILL_DEMO_AMQP_URL)
  --postgres-url URL     use this PostgreSQL instead of starting one; its role must be allowed to create databases
                         (or WAYBILL_DEMO_POSTGRES_URL)

RabbitMQ and PostgreSQL are installed from the distribution's packages when they are missing (as root or through
sudo); they run on ports and data of their own, on 127.0.0.1 only.

Exit codes: 0 done or stopped, 1 something failed, 2 wrong options, 3 a server program is missing and cannot be
installed.
`;

/**
 * Reads the command line.
 *
 * @param args without the program and the script
 * @param env the environment: server URLs, and what npm made of options that were meant for the demo
 */
export function parseDemoArgs(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Parsed {
  const swallowed = Object.keys(flags).filter((name) => env[`npm_config_${name.replaceAll('-', '_')}`] !== undefined);
  const lost = swallowed.filter((name) => name === 'orders' || name === 'exit' || name === 'seed' || name === 'fresh');
  if (lost.length > 0) {
    const named = lost.map((name) => `--${name}`).join(' ');
    return invalid(`npm took ${named} for itself. Write -- before the options: npm run demo -- --orders 12 --exit`);
  }
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    return invalid(error instanceof Error ? error.message : String(error));
  }
  if (values.help === true) return { kind: 'help' };
  const problems: string[] = [];
  const number = (name: NumberFlag, range: { least: number; most: number; whole?: boolean }) => {
    const text = values[name];
    if (text === undefined) return undefined;
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= range.least && value <= range.most && (range.whole !== true || Number.isInteger(value))) return value;
    const kind = range.whole === true ? 'a whole number' : 'a number';
    problems.push(`--${name} is "${text}"; it takes ${kind} from ${range.least} to ${range.most}.`);
    return undefined;
  };
  const options: DemoOptions = {
    orders: number('orders', { least: 1, most: 10_000, whole: true }) ?? 0,
    exit: values.exit ?? false,
    seed: values.seed,
    faultRate: number('fault-rate', { least: 0, most: 1 }) ?? 0.25,
    timeScale: number('time-scale', { least: 0.001, most: 1000 }) ?? 1,
    ordersPerMinute: number('orders-per-minute', { least: 0.01, most: 60_000 }) ?? 12,
    dataDir: values['data-dir'],
    fresh: values.fresh ?? false,
    port: number('port', { least: 1, most: 65_535, whole: true }),
    keep: values.keep ?? false,
    verbose: values.verbose ?? false,
    amqpUrl: values['amqp-url'] ?? given(env['WAYBILL_DEMO_AMQP_URL']),
    postgresUrl: values['postgres-url'] ?? given(env['WAYBILL_DEMO_POSTGRES_URL']),
  };
  problems.push(...relations(options, values.orders !== undefined));
  return problems.length > 0 ? invalid(problems.join('\n')) : { kind: 'run', options };
}

type NumberFlag = 'orders' | 'fault-rate' | 'time-scale' | 'orders-per-minute' | 'port';

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }).values;
}

/** What has to hold beyond the range of single numbers. */
function relations(options: DemoOptions, ordersGiven: boolean): string[] {
  const problems: string[] = [];
  if (options.seed !== undefined && !/^[A-Za-z0-9]{1,16}$/.test(options.seed)) {
    problems.push(`--seed is "${options.seed}"; it takes 1 to 16 letters and digits.`);
  }
  if (options.exit && !ordersGiven)
    problems.push('--exit needs --orders N: how many orders to run before the summary.');
  // Not the value: it holds a password.
  if (!isUrl(options.amqpUrl, ['amqp:', 'amqps:'])) problems.push('--amqp-url takes amqp://user:password@host:port.');
  if (!isUrl(options.postgresUrl, ['postgres:', 'postgresql:'])) {
    problems.push('--postgres-url takes postgres://user:password@host:port/database.');
  }
  return problems;
}

function isUrl(text: string | undefined, protocols: readonly string[]): boolean {
  return text === undefined || (URL.canParse(text) && protocols.includes(new URL(text).protocol));
}

function given(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}

function invalid(message: string): Parsed {
  return { kind: 'invalid', message };
}
