import { z } from 'zod';

const count = z.int().min(0);
const ms = z.number().nullable();
const latency = z.object({ p50: ms, p95: ms, p99: ms, p999: ms, max: ms }).describe('milliseconds');

const calibration = z
  .object({ memcpy: z.number(), protobufWalk: z.number(), crc32: z.number(), zstd: z.number() })
  .describe('bytes a second of one core, measured right before and after the load');

/** The result of one run of `waybill bench`, as `--json` writes it. Null is what could not be seen. */
export const benchResult = z.object({
  format: z.literal(1),
  at: z.iso.datetime(),
  /** Of a run of the matrix. */
  name: z.string().nullable(),
  load: z.object({
    system: z.enum(['fresh Waybill', 'Waybill', 'other']),
    protocol: z.enum(['http', 'grpc']),
    encoding: z.enum(['protobuf', 'json']),
    gzip: z.boolean(),
    spanBytes: count.describe('asked for: bytes of a span in protobuf, in requests of 512'),
    bodyBytesPerSpan: z.number().describe('as encoded, before compression'),
    wireBytesPerSpan: z.number().describe('as sent, after compression, without headers'),
    cardinality: z.enum(['low', 'medium', 'high']),
    batch: count,
    connections: count,
    rate: z.number().nullable().describe('spans a second; null: closed loop'),
    seconds: z.number(),
    warmupSeconds: z.number(),
  }),
  ledger: z.object({
    offered: count,
    acknowledged: count,
    rejectedRetryable: count,
    rejectedForGood: count,
    failed: count,
    unsent: count,
  }),
  stored: z
    .object({ stored: count, duplicates: count, missing: count, unacknowledged: count, wrong: count })
    .nullable()
    .describe('every row read back, of warm-up and load; null where the store is not at hand'),
  answers: z.record(z.string(), count).describe('requests by what was answered where it was not success'),
  acknowledgedPerSecond: z.number(),
  latency,
  lateness: latency.describe('how late the generator itself was'),
  freshness: latency.nullable().describe('from the acknowledgement to the trace in the API'),
  cpu: z
    .object({
      seconds: z.number().describe('of all processes of the system, from the first request until it came to rest'),
      loadSeconds: z.number().describe('of these, while the load lasted'),
      spansPerCpuSecond: z.number(),
      cameToRest: z.boolean(),
      processes: z.array(
        z.object({ name: z.string(), seconds: z.number(), threads: z.record(z.string(), z.number()) }),
      ),
    })
    .nullable(),
  generatorCpuSeconds: z.number(),
  memory: z
    .object({ maxRssBytes: count })
    .nullable()
    .describe('all processes, twice a second; pages of files that they share are counted once'),
  disk: z
    .object({
      bytes: count.describe('of the data directory, without parts that were merged into others'),
      mergedAwayBytes: count.describe('of those parts; they are deleted after a minute'),
      bytesPerSpan: z.number(),
      spanTableBytesPerSpan: z.number(),
      columnBytesPerSpan: z.number().describe('before compression'),
      activeParts: count,
    })
    .nullable(),
  calibration,
  limit: z
    .object({ spansPerCpuSecond: z.number(), fraction: z.number() })
    .nullable()
    .describe('what one core could do at the calibrated rates, and how much of it was reached'),
  warnings: z.array(z.string()).describe('why the figures may not hold'),
  machine: z.object({
    processor: z.string(),
    cores: count,
    memoryBytes: count,
    system: z.string(),
    node: z.string(),
    loadAverage: z.number().describe('of the last minute, before the run'),
  }),
});

export type BenchResult = z.infer<typeof benchResult>;
