import { z } from 'zod';
import { benchResult } from '../src/bench/result.ts';

/** All runs of `npm run bench:matrix`, of which docs/performance.md is made. */
export const matrix = z.object({
  format: z.literal(1),
  runs: z.array(benchResult),
  protobufjs: z
    .object({ spansPerCpuSecond: z.number() })
    .describe('decoding the bytes of the first run, and nothing else, measured before and after all runs'),
});

export type Matrix = z.infer<typeof matrix>;

/** A run of `npm run soak`. */
export const soak = z.object({
  format: z.literal(1),
  at: z.iso.datetime(),
  minutes: z.number(),
  rate: z.number().describe('spans a second'),
  acknowledged: z.int(),
  lost: z.int().describe('spans acknowledged and not stored, or stored more than once'),
  meanRssBytes: z.number().describe('after the first quarter'),
  maxRssBytes: z.number(),
  slopeBytesPerHour: z.number().describe('of the line of least squares through the memory after the first quarter'),
  isFlat: z.boolean(),
  series: z.array(z.object({ atSeconds: z.number(), rssBytes: z.record(z.string(), z.number()) })),
});

export type Soak = z.infer<typeof soak>;

/** A run of `npm run stress:ledger`. */
export const ledgerStress = z.object({
  format: z.literal(1),
  at: z.iso.datetime(),
  rounds: z.array(
    z.object({
      fault: z.string(),
      offered: z.int(),
      acknowledged: z.int(),
      refused: z.int(),
      failed: z.int(),
      missing: z.int(),
      duplicates: z.int(),
      wrong: z.int(),
    }),
  ),
});

export type LedgerStress = z.infer<typeof ledgerStress>;
