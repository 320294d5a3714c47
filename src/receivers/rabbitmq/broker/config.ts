import { z } from 'zod';
import { Secret } from '../../../model/secret.ts';

const MEBIBYTE = 1024 * 1024;

const url = z
  .url({ protocol: /^https?$/ })
  .refine((text) => new URL(text).username === '' && new URL(text).password === '', {
    error: 'must not contain user and password: they have keys of their own',
  });

const prometheusSchema = z
  .strictObject({
    urls: z
      .array(url)
      .min(1)
      .max(32)
      .describe('URLs of the Prometheus plugin, one for each node, such as http://host:15692'),
    user: z.string().min(1).optional().describe('user, where the endpoint asks for one'),
    password: z
      .string()
      .transform((text) => new Secret(text))
      .optional()
      .describe('its password; give it as ${env:NAME}'),
  })
  .describe('Prometheus plugin: the cheapest source of depths, and the only one of counters of dead letters');

const samplingSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe('whether depths, consumers and rates of queues are sampled'),
    intervalMs: z.int().min(1000).max(3_600_000).default(10_000).describe('Milliseconds between two samples'),
    topologyIntervalMs: z
      .int()
      .min(1000)
      .max(86_400_000)
      .default(60_000)
      .describe('Milliseconds after which exchanges and bindings are looked at again'),
    maxQueues: z
      .int()
      .min(1)
      .max(10_000)
      .default(1000)
      .describe('Queues that are sampled at most, the first by name; the rest is counted'),
    timeoutMs: z.int().min(100).max(120_000).default(10_000).describe('Milliseconds to wait for one answer'),
    maxAnswerBytes: z
      .int()
      .min(65_536)
      .max(512 * MEBIBYTE)
      .default(16 * MEBIBYTE)
      .describe('Bytes of the largest answer that is read'),
  })
  .prefault({})
  .describe('Depth, consumers and rates of every queue.');

const deadLettersSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('whether copies of dead letters are taken from their exchanges; needs `management`'),
    maxQueues: z
      .int()
      .min(1)
      .max(500)
      .default(50)
      .describe('Dead-letter queues that are watched at most; each has a queue of Waybill beside it'),
    maxLength: z
      .int()
      .min(10)
      .max(1_000_000)
      .default(1000)
      .describe('Copies that such a queue holds at most; the broker drops older ones'),
    maxBytes: z
      .int()
      .min(65_536)
      .max(1024 * MEBIBYTE)
      .default(8 * MEBIBYTE)
      .describe('Bytes that such a queue holds at most'),
    expiresMs: z
      .int()
      .min(10_000)
      .max(7 * 86_400_000)
      .default(3_600_000)
      .describe('Milliseconds after which the broker deletes such a queue when Waybill is away'),
  })
  .prefault({})
  .describe('Observation of dead letters by queues of our own beside the dead-letter queues.');

/** Keys of a broker's configuration for depths, rates and dead letters. */
export const brokerWatchShape = {
  prometheus: prometheusSchema.optional(),
  sampling: samplingSchema,
  deadLetters: deadLettersSchema,
};
