import { z } from 'zod';
import { milliseconds, orderId } from './primitives.ts';

/** How a sequence of statuses holds against the lifecycle. */
export const replayResult = z
  .enum(['fits', 'fits_so_far', 'deviates'])
  .describe('fits: complete and allowed; fits_so_far: open and allowed up to now');

/** Query of `GET /api/variants`. */
export const variantsQuery = z.object({ limit: z.coerce.number().int().min(1).max(5000).default(100) });

/** `GET /api/variants`: the ways that orders went, the most frequent first. */
export const variants = z.object({
  orders: z.number().int(),
  total: z.number().int().describe('variants, also those that are not listed'),
  variants: z.array(
    z.object({
      statuses: z.array(z.string()),
      orders: z.number().int(),
      share: z.number().describe('of all orders, 0 to 1'),
      coverage: z.number().describe('share of this variant and all before it'),
      closed: z.number().int(),
      replay: replayResult,
      exampleOrderId: orderId,
    }),
  ),
});

/** Query of `GET /api/conformance`. */
export const conformanceQuery = z.object({
  ending: z
    .enum(['live', 'complete'])
    .default('live')
    .describe('live: an order that is not in a final status is open; complete: every order counts as finished'),
});

/** `GET /api/conformance`. */
export const conformance = z.object({
  orders: z.number().int(),
  leftOut: z.number().int().describe('orders of very rare variants that were not held against the lifecycle'),
  replay: z.object({ fits: z.number().int(), fitsSoFar: z.number().int(), deviates: z.number().int() }),
  alignment: z.object({
    fittingPercent: z.number().nullable(),
    averageTraceFitness: z.number().nullable(),
    logFitness: z.number().nullable(),
  }),
  deviations: z.array(
    z.object({
      kind: z.enum(['skipped', 'unexpected', 'wrong_order', 'unknown_status', 'after_final']),
      status: z.string(),
      occurrences: z.number().int(),
      orders: z.number().int(),
      exampleOrderId: orderId,
    }),
  ),
});

/** Query of `GET /api/explain`. */
export const explainQuery = z.object({
  status: z.string().min(1).max(256),
  slowest: z.coerce.number().gt(0).lt(1).default(0.1).describe('share of the visits that counts as slow'),
});

/** `GET /api/explain`: attribute values that the slowest visits to a status have more often than visits in general. */
export const explanation = z.object({
  status: z.string(),
  thresholdMs: milliseconds
    .nullable()
    .describe('a visit is slow when it lasts longer; null when none is known to be slow'),
  slow: z.number().int(),
  judged: z.number().int().describe('visits that were compared'),
  undecided: z.number().int().describe('open visits that may still become slow, left out'),
  significant: z.number().int().describe('significant values, also those that are not listed'),
  findings: z.array(
    z.object({
      attribute: z.string(),
      value: z.string(),
      slow: z.number().int(),
      visits: z.number().int(),
      support: z.number().describe('share of the slow visits that have the value'),
      lift: z.number().describe('how much more often visits with the value are slow than visits in general'),
      pValue: z.number(),
      adjustedPValue: z.number().describe('corrected for the number of tested values (Benjamini–Hochberg)'),
    }),
  ),
});

export type ExplanationAnswer = z.infer<typeof explanation>;
export type Variants = z.infer<typeof variants>;
export type Conformance = z.infer<typeof conformance>;
