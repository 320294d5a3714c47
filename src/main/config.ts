import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { closestName } from '../lifecycle/closest-name.ts';
import { parseDuration } from '../lifecycle/duration.ts';
import { locate } from '../lifecycle/locate.ts';
import { WaybillError } from '../model/errors.ts';
import { bindConfig } from '../pipeline/bind/config.ts';
import { journalConfig } from '../pipeline/journal/config.ts';
import { messageConfig } from '../pipeline/messages/config.ts';
import { redactConfig } from '../pipeline/redact/config.ts';
import { otlpGrpcConfigSchema, otlpHttpConfigSchema } from '../receivers/otlp/config.ts';
import { brokerOf, rabbitmqBrokerSchema } from '../receivers/rabbitmq/config.ts';
import { storeConfigSchema } from '../store/config.ts';
import { metricsConfigSchema } from './metrics/config.ts';

/** The folder that holds the package: the checkout, or the installed package. `dist/` is not the package but its JavaScript. */
export const PACKAGE_ROOT = packageRoot(fileURLToPath(new URL('.', import.meta.url)));

const httpConfig = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('address of the pages and the API; loopback until TLS and login stand in front'),
  port: z.int().min(0).max(65_535).default(8080).describe('TCP port; 0 lets the system choose'),
  allowedHosts: z
    .array(z.string().min(1).max(253))
    .max(100)
    .default([])
    .describe(
      'host names under which browsers may open the pages, besides localhost and IP addresses; guards against DNS rebinding',
    ),
});

/** A length of time as people write it; nanoseconds in the result. */
const durationText = z.string().transform((text, context) => {
  const duration = parseDuration(text);
  if (duration !== undefined) return duration;
  context.addIssue({
    code: 'custom',
    message: 'is not a length of time; write it like `30 s`, `15 min`, `3 h` or `2 d`',
  });
  return z.NEVER;
});

/** The whole configuration; every component owns its part. */
export const configSchema = z.strictObject({
  dataDir: z
    .string()
    .min(1)
    .default('data')
    .describe('folder of the journal and the embedded store, relative to the working directory'),
  lifecycle: z
    .strictObject({
      file: z
        .string()
        .min(1)
        .optional()
        .describe('lifecycle definition, relative to this file; default: the jewelry company'),
    })
    .prefault({}),
  http: httpConfig.prefault({}),
  otlp: z
    .strictObject({ http: otlpHttpConfigSchema.prefault({}), grpc: otlpGrpcConfigSchema.prefault({}) })
    .prefault({}),
  binding: bindConfig.prefault({}),
  rabbitmq: z
    .strictObject({
      brokers: z
        .array(rabbitmqBrokerSchema)
        .max(50)
        .refine(
          (brokers) =>
            new Set(brokers.map((broker) => JSON.stringify([brokerOf(broker), broker.vhost]))).size === brokers.length,
          {
            error: 'two entries have the same vhost of the same broker; give different brokers different names',
            // An entry that is not right in itself is told of by its own words.
            when: ({ issues }) => issues.length === 0,
          },
        )
        .default([])
        .describe('virtual hosts whose messages are traced; none by default: tracing costs the broker'),
      messages: messageConfig,
    })
    .prefault({}),
  failures: z
    .strictObject({
      recoveryTime: durationText
        .prefault('15 min')
        .describe(
          'time in which an order must move forward after a failure, such as `15 min`; later it counts as failed',
        ),
    })
    .prefault({}),
  redact: redactConfig.prefault({}),
  journal: journalConfig.prefault({}),
  store: storeConfigSchema.prefault({}),
  metrics: metricsConfigSchema.prefault({}),
});

/** The configuration with its defaults; paths are absolute. */
export type Config = Omit<z.infer<typeof configSchema>, 'lifecycle'> & {
  readonly lifecycle: { readonly file: string };
};

/** What a command line may set over the file. */
export interface ConfigOverrides {
  readonly dataDir?: string | undefined;
  readonly port?: number | undefined;
}

/** Largest configuration file in bytes. */
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Reads the configuration: one YAML file (or none: all defaults) with `${env:NAME}` substituted, validated, defaults filled in.
 * Throws WaybillError `invalid_configuration` whose message names every wrong key or value with its line and remedy.
 */
