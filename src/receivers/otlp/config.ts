import { z } from 'zod';
import { DEFAULT_DECODE_LIMITS } from '../../wire/otlp/limits.ts';

const MEBIBYTE = 1024 * 1024;

const limitsSchema = z
  .strictObject({
    maxSpans: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(DEFAULT_DECODE_LIMITS.maxSpans)
      .describe('Spans of one request; further ones are rejected and counted.'),
    maxLogRecords: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(DEFAULT_DECODE_LIMITS.maxLogRecords)
      .describe('Log records of one request; further ones are rejected and counted.'),
    maxDataPoints: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(DEFAULT_DECODE_LIMITS.maxDataPoints)
      .describe('Data points of metrics of one request; further ones are rejected and counted.'),
    maxAttributes: z
      .int()
      .min(1)
      .max(65_536)
      .default(DEFAULT_DECODE_LIMITS.maxAttributes)
      .describe(
        'Attributes of one span, event, link, log record, data point, exemplar, resource or scope; further ones are cut and counted.',
      ),
    maxEvents: z
      .int()
      .min(1)
      .max(65_536)
      .default(DEFAULT_DECODE_LIMITS.maxEvents)
      .describe('Events of one span; further ones are cut and counted.'),
    maxLinks: z
      .int()
      .min(1)
      .max(65_536)
      .default(DEFAULT_DECODE_LIMITS.maxLinks)
      .describe('Links of one span; further ones are cut and counted.'),
    maxEventsPerRequest: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(DEFAULT_DECODE_LIMITS.maxEventsPerRequest)
      .describe('Events of one request; an empty event costs eight times its wire size in memory.'),
    maxValueBytes: z
      .int()
      .min(64)
      .max(MEBIBYTE)
      .default(DEFAULT_DECODE_LIMITS.maxValueBytes)
      .describe('Bytes of one string or value; longer ones are cut at a character and counted.'),
  })
  .prefault({})
  .describe('What one request may hold.');

const hostSchema = z
  .string()
  .min(1)
  .default('127.0.0.1')
  .describe(
    'Address to listen on; 0.0.0.0 or :: for all. Loopback by default, because OTLP senders are not authenticated.',
  );

/** What both transports are configured by. */
const common = {
  enabled: z.boolean().default(true).describe('Whether to listen at all.'),
  host: hostSchema,
  maxBodyBytes: z
    .int()
    .min(1024)
    .max(1024 * MEBIBYTE)
    .default(64 * MEBIBYTE)
    .describe('Bytes of one request after decompression (OTLP recommends 64 MiB); larger ones are refused for good.'),
  maxCompressedBytes: z
    .int()
    .min(1024)
    .max(1024 * MEBIBYTE)
    .default(32 * MEBIBYTE)
    .describe('Bytes of one compressed request as it arrives; larger ones are refused for good.'),
  maxInFlightBytes: z
    .int()
    .min(2048)
    .default(256 * MEBIBYTE)
    .describe(
      'Bytes of all requests being received, decoded or made durable; beyond it senders are told to retry. At least maxBodyBytes + maxCompressedBytes.',
    ),
  maxConnections: z
    .int()
    .min(1)
    .max(65_536)
    .default(1024)
    .describe('Open connections; further ones are closed at once.'),
  requestTimeoutMs: z
    .int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .describe('Milliseconds for a whole request to arrive (gRPC: also to be answered); slower senders are cut off.'),
  drainTimeoutMs: z
    .int()
    .min(0)
    .max(600_000)
    .default(10_000)
    .describe('Milliseconds that stopping waits for requests in flight before it closes their connections.'),
  retryAfterSeconds: z
    .int()
    .min(1)
    .max(3600)
    .default(5)
    .describe('Seconds that a sender is asked to wait when it should try again.'),
  limits: limitsSchema,
};

interface Sizes {
  readonly maxBodyBytes: number;
  readonly maxCompressedBytes: number;
  readonly maxInFlightBytes: number;
}

function fits(config: Sizes): boolean {
  return config.maxInFlightBytes >= config.maxBodyBytes + config.maxCompressedBytes;
}

const misfit = {
  path: ['maxInFlightBytes'],
  error:
    'maxInFlightBytes must be at least maxBodyBytes + maxCompressedBytes, or the largest request could never be taken',
};

/** Configuration of OTLP over HTTP. */
export const otlpHttpConfigSchema = z
  .strictObject({
    ...common,
    port: z.int().min(0).max(65_535).default(4318).describe('TCP port; 0 lets the system choose.'),
    headersTimeoutMs: z
      .int()
      .min(100)
      .max(600_000)
      .default(10_000)
      .describe('Milliseconds for the headers of a request to arrive.'),
    keepAliveTimeoutMs: z
      .int()
      .min(0)
      .max(3_600_000)
      .default(75_000)
      .describe(
        'Milliseconds that an idle connection is kept; longer than the exporters’ own, so that they close first.',
      ),
  })
  .refine(fits, misfit);
export type OtlpHttpConfig = z.output<typeof otlpHttpConfigSchema>;

/** Configuration of OTLP over gRPC. */
export const otlpGrpcConfigSchema = z
  .strictObject({
    ...common,
    port: z.int().min(0).max(65_535).default(4317).describe('TCP port; 0 lets the system choose.'),
    maxConcurrentStreams: z
      .int()
      .min(1)
      .max(10_000)
      .default(128)
      .describe('Calls that one connection may have open at the same time.'),
    idleTimeoutMs: z
      .int()
      .min(1000)
      .max(86_400_000)
      .default(600_000)
      .describe('Milliseconds after which a connection without calls is closed gracefully.'),
  })
  .refine(fits, misfit);
export type OtlpGrpcConfig = z.output<typeof otlpGrpcConfigSchema>;
