import { z } from 'zod';
import { Secret } from '../../model/secret.ts';
import { amqpUrl, isUrl } from './amqp-url.ts';
import { brokerWatchShape } from './broker/config.ts';
import { replaySchema } from './replay/config.ts';

const MEBIBYTE = 1024 * 1024;

const secretText = z.string().transform((text) => new Secret(text));

const httpUrl = z.string().refine((text) => isUrl(text, /^https?:$/) && new URL(text).username === '', {
  error: 'must be like http://host:15672, without user and password: they have keys of their own',
});

const managementSchema = z.strictObject({
  url: httpUrl.describe('URL of the management plugin, such as http://host:15672'),
  user: z.string().min(1).optional().describe('user with the tag `monitoring`; default: the user of `url`'),
  password: secretText.optional().describe('its password; give it as ${env:NAME}; default: that of `url`'),
});

const adminSchema = z.strictObject({
  user: z.string().min(1).describe('user with the tag `administrator`, used for nothing but to switch tracing on'),
  password: secretText.describe('its password; give it as ${env:NAME}'),
});

const queueSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^trace\.[\w.-]{1,200}$/, { error: 'must begin with `trace.`, which is what the user may touch' })
      .default('trace.waybill')
      .describe('queue that holds events until Waybill takes them; another one for each Waybill at the same broker'),
    maxLength: z
      .int()
      .min(100)
      .max(10_000_000)
      .default(50_000)
      .describe('Events that it holds at most; the broker drops older ones, which is counted'),
    maxBytes: z
      .int()
      .min(MEBIBYTE)
      .max(4096 * MEBIBYTE)
      .default(64 * MEBIBYTE)
      .describe('Bytes that it holds at most; protects the memory of the broker'),
    ttlMs: z.int().min(1000).max(86_400_000).default(60_000).describe('Milliseconds after which an event is dropped'),
    expiresMs: z
      .int()
      .min(1000)
      .max(86_400_000)
      .default(300_000)
      .describe('Milliseconds after which the broker deletes the queue when Waybill is away'),
  })
  .prefault({})
  .describe('The queue of the tracer; not durable, bounded.');

const guardSchema = z
  .strictObject({
    maxRate: z
      .number()
      .min(1)
      .max(1_000_000)
      .default(5000)
      .describe('Events a second beyond which the tracer pauses; every message costs the broker two or more'),
    resumeBelow: z
      .number()
      .gt(0)
      .max(1)
      .default(0.7)
      .describe('Share of the limits below which it resumes, so that it does not flap'),
    maxLagMs: z
      .int()
      .min(100)
      .max(600_000)
      .default(10_000)
      .describe('Milliseconds that events may wait in the queue of the tracer before it pauses'),
    pauseMs: z
      .int()
      .min(100)
      .max(3_600_000)
      .default(30_000)
      .describe('Milliseconds of the first pause; each further one in a row is twice as long, at most 16 times'),
    maxUncertaintyMs: z
      .number()
      .min(1)
      .max(60_000)
      .default(20)
      .describe('Milliseconds of lag above which an arrival gives no queue delay: figures are left out, not distorted'),
  })
  .prefault({})
  .describe('When the tracer pauses by itself to spare the broker.');

/** One virtual host of a broker that is traced. */
export const rabbitmqBrokerSchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe(
      'name of the broker in Waybill; default: its host and port. What is stored goes by it: after a change, earlier messages belong to the broker of the old name',
    ),
  url: amqpUrl.describe('URL of the broker with user and password; give the password as ${env:NAME}'),
  vhost: z.string().min(1).max(255).default('/').describe('virtual host; tracing is switched on for each by itself'),
  bind: z
    .array(z.string().min(1).max(255))
    .min(1)
    .max(50)
    .default(['#'])
    .describe('which events: `#` for all, `publish.<exchange>`, `deliver.<queue>`, with `*` and `#` as in topics'),
  management: managementSchema
    .optional()
    .describe('management plugin: names of clients, alarms, coverage; without it these are not known'),
  admin: adminSchema
    .optional()
    .describe('account that switches tracing on when it is off; without it Waybill says what an operator must do'),
  queue: queueSchema,
  guard: guardSchema,
  prefetch: z.int().min(10).max(65_535).default(4000).describe('Events that are taken and not yet durable at most'),
  maxBatch: z.int().min(1).max(65_535).default(2000).describe('Events made durable together at most'),
  maxDelayMs: z.int().min(1).max(10_000).default(200).describe('Milliseconds that events wait for others of a batch'),
  retryMaxMs: z
    .int()
    .min(1000)
    .max(3_600_000)
    .default(30_000)
    .describe('Milliseconds between two attempts to connect at most; the first come sooner'),
  ...brokerWatchShape,
  replay: replaySchema,
});

export type RabbitmqBrokerConfig = z.output<typeof rabbitmqBrokerSchema>;

/** The broker of a virtual host, as everything that is stored of it names it: the same for all virtual hosts of one address. */
export function brokerOf({ name, url }: Pick<RabbitmqBrokerConfig, 'name' | 'url'>): string {
  return name ?? new URL(url.reveal()).host;
}
