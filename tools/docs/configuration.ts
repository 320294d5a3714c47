import { z } from 'zod';
import { configSchema, parseConfig } from '../../src/main/config.ts';
import { metricsConfigSchema } from '../../src/main/metrics/config.ts';
import { bindConfig } from '../../src/pipeline/bind/config.ts';
import { journalConfig } from '../../src/pipeline/journal/config.ts';
import { messageConfig } from '../../src/pipeline/messages/config.ts';
import { redactConfig } from '../../src/pipeline/redact/config.ts';
import { otlpGrpcConfigSchema, otlpHttpConfigSchema } from '../../src/receivers/otlp/config.ts';
import { rabbitmqBrokerSchema } from '../../src/receivers/rabbitmq/config.ts';
import { storeConfigSchema } from '../../src/store/config.ts';
import { markdownTable } from './markdown-table.ts';

const HEAD = ['key', 'default', 'bounds', 'meaning'] as const;

/** What JSON Schema says of one key. */
interface Described {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Described;
  readonly properties?: Readonly<Record<string, Described>>;
}

const sections: readonly { path: string; about: string; schema: z.ZodType }[] = [
  {
    path: 'otlp.http',
    about: 'The receiver of OTLP over HTTP: protobuf and JSON, gzip.',
    schema: otlpHttpConfigSchema,
  },
  { path: 'otlp.grpc', about: 'The receiver of OTLP over gRPC.', schema: otlpGrpcConfigSchema },
  { path: 'binding', about: 'How spans name orders and their statuses.', schema: bindConfig },
  {
    path: 'rabbitmq.brokers[]',
    about:
      'Each entry of the list `rabbitmq.brokers`: a virtual host whose messages are traced; see [rabbitmq.md](rabbitmq.md). None by default.',
    schema: rabbitmqBrokerSchema,
  },
  { path: 'rabbitmq.messages', about: 'How messages name orders and their statuses.', schema: messageConfig },
  { path: 'redact', about: 'What is never stored.', schema: redactConfig },
  { path: 'journal', about: 'What is accepted and not in the store yet.', schema: journalConfig },
  { path: 'metrics', about: "Waybill's own metrics, for Prometheus and over OTLP.", schema: metricsConfigSchema },
  { path: 'store', about: 'ClickHouse: embedded, or a server of your own.', schema: storeConfigSchema },
];

/** Parts of the whole configuration that have no section of their own. */
const generalParts = ['dataDir', 'lifecycle', 'http', 'failures'];

const intro = `# Configuration

<!-- Written by \`npm run docs\` from the schemas in the code; a test fails when it is stale. Do not edit. -->

\`waybill serve\` needs no configuration. With \`--config FILE\` it reads one YAML file; every key is optional. A wrong key or value
stops the start with its line and what to write instead. In any text value \`\${env:NAME}\` is replaced by that environment variable; one
that is not set is an error. \`--data-dir\` and \`--port\` on the command line go before \`dataDir\` and \`http.port\`.

\`\`\`yaml
dataDir: /var/lib/waybill
lifecycle:
  file: lifecycle.yaml
binding:
  orderIdAttributes: [order.id, acme.order_number]
  aliases: [mes.job.id]
  urlTemplates: ["/orders/{orderId}/**"]
redact:
  keys: [acme.loyalty_card]
store:
  retentionDays: 14
\`\`\`
`;

/** The text of docs/configuration.md. */
export function configurationDocument(): string {
  const defaults = parseConfig('', 'defaults', {});
  const whole = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Described;
  const rows = generalParts.flatMap((part) => {
    const described = whole.properties?.[part] ?? {};
    return described.properties === undefined ? [row(part, described)] : rowsOf(part, described);
  });
  const parts = sections.map(({ path, about, schema }) => {
    const described = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Described;
    return `\n## ${path}\n\n${about}\n\n${markdownTable(HEAD, rowsOf(path, described))}`;
  });
  const text = `${intro}\n## General\n\n${markdownTable(HEAD, rows)}${parts.join('')}`;
  const missing = leaves(defaults).filter((key) => !text.includes(`\`${key}\``));
  if (missing.length > 0)
    throw new Error(`add to tools/docs/configuration.ts what it does not know: ${missing.join(', ')}`);
  return text;
}

function rowsOf(path: string, described: Described): string[][] {
  return Object.entries(described.properties ?? {}).flatMap(([name, member]) =>
    member.properties === undefined ? [row(`${path}.${name}`, member)] : rowsOf(`${path}.${name}`, member),
  );
}

function row(key: string, described: Described): string[] {
  const { description = '', minimum, maximum } = described;
  return [`\`${key}\``, shown(key, described.default), bounds(key, minimum, maximum), sentence(description)];
}

function shown(key: string, value: unknown): string {
  if (value === undefined) return '';
  const size = key.endsWith('Bytes') && typeof value === 'number' ? readableBytes(value) : undefined;
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\`${size === undefined ? '' : ` (${size})`}`;
}

/** JSON Schema has a bound at the largest exact integer where there is none. */
function bounds(key: string, minimum: number | undefined, maximum: number | undefined): string {
  const text = (value: number) => (key.endsWith('Bytes') ? (readableBytes(value) ?? String(value)) : String(value));
  const most = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : text(maximum);
  if (minimum === undefined) return most === undefined ? '' : `at most ${most}`;
  return most === undefined ? `at least ${text(minimum)}` : `${text(minimum)} to ${most}`;
}

/** `64 MiB`; undefined for a number that is no whole number of a unit. */
function readableBytes(value: number): string | undefined {
  for (const [unit, power] of [
    ['GiB', 3],
    ['MiB', 2],
    ['KiB', 1],
  ] as const) {
    if (value >= 1024 ** power && value % 1024 ** power === 0) return `${value / 1024 ** power} ${unit}`;
  }
  return undefined;
}

function sentence(text: string): string {
  const trimmed = text.replace(/\.$/, '').replaceAll('|', '\\|');
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
}

/** Paths of all values that are no objects. */
function leaves(value: object, path: readonly string[] = []): string[] {
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? leaves(member, [...path, key])
      : [[...path, key].join('.')],
  );
}