export function loadConfig(options: {
  file: string | undefined;
  environment: Readonly<Record<string, string | undefined>>;
  overrides?: ConfigOverrides;
}): Config {
  const { file, overrides = {} } = options;
  const parsed = parseConfig(file === undefined ? '' : readConfigFile(file), file ?? 'defaults', options.environment);
  const base = file === undefined ? process.cwd() : dirname(resolve(file));
  const lifecycleFile = parsed.lifecycle.file;
  return {
    ...parsed,
    dataDir: resolve(overrides.dataDir ?? parsed.dataDir),
    http: { ...parsed.http, port: overrides.port ?? parsed.http.port },
    lifecycle: {
      file:
        lifecycleFile === undefined
          ? resolve(PACKAGE_ROOT, 'examples/jewelry/lifecycle.yaml')
          : isAbsolute(lifecycleFile)
            ? lifecycleFile
            : resolve(base, lifecycleFile),
    },
  };
}

/** Parses and validates the text of a configuration file; see `loadConfig`. */
export function parseConfig(
  text: string,
  fileName: string,
  environment: Readonly<Record<string, string | undefined>>,
): z.infer<typeof configSchema> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw refusal(fileName, [`line ${lines.linePos(broken.pos[0]).line}: ${broken.message}`]);
  }
  const problems: string[] = [];
  const at = (path: readonly PropertyKey[]): string => {
    const segments = path.map((segment) => (typeof segment === 'symbol' ? String(segment) : segment));
    return `line ${locate(document, lines, segments, true).line}: ${segments.join('.')}`;
  };
  const content = substitute(document.toJS({ maxAliasCount: 100 }) ?? {}, environment, [], (path, name) => {
    problems.push(`${at(path)}: the environment variable ${name} is not set; set it or write the value here`);
  });
  const result = configSchema.safeParse(content);
  if (!result.success) problems.push(...result.error.issues.flatMap((issue) => explain(issue, at)));
  if (problems.length > 0 || !result.success) throw refusal(fileName, problems);
  return result.data;
}

function readConfigFile(file: string): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > MAX_FILE_BYTES)
      throw refusal(file, [`the file has ${bytes.length} bytes; the limit is ${MAX_FILE_BYTES}`]);
    return bytes.toString('utf8');
  } catch (cause) {
    if (cause instanceof WaybillError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new WaybillError('invalid_configuration', `the configuration file ${file} cannot be read (${code})`, {
      remedy: 'give an existing file with --config, or none for the defaults',
      cause,
    });
  }
}

function refusal(fileName: string, problems: readonly string[]): WaybillError {
  return new WaybillError(
    'invalid_configuration',
    `the configuration ${fileName} is wrong:\n  ${problems.join('\n  ')}`,
    {
      remedy: 'correct the file; every key is explained in docs/configuration.md',
    },
  );
}

/** Replaces `${env:NAME}` in every string value; keys are left alone. */
function substitute(
  value: unknown,
  environment: Readonly<Record<string, string | undefined>>,
  path: readonly (string | number)[],
  missing: (path: readonly (string | number)[], name: string) => void,
): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(/\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
      const found = environment[name];
      if (found === undefined) missing(path, name);
      return found ?? '';
    });
  }
  if (Array.isArray(value)) return value.map((item, index) => substitute(item, environment, [...path, index], missing));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, substitute(member, environment, [...path, key], missing)]),
  );
}

/** One sentence per mistake; a value never enters it, it may be a secret. */
function explain(issue: z.core.$ZodIssue, at: (path: readonly PropertyKey[]) => string): string[] {
  if (issue.code !== 'unrecognized_keys') return [`${at(issue.path)}: ${lowerFirst(issue.message)}`];
  return issue.keys.map((key) => {
    const known = closestName(key, knownKeys(issue.path));
    const hint = known === undefined ? `known keys: ${knownKeys(issue.path).join(', ')}` : `did you mean ${known}?`;
    return `${at([...issue.path, key])}: this key is not known; ${hint}`;
  });
}

/** Keys that the schema has at a path. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: unknown = configSchema;
  for (const segment of path) schema = unwrap(schema)?.shape[String(segment)];
  return Object.keys(unwrap(schema)?.shape ?? {});
}

function unwrap(schema: unknown): z.ZodObject | undefined {
  let inner = schema;
  while (inner instanceof z.ZodPrefault || inner instanceof z.ZodDefault || inner instanceof z.ZodOptional)
    inner = inner.unwrap();
  return inner instanceof z.ZodObject ? inner : undefined;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function packageRoot(folder: string): string {
  // From src/main in a checkout, from dist/src/main in a package.
  const up = resolve(folder, '../..');
  return up.endsWith('dist') ? dirname(up) : up;
}
